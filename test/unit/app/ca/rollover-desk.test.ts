import { copyFile, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { initCa } from '../../../../src/app/ca/init.ts';
import { openCa, type OpenCa } from '../../../../src/app/ca/open.ts';
import { openDesk } from '../../../../src/app/ca/rollover-desk.ts';
import {
  caRevocation,
  readIssuingRequest,
  signIssuing,
  signRootCrl,
  type Rollover,
} from '../../../../src/authority/index.ts';
import { systemRandom } from '../../../../src/io/index.ts';
import { err, fault, serialNumberOf, toHex, unixMs, type Signer } from '../../../../src/std/index.ts';
import { parseCertificate } from '../../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { valueOf } from '../../../support/result.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const passphrase = { env: { LIFESIGN_PASSPHRASE: 'correct horse battery' } };
const now = () => unixMs(Math.floor(Date.now() / 1_000) * 1_000);
/** Each passphrase costs 600,000 rounds, by design. */
const LIMIT_MS = 60_000;

/** A home that is open, and its desk. `change`: what the authority does otherwise, where a test makes it fail. */
async function makeDesk(change: (rollover: Rollover) => Partial<Rollover> = () => ({})) {
  const home = join(await tempDir(), 'ca');
  await initCa({ home, urls: ['https://127.0.0.1:8440'], permitDns: ['example.test'], passphrase, now });
  const ca = await openCa(home, passphrase);
  onTestFinished(() => ca.close());
  const { rollover } = ca.authority;
  const calls: string[] = [];
  const counted: Rollover = {
    ...rollover,
    prepare(...args) {
      calls.push('prepare');
      return rollover.prepare(...args);
    },
  };
  const lines: unknown[] = [];
  const log = { info: (line: unknown) => lines.push(line), error: (line: unknown) => lines.push(line) };
  const authority: OpenCa['authority'] = { ...ca.authority, rollover: { ...counted, ...change(counted) } };
  const parts = { ca: { ...ca, authority }, now, log };
  const keys = async () => (await readdir(join(home, 'keys'))).sort();
  const pem = async () => (await readFile(join(home, 'issuing.pem'), 'utf8')).split('-----BEGIN');
  return { desk: await openDesk(parts), parts, home, lines, keys, pem, rollover, calls };
}

describe('the desk of a home where issuing CAs follow each other', { timeout: LIMIT_MS }, () => {
  it('makes a key for the next one, and writes down who is certified, the active one first', async () => {
    const { desk, keys, pem, rollover, calls } = await makeDesk();
    expect(await desk.prepare({})).toMatchObject({ generation: 2, state: 'prepared' });
    expect(await keys()).toEqual(['issuing-2.key.pem', 'issuing.key.pem', 'log.key.pem', 'root.key.pem']);
    const before = await pem();
    expect(before).toHaveLength(3);
    // Again, it is the same one.
    expect(await desk.prepare({})).toMatchObject({ generation: 2 });
    expect(calls).toEqual(['prepare']);
    valueOf(await rollover.activate(2, now(), 0));
    await desk.follow();
    expect(await pem()).toEqual([before[0], before[2], before[1]]);
    valueOf(await rollover.retire(1, now()));
    await desk.follow();
    expect(await pem()).toEqual([before[0], before[2]]);
  });

  it('takes up the key of a call that ended half-way', async () => {
    let refusal: 'LS_CA_STORE_UNREACHABLE' | 'LS_ROLLOVER_PENDING' | undefined = 'LS_CA_STORE_UNREACHABLE';
    const { desk, home, keys } = await makeDesk((rollover) => ({
      prepare: (...args) =>
        refusal === undefined
          ? rollover.prepare(...args)
          : Promise.resolve(err(fault(refusal, 'as the test wants it'))),
    }));
    await expectCode('LS_CA_STORE_UNREACHABLE', () => desk.prepare({}));
    const file = join(home, 'keys', 'issuing-2.key.pem');
    const made = await readFile(file);
    refusal = 'LS_ROLLOVER_PENDING';
    await expectCode('LS_ROLLOVER_PENDING', () => desk.prepare({}));
    // It may be that of the CA that was prepared after all.
    expect(await readFile(file)).toEqual(made);
    refusal = undefined;
    expect(await desk.prepare({})).toMatchObject({ generation: 2 });
    expect(await readFile(file)).toEqual(made);
    expect(await keys()).toHaveLength(4);
  });

  it('gives way to another server that was faster', async () => {
    const { desk, keys } = await makeDesk((rollover) => ({
      async prepare(request, at) {
        valueOf(await rollover.prepare({ key: testKey() }, at));
        return rollover.prepare(request, at);
      },
    }));
    await expectCode('LS_ROLLOVER_PENDING', () => desk.prepare({}));
    expect(await keys()).not.toContain('issuing-2.key.pem');
  });

  it('asks a root elsewhere, always for the same key, and for one CA at a time', async () => {
    const { desk, home, parts } = await makeDesk();
    const asked = await desk.request();
    const wish = valueOf(readIssuingRequest(asked.csr, 'mesh.internal', testCrypto));
    expect(wish).toMatchObject({ generation: 2, trustDomain: 'mesh.internal' });
    expect(toHex(testCrypto.sha256(wish.spki))).toBe(asked.keySha256);
    expect(wish.nameConstraints.permitted).toContainEqual({ kind: 'dns', value: 'example.test' });
    expect(await desk.request()).toMatchObject({ generation: 2, keySha256: asked.keySha256 });
    const { authority, keys } = parts.ca;
    const signer = (await keys?.open('root')) ?? expect.fail('a key');
    const [root = new Uint8Array()] = authority.bundle().roots;
    const atHand = { certificate: valueOf(parseCertificate(root)), signer };
    const certificate = valueOf(
      signIssuing({ crypto: testCrypto, random: systemRandom }, atHand, wish, now()),
    );
    const other = caRevocation(parseSerial(), 'superseded', now());
    const rootCrl = signRootCrl(atHand, { number: 2, entries: [other] }, now());
    await keys?.destroy('root');
    await expectCode('LS_ROLLOVER_ROOT_ABSENT', () => desk.prepare({}));
    expect(await desk.prepare({ certificate, rootCrl })).toMatchObject({ generation: 2, certificate });
    await expectCode('LS_ROLLOVER_PENDING', () => desk.request());
    expect(await readdir(join(home, 'keys'))).not.toContain('issuing-3.key.pem');
  });

  it('takes no certificate for a key that it has not', async () => {
    const { desk } = await makeDesk();
    await expectCode('LS_KEY_NOT_FOUND', () => desk.prepare({ certificate: new Uint8Array() }));
  });

  it('signs with the key of a CA that another server prepared as soon as its file is here', async () => {
    const { desk, parts, lines, home, rollover, calls } = await makeDesk();
    const elsewhere = await tempDir();
    const ring = parts.ca.keys ?? expect.fail('keys');
    const key: Signer = await ring.make('issuing-2', 'ES256');
    const file = join(home, 'keys', 'issuing-2.key.pem');
    await copyFile(file, join(elsewhere, 'key'));
    await ring.destroy('issuing-2');
    valueOf(await rollover.prepare({ key }, now()));
    await desk.follow();
    await desk.follow();
    expect(desk.fault?.code).toBe('LS_KEY_NOT_FOUND');
    expect(lines).toEqual([expect.objectContaining({ code: 'LS_KEY_NOT_FOUND' })]);
    await copyFile(join(elsewhere, 'key'), file);
    await desk.follow();
    await desk.follow();
    expect(desk.fault).toBeUndefined();
    expect(calls).toEqual(['prepare']);
  });

  it('makes one key for two calls that come together', async () => {
    const { desk, keys, calls } = await makeDesk();
    const both = await Promise.all([desk.prepare({}), desk.prepare({})]);
    expect(both.map(({ generation }) => generation)).toEqual([2, 2]);
    expect(calls).toEqual(['prepare']);
    expect(await keys()).toHaveLength(4);
  });
});

function parseSerial() {
  return serialNumberOf(new Uint8Array(16).fill(0x41)) ?? expect.fail('a serial');
}
