import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditHomes, initCa, setCaConfig } from '../../src/app/index.ts';
import { readCaConfig } from '../../src/app/ca/config.ts';
import { openCa } from '../../src/app/ca/open.ts';
import { makeServerIdentity } from '../../src/app/ca/server-identity.ts';
import { systemClock } from '../../src/io/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { fileDirectory } from '../support/ca-process.ts';

const passphrase = { env: { LIFESIGN_PASSPHRASE: 'correct horse battery' } };
const now = () => systemClock.now().wall;

describe('pki config set', () => {
  let home = '';
  let config = '';
  const text = () => readFile(config, 'utf8');
  const set = (key: string, ...values: readonly string[]) => setCaConfig({ home, key, values });

  beforeAll(async () => {
    const made = await fileDirectory();
    home = join(made.path, 'ca');
    config = join(home, 'ca.yaml');
    await initCa({
      home,
      urls: ['https://ca.example.test:8440'],
      permitDns: ['example.test'],
      passphrase,
      now,
    });
    await writeFile(config, `# ours\n${await text()}# the end\n`, { mode: 0o600 });
    return made.remove;
  });

  it('changes one value and keeps comments, order and mode', async () => {
    const before = await text();
    const done = await set('full-crl-every-ms', '1800000');
    expect(done).toMatchObject({ key: 'full-crl-every-ms', value: 1_800_000, changed: true });
    expect((await readCaConfig(home)).fullCrlEveryMs).toBe(1_800_000);
    const added = (await text()).split('\n').filter((line) => !before.split('\n').includes(line));
    expect(added).toEqual(['full_crl_every_ms: 1800000']);
    expect((await text()).split('\n').filter((line) => line.startsWith('#'))).toHaveLength(3);
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect(await set('full_crl_every_ms', '1800000')).toMatchObject({ changed: false });
    await set('limits.connections', '20000');
    expect((await readCaConfig(home)).limits).toMatchObject({ connections: 20_000, burst: 1_000 });
  });

  it('moves a CA to another URL, for which it certifies its server at the next start', async () => {
    const urls = [
      'https://new.example.test:8440',
      'https://ca.example.test:8440',
      'https://[2001:db8::1]:8440',
    ];
    expect(await set('url', ...urls)).toMatchObject({ key: 'url', value: urls, changed: true });
    const { urls: read } = await readCaConfig(home);
    expect(read).toEqual(urls);
    const ca = await openCa(home, passphrase);
    try {
      await makeServerIdentity(ca.authority, ['new.example.test', 'ca.example.test', '2001:db8::1'], now());
    } finally {
      await ca.close();
    }
    expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true });
    const ledger = await readFile(join(home, 'store.sqlite'), 'latin1');
    const wal = await readFile(join(home, 'store.sqlite-wal'), 'latin1').catch(() => '');
    expect(ledger + wal).toContain(`configured url ${urls.join(',')}`);
  });

  it.each([
    ['what certificates say', 'crl-url', ['http://other.example.test:8441'], 'LS_CONFIG_FIXED'],
    ['the trust domain', 'trust_domain', ['other.internal'], 'LS_CONFIG_FIXED'],
    ['the store', 'store', ['postgres://db/ca'], 'LS_CONFIG_FIXED'],
    ['the key store', 'key-store', ['file'], 'LS_CONFIG_FIXED'],
    ['what the CA may certify', 'permit-dns', ['other.test'], 'LS_CONFIG_FIXED'],
    ['a setting that is none', 'ulr', ['https://ca.example.test'], 'LS_CONFIG_UNKNOWN_KEY'],
    ['a name of objects', 'constructor', ['1'], 'LS_CONFIG_UNKNOWN_KEY'],
    ['a URL without TLS', 'url', ['http://ca.example.test:8440'], 'LS_CONFIG_URL'],
    ['a URL with a path', 'url', ['https://ca.example.test/ca'], 'LS_CONFIG_URL'],
    ['a host that the CA may not certify', 'url', ['https://ca.elsewhere.test:8440'], 'LS_SAN_NOT_PERMITTED'],
    ['nine URLs', 'url', Array<string>(9).fill('https://ca.example.test'), 'LS_CONFIG_INVALID'],
    ['an address without a port', 'listen', ['ca.example.test'], 'LS_CONFIG_ADDRESS'],
    ['two addresses', 'listen', ['[::]:1', '[::]:2'], 'LS_CONFIG_INVALID'],
    ['a line break', 'listen', ['[::]:1\nstore: x'], 'LS_CONFIG_INVALID'],
    ['a number that is none', 'interval-min-ms', ['1e3'], 'LS_CONFIG_INVALID'],
    ['bounds the wrong way round', 'interval-min-ms', ['60000', '1'], 'LS_CONFIG_INVALID'],
    ['a number out of bounds', 'interval-max-ms', ['50'], 'LS_CONFIG_INVALID'],
    ['a CRL more often than may be', 'full-crl-every-ms', ['10'], 'LS_CONFIG_INVALID'],
  ] as const)('refuses %s and changes nothing', async (_, key, values, code) => {
    const before = await text();
    await expectCode(code, () => set(key, ...values));
    expect(await text()).toBe(before);
  });
});
