import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditHomes, createOperator, exportPkcs12, initCa, type ExportRequest } from '../../src/app/index.ts';
import { generateKey, makePassphrase, systemClock, writeKeyFile } from '../../src/io/index.ts';
import { utf8 } from '../../src/std/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { fileDirectory } from '../support/ca-process.ts';

const run = promisify(execFile);
const passphrase = { env: { LIFESIGN_PASSPHRASE: 'correct horse battery' } };
const sources = { passphrase, keyPassphrase: { env: {} } };

describe('pki export --pkcs12', () => {
  let directory = '';
  let caHome = '';
  let kim = '';
  const at = (...names: readonly string[]): string => join(directory, ...names);
  const exporting =
    (more: Partial<ExportRequest> = {}) =>
    () =>
      exportPkcs12({ name: 'kim', directories: [kim], file: at('kim.p12'), ...sources, ...more });

  beforeAll(async () => {
    const made = await fileDirectory();
    directory = made.path;
    caHome = at('ca');
    kim = at('kim');
    const now = () => systemClock.now().wall;
    const url = 'https://ca.example.test:8440';
    await initCa({ home: caHome, urls: [url], permitDns: [], passphrase, now });
    await createOperator({ home: caHome, name: 'kim', directory: kim, passphrase });
    return made.remove;
  });

  async function copyOf(name: string): Promise<string> {
    await mkdir(at(name));
    for (const file of ['key.pem', 'cert.pem', 'root.pem']) await copyFile(join(kim, file), at(name, file));
    return at(name);
  }

  it('writes what openssl reads, for this user only, and the ledger says so', async () => {
    const exported = await exporting({ caHome })();
    expect(exported).toMatchObject({ name: 'kim', certificates: 3, recorded: true });
    expect((await stat(exported.file)).mode & 0o777).toBe(0o600);
    const { stdout } = await run('openssl', [
      ...['pkcs12', '-in', exported.file, '-noenc', '-passin', 'pass:correct horse battery'],
    ]);
    expect(stdout).toContain(await readFile(join(kim, 'root.pem'), 'utf8'));
    expect(await auditHomes({ homes: [caHome] })).toMatchObject({ ok: true });
  });

  it('never replaces a file, nor follows a link', async () => {
    await writeFile(at('there.p12'), 'mine');
    await expectCode('LS_EXPORT_EXISTS', exporting({ file: at('there.p12') }));
    expect(await readFile(at('there.p12'), 'utf8')).toBe('mine');
    await symlink(at('nowhere'), at('link.p12'));
    await expectCode('LS_EXPORT_EXISTS', exporting({ file: at('link.p12') }));
    await expect(stat(at('nowhere'))).rejects.toThrow();
  });

  it('opens a key that is encrypted', async () => {
    const locked = await copyOf('locked');
    const { pkcs8 } = generateKey('ES256');
    const secret = makePassphrase(utf8('of the key'), 'the test');
    await writeKeyFile(join(locked, 'key.pem'), pkcs8, secret);
    const more = { directories: [locked], file: at('locked.p12') };
    await expectCode('LS_KEY_NO_PASSPHRASE', exporting(more));
    const keyPassphrase = { env: { LIFESIGN_PASSPHRASE: 'of the key' } };
    await expectCode('LS_EXPORT_SOURCE', exporting({ ...more, keyPassphrase }));
  });

  it.each([
    ['another name', 'LS_EXPORT_SOURCE', async () => ({ name: 'alpha', directories: [await copyOf('a')] })],
    ['no key', 'LS_EXPORT_SOURCE', () => Promise.resolve({ directories: [at('none'), directory] })],
    [
      'no certificate',
      'LS_EXPORT_SOURCE',
      async () => {
        const bare = await copyOf('bare');
        for (const file of ['cert.pem', 'root.pem']) await rm(join(bare, file));
        return { directories: [bare] };
      },
    ],
    [
      'a chain that leads nowhere',
      'LS_EXPORT_SOURCE',
      async () => {
        const broken = await copyOf('broken');
        await rm(join(broken, 'root.pem'));
        return { directories: [broken] };
      },
    ],
    [
      'a key that others can read',
      'LS_KEY_PERMISSIONS',
      async () => {
        const shared = await copyOf('shared');
        await run('chmod', ['644', join(shared, 'key.pem')]);
        return { directories: [shared] };
      },
    ],
    ['no passphrase', 'LS_KEY_NO_PASSPHRASE', () => Promise.resolve({ passphrase: { env: {} } })],
  ] as const)('is refused with %s, and writes nothing', async (_, code, change) => {
    const file = at('refused.p12');
    const request = { file, ...(await change()) };
    await expectCode(code, exporting(request));
    await expect(stat(file)).rejects.toThrow();
  });
});
