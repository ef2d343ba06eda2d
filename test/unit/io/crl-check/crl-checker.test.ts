import { afterEach, describe, expect, it } from 'vitest';
import { CrlChecker, MAX_QUEUED_CHECKS } from '../../../../src/io/crl-check/index.ts';
import { nodeCrypto } from '../../../../src/io/crypto/index.ts';
import {
  applyCrl,
  beginCrlCheck,
  finishCrlCheck,
  makeTrustBundle,
  RevocationState,
  type BegunCheck,
} from '../../../../src/trust/index.ts';
import { manyEntries } from '../../../support/large-crl.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const bundle = valueOf(makeTrustBundle(pki.trustDomain, [pki.root.der], nodeCrypto));
const begin = (der: Uint8Array): BegunCheck =>
  valueOf(beginCrlCheck(RevocationState.empty(), der, [pki.issuing.der], bundle));
const begun = begin(pki.crl({ number: 1, revoked: manyEntries(pki.now) }));
const script = (code: string): URL => new URL(`data:text/javascript,${encodeURIComponent(code)}`);

let checker: CrlChecker;
afterEach(() => checker.close());

describe('the thread that checks CRLs', () => {
  it('finds out what a node goes on with, one CRL after the other', { timeout: 60_000 }, async () => {
    checker = new CrlChecker();
    const answers = await Promise.all([checker.check(begun.check), checker.check(begun.check)]);
    for (const findings of answers) {
      const checked = valueOf(finishCrlCheck(begun, valueOf(findings)));
      const state = RevocationState.empty();
      const applied = applyCrl(state, checked, [pki.issuing.der], bundle, nodeCrypto, pki.now);
      expect(valueOf(applied).crlNumber).toBe(1);
    }
    const damaged = { ...begun.check, der: begun.check.der.slice(0, -1) };
    expect(codeOf(await checker.check(damaged))).toMatch(/^LS_DER_/);
  });

  it('has so many CRLs waiting at most', { timeout: 60_000 }, async () => {
    checker = new CrlChecker(script('setInterval(() => {}, 1000)'));
    const waiting = Array.from({ length: 1 + MAX_QUEUED_CHECKS }, () => checker.check(begun.check));
    expect(codeOf(await checker.check(begun.check))).toBe('LS_CRL_CHECK_BUSY');
    await checker.close();
    for (const findings of await Promise.all(waiting)) expect(codeOf(findings)).toBe('LS_CRL_CHECK_FAILED');
    expect(codeOf(await checker.check(begun.check))).toBe('LS_CRL_CHECK_FAILED');
  });

  it.each([
    [
      'throws',
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { throw new Error("bug"); })',
    ],
    [
      'exits',
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(0))',
    ],
    ['does not start', 'syntax error'],
  ])('that %s fails its check, and the next has a new one', { timeout: 60_000 }, async (_, code) => {
    checker = new CrlChecker(script(code));
    for (const findings of await Promise.all([checker.check(begun.check), checker.check(begun.check)])) {
      expect(codeOf(findings)).toBe('LS_CRL_CHECK_FAILED');
    }
  });

  it('that runs out of memory fails its check, and nothing else', { timeout: 60_000 }, async () => {
    checker = new CrlChecker(
      script(
        'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { const all = []; for (;;) all.push({ all: [all] }); })',
      ),
    );
    expect(codeOf(await checker.check(begun.check))).toBe('LS_CRL_CHECK_FAILED');
  });

  it('that never answers fails its check in time', { timeout: 60_000 }, async () => {
    checker = new CrlChecker(script('setInterval(() => {}, 1000)'), 50);
    expect(codeOf(await checker.check(begun.check))).toBe('LS_CRL_CHECK_FAILED');
  });
});
