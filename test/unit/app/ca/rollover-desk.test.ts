import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { initCa } from '../../../../src/app/ca/init.ts';
import { openCa, type OpenCa } from '../../../../src/app/ca/open.ts';
import { openDesk } from '../../../../src/app/ca/rollover-desk.ts';
import { readIssuingRequest, type Rollover } from '../../../../src/authority/index.ts';
import { toHex, unixMs } from '../../../../src/std/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { FakeRollover } from '../../../support/fake-rollover.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const passphrase = { env: { LIFESIGN_PASSPHRASE: 'correct horse battery' } };
const now = () => unixMs(Date.now());
/** Each passphrase costs 600,000 rounds, by design. */
const LIMIT_MS = 60_000;

/** A home that is open, and the desk in front of what its authority is made to answer. */
async function deskOver(rollover: FakeRollover, change: Partial<Rollover> = {}) {
  const home = join(await tempDir(), 'ca');
  await initCa({ home, urls: ['https://127.0.0.1:8440'], permitDns: ['example.test'], passphrase, now });
  const ca = await openCa(home, passphrase);
  onTestFinished(() => ca.close());
  const lines: unknown[] = [];
  const log = { info: (line: unknown) => lines.push(line), error: (line: unknown) => lines.push(line) };
  const authority: OpenCa['authority'] = { ...ca.authority, rollover: Object.assign(rollover, change) };
  const parts = { ca: { ...ca, authority }, now, log };
  const keys = async () => (await readdir(join(home, 'keys'))).sort();
  const pem = () => readFile(join(home, 'issuing.pem'), 'utf8');
  return { desk: await openDesk(parts), parts, home, lines, keys, pem };
}

describe('the desk of a home where issuing CAs follow each other', { timeout: LIMIT_MS }, () => {
  it('makes a key for the next one, and writes down who is certified, the active one first', async () => {
    const rollover = new FakeRollover('active');
    const { desk, keys, pem } = await deskOver(rollover);
    expect(await desk.prepare({})).toMatchObject({ generation: 2, state: 'prepared' });
    expect(await keys()).toEqual(['issuing-2.key.pem', 'issuing.key.pem', 'log.key.pem', 'root.key.pem']);
    const before = (await pem()).split('-----BEGIN');
    expect(before).toHaveLength(3);
    // Again, it is the same one.
    expect(await desk.prepare({})).toMatchObject({ generation: 2 });
    expect(rollover.calls).toEqual(['prepare']);
    await rollover.activate(2, 0, 0);
    await desk.follow();
    expect((await pem()).split('-----BEGIN')).toEqual([before[0], before[2], before[1]]);
    await rollover.retire(1);
    await desk.follow();
    expect((await pem()).split('-----BEGIN')).toEqual([before[0], before[2]]);
  });

  it('takes up the key of a call that ended half-way, and gives way to another server', async () => {
    const rollover = new FakeRollover('active');
    rollover.refusal = 'LS_CA_STORE_UNREACHABLE';
    const { desk, home, keys } = await deskOver(rollover);
    await expectCode('LS_CA_STORE_UNREACHABLE', () => desk.prepare({}));
    const made = await readFile(join(home, 'keys', 'issuing-2.key.pem'));
    rollover.refusal = 'LS_ROLLOVER_PENDING';
    await expectCode('LS_ROLLOVER_PENDING', () => desk.prepare({}));
    // It may be that of the CA that was prepared after all.
    expect(await readFile(join(home, 'keys', 'issuing-2.key.pem'))).toEqual(made);
    const other = await deskOver(Object.assign(new FakeRollover('active'), { refusal: rollover.refusal }));
    await expectCode('LS_ROLLOVER_PENDING', () => other.desk.prepare({}));
    expect(await other.keys()).not.toContain('issuing-2.key.pem');
    rollover.refusal = undefined;
    expect(await desk.prepare({})).toMatchObject({ generation: 2 });
    expect(await readFile(join(home, 'keys', 'issuing-2.key.pem'))).toEqual(made);
    expect(await keys()).toHaveLength(4);
  });

  it('asks a root elsewhere, always for the same key, and for one CA at a time', async () => {
    const rollover = new FakeRollover('active');
    const { desk, home, parts } = await deskOver(rollover);
    const asked = await desk.request();
    const wish = valueOf(readIssuingRequest(asked.csr, 'mesh.internal', testCrypto));
    expect(wish).toMatchObject({ generation: 2, trustDomain: 'mesh.internal' });
    expect(toHex(testCrypto.sha256(wish.spki))).toBe(asked.keySha256);
    expect(wish.nameConstraints.permitted).toContainEqual({ kind: 'dns', value: 'example.test' });
    expect(await desk.request()).toMatchObject({ generation: 2, keySha256: asked.keySha256 });
    await parts.ca.keys?.destroy('root');
    await expectCode('LS_ROLLOVER_ROOT_ABSENT', () => desk.prepare({}));
    const files = { certificate: new Uint8Array(), rootCrl: new Uint8Array() };
    expect(await desk.prepare(files)).toMatchObject({ generation: 2 });
    await expectCode('LS_ROLLOVER_PENDING', () => desk.request());
    expect(await readdir(join(home, 'keys'))).not.toContain('issuing-3.key.pem');
  });

  it('takes no certificate for a key that it has not', async () => {
    const { desk } = await deskOver(new FakeRollover('active'));
    await expectCode('LS_KEY_NOT_FOUND', () => desk.prepare({ certificate: new Uint8Array() }));
  });

  it('signs with the key of a CA that another server prepared as soon as its file is here', async () => {
    const rollover = new FakeRollover('active');
    const { desk, parts, lines } = await deskOver(rollover);
    rollover.add('prepared');
    await desk.follow();
    await desk.follow();
    expect(desk.fault?.code).toBe('LS_KEY_NOT_FOUND');
    expect(lines).toEqual([expect.objectContaining({ code: 'LS_KEY_NOT_FOUND' })]);
    const spki = (await parts.ca.keys?.make('issuing-2', 'ES256'))?.spki;
    const prepare = (request: Parameters<Rollover['prepare']>[0]) => {
      expect(request.key.spki).toEqual(spki);
      rollover.calls.push('taken');
      return Promise.resolve({
        ok: true,
        value: rollover.generations[1] ?? rollover.add('prepared'),
      } as const);
    };
    Object.assign(rollover, { prepare });
    await desk.follow();
    await desk.follow();
    expect(desk.fault).toBeUndefined();
    expect(rollover.calls).toEqual(['taken']);
  });

  it('makes one key for two calls that come together', async () => {
    const rollover = new FakeRollover('active');
    const { desk, keys } = await deskOver(rollover);
    const both = await Promise.all([desk.prepare({}), desk.prepare({})]);
    expect(both.map(({ generation }) => generation)).toEqual([2, 2]);
    expect(rollover.calls).toEqual(['prepare']);
    expect(await keys()).toHaveLength(4);
  });
});
