import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Stapler } from '../../../src/app/node/stapler.ts';
import { fault, LsError, unixMs, type UnixMs } from '../../../src/std/index.ts';
import { ocspAccessExtension, parseOcspRequest } from '../../../src/x509/index.ts';
import { answer, certIdOf, makeResponder, type TestAnswer } from '../../support/ocsp.ts';
import { makeTestPki, type TestIdentity } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';
import { tempDir } from '../../support/temp-dir.ts';

const HOUR_MS = 3_600_000;
const URL = 'http://ca.mesh.internal:8441/ocsp';
const pki = makeTestPki();
const responder = makeResponder(pki);

function node(name: string): TestIdentity {
  return pki.node(name, { extra: [ocspAccessExtension([URL])] });
}

const serialOf = ({ certificate }: TestIdentity): string => certificate.serialHex;
const REVOKED = { status: 'revoked', revokedAt: pki.now, reason: 'keyCompromise' } as const;

/** A stapler in a world whose CA answers what `says` says; it may throw. */
async function world(says: (url: string, request: Uint8Array) => Uint8Array | Promise<Uint8Array>) {
  const file = join(await tempDir(), 'ocsp.der');
  const lines: string[] = [];
  const state: { now: UnixMs } = { now: pki.now };
  const ask = vi.fn((url: string, request: Uint8Array) => Promise.resolve().then(() => says(url, request)));
  const open = (): Stapler => {
    const stapler = new Stapler({
      ...{ file, ask, share: () => 0, now: () => state.now },
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    });
    onTestFinished(() => {
      stapler.close();
    });
    return stapler;
  };
  return { file, lines, state, ask, open };
}

/** ECDSA signatures differ each time: the same question gets the same bytes. */
const made = new Map<string, Uint8Array>();

function about(identity: TestIdentity, fields: Partial<TestAnswer> = {}): Uint8Array {
  const key = `${serialOf(identity)} ${Object.keys(fields).join(' ')}`;
  const known = made.get(key) ?? answer(pki, responder, { about: serialOf(identity), ...fields });
  made.set(key, known);
  return known;
}

describe('Stapler', () => {
  it('asks where the certificate says, by SHA-1 and without a nonce, and staples the answer to that certificate alone', async () => {
    const [alpha, bravo] = [node('alpha'), node('bravo')];
    const { ask, open } = await world(() => about(alpha));
    const stapler = open();
    stapler.present(alpha.chain);
    await vi.waitFor(() => {
      expect(stapler.stapleFor(alpha.der)).toEqual(about(alpha));
    });
    expect(ask.mock.calls[0]?.[0]).toBe(URL);
    const request = valueOf(parseOcspRequest(ask.mock.calls[0]?.[1] ?? new Uint8Array()));
    expect(request).toMatchObject({ certIds: [certIdOf(pki, serialOf(alpha))], nonce: undefined });
    expect(stapler.stapleFor(bravo.der)).toBeUndefined();
  });

  it('staples nothing once the answer has run out', async () => {
    const alpha = node('alpha');
    const { state, open } = await world(() => about(alpha));
    const stapler = open();
    stapler.present(alpha.chain);
    await vi.waitFor(() => {
      expect(stapler.stapleFor(alpha.der)).toBeDefined();
    });
    state.now = unixMs(pki.now + HOUR_MS);
    expect(stapler.stapleFor(alpha.der)).toBeDefined();
    state.now = unixMs(pki.now + HOUR_MS + 1);
    expect(stapler.stapleFor(alpha.der)).toBeUndefined();
  });

  it('goes on with the answer of an earlier life until half of its time is over', async () => {
    const alpha = node('alpha');
    const { file, state, ask, open } = await world(() => about(alpha));
    const first = open();
    first.present(alpha.chain);
    await vi.waitFor(async () => expect(new Uint8Array(await readFile(file))).toEqual(about(alpha)));
    first.close();
    state.now = unixMs(pki.now + HOUR_MS / 2 - 1);
    const second = open();
    second.present(alpha.chain);
    await vi.waitFor(() => {
      expect(second.stapleFor(alpha.der)).toBeDefined();
    });
    expect(ask).toHaveBeenCalledTimes(1);
    second.close();
    state.now = unixMs(pki.now + HOUR_MS / 2 + 1);
    open().present(alpha.chain);
    await vi.waitFor(() => {
      expect(ask).toHaveBeenCalledTimes(2);
    });
  });

  it.each([
    ['garbage', () => new Uint8Array([1, 2, 3])],
    ['nothing', () => new Uint8Array()],
    ['an answer about another certificate', () => about(node('bravo'))],
    ['an answer that says revoked', (alpha: TestIdentity) => about(alpha, { certStatus: REVOKED })],
  ])('does not begin with a file that holds %s', async (_, held) => {
    const alpha = node('alpha');
    const { file, ask, open } = await world(() => about(alpha));
    await writeFile(file, held(alpha));
    const stapler = open();
    stapler.present(alpha.chain);
    await vi.waitFor(() => {
      expect(stapler.stapleFor(alpha.der)).toEqual(about(alpha));
    });
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['LS_OCSP_SIGNATURE', (alpha: TestIdentity) => about(alpha, { signedBy: node('mallory').key })],
    [
      'LS_OCSP_UNAUTHORISED',
      (alpha: TestIdentity) => answer(pki, node('mallory'), { about: serialOf(alpha) }),
    ],
    ['LS_OCSP_OTHER_CERTIFICATE', () => about(node('bravo'))],
    [
      'LS_OCSP_EXPIRED',
      (alpha: TestIdentity) =>
        about(alpha, { nextUpdate: unixMs(pki.now - 1), thisUpdate: unixMs(pki.now - 9) }),
    ],
    ['LS_DER_TRUNCATED', (alpha: TestIdentity) => about(alpha).subarray(0, 100)],
    [
      'LS_OCSP_UNREACHABLE',
      () => {
        throw new LsError(fault('LS_OCSP_UNREACHABLE', 'nobody is there'));
      },
    ],
  ])('staples nothing and keeps nothing of what is refused with %s', async (code, says) => {
    const alpha = node('alpha');
    const { file, lines, open } = await world(() => says(alpha));
    const stapler = open();
    stapler.present(alpha.chain);
    await vi.waitFor(() => {
      expect(lines.join('')).toContain(`"${code}"`);
    });
    expect(stapler.stapleFor(alpha.der)).toBeUndefined();
    await expect(readFile(file)).rejects.toThrow(/ENOENT/);
  });

  it('drops a good answer in the turn in which the certificate is revoked, and then staples that it is', async () => {
    const alpha = node('alpha');
    let isRevoked = false;
    const { open } = await world(() => about(alpha, isRevoked ? { certStatus: REVOKED } : {}));
    const stapler = open();
    stapler.present(alpha.chain);
    await vi.waitFor(() => {
      expect(stapler.stapleFor(alpha.der)).toBeDefined();
    });
    isRevoked = true;
    stapler.revoked();
    expect(stapler.stapleFor(alpha.der)).toBeUndefined();
    await vi.waitFor(() => {
      expect(stapler.stapleFor(alpha.der)).toEqual(about(alpha, { certStatus: REVOKED }));
    });
  });

  it('follows a renewal: the answer about the old certificate is not used, not even one that comes late', async () => {
    const [old, fresh] = [node('alpha'), node('alpha')];
    const late = Promise.withResolvers<Uint8Array>();
    const { file, ask, open } = await world((_, request) =>
      valueOf(parseOcspRequest(request)).certIds[0]?.serialHex === serialOf(old)
        ? late.promise
        : about(fresh),
    );
    const stapler = open();
    stapler.present(old.chain);
    await vi.waitFor(() => {
      expect(ask).toHaveBeenCalledTimes(1);
    });
    stapler.present(fresh.chain);
    await vi.waitFor(() => {
      expect(stapler.stapleFor(fresh.der)).toEqual(about(fresh));
    });
    late.resolve(about(old));
    await vi.waitFor(async () => expect(new Uint8Array(await readFile(file))).toEqual(about(fresh)));
    expect(stapler.stapleFor(old.der)).toBeUndefined();
    expect(stapler.stapleFor(fresh.der)).toEqual(about(fresh));
  });

  it('asks nobody for a certificate that names no responder', async () => {
    const plain = pki.node('alpha');
    const { ask, open } = await world(() => about(plain));
    const stapler = open();
    stapler.present(plain.chain);
    stapler.revoked();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ask).not.toHaveBeenCalled();
    expect(stapler.stapleFor(plain.der)).toBeUndefined();
  });
});
