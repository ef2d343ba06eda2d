import { describe, expect, it } from 'vitest';
import { unixMs, type Fault, type Result } from '../../../../src/std/index.ts';
import {
  applyCrl,
  beginCrlCheck,
  checkCrl,
  finishCrlCheck,
  issuerKeyOf,
  LARGE_CRL_BYTES,
  makeTrustBundle,
  RevocationState,
  type AppliedCrl,
  type BegunCheck,
} from '../../../../src/trust/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { LARGE_CRL_ENTRIES, manyEntries, serialOf } from '../../../support/large-crl.ts';
import { makeTestPki } from '../../../support/pki.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const pki = makeTestPki();
const bundle = valueOf(makeTrustBundle(pki.trustDomain, [pki.root.der], testCrypto));
const chain = [pki.issuing.der];
const entries = manyEntries(pki.now);
const first = pki.crl({ number: 1, revoked: entries });
const later = { thisUpdate: unixMs(pki.now + 1_000) };
const now = unixMs(pki.now + 2_000);
const key = issuerKeyOf(pki.issuing.certificate);
const empty = RevocationState.empty();

const inline = (state: RevocationState, der: Uint8Array): Result<AppliedCrl, Fault> =>
  applyCrl(state, der, chain, bundle, testCrypto, now);
const finish = (state: RevocationState, begun: BegunCheck): Result<AppliedCrl, Fault> => {
  const checked = finishCrlCheck(begun, structuredClone(valueOf(checkCrl(begun.check, testCrypto))));
  return checked.ok ? applyCrl(state, checked.value, chain, bundle, testCrypto, now) : checked;
};
const begin = (state: RevocationState, der: Uint8Array): Result<BegunCheck, Fault> =>
  beginCrlCheck(state, der, chain, bundle);
/** As a node does, with the answer passed between threads as bytes. */
const checked = (state: RevocationState, der: Uint8Array): Result<AppliedCrl, Fault> =>
  finish(state, valueOf(begin(state, der)));
const found = (state: RevocationState, serial: string): string | undefined =>
  key === undefined ? undefined : state.issuer(key)?.full.entries.find(serial)?.reason;

describe('a CRL that was checked elsewhere', () => {
  it('means what it means when its bytes are taken', () => {
    expect(first.length).toBeGreaterThan(LARGE_CRL_BYTES);
    const { state, ...rest } = valueOf(checked(empty, first));
    const { state: expected, ...others } = valueOf(inline(empty, first));
    expect(rest).toEqual(others);
    expect(state.crls()).toEqual(expected.crls());
    for (const i of [0, 1, LARGE_CRL_ENTRIES - 1]) expect(found(state, serialOf(i))).toBe('superseded');
    expect(found(state, serialOf(LARGE_CRL_ENTRIES))).toBeUndefined();
  });

  it('replaces one that was taken either way, and must list all that it did', () => {
    const grown = pki.crl({ ...later, number: 2, revoked: manyEntries(pki.now, LARGE_CRL_ENTRIES + 1) });
    const shrunk = pki.crl({ ...later, number: 2, revoked: entries.slice(1) });
    const weaker = pki.crl({
      ...later,
      number: 2,
      revoked: entries.map((entry, i) =>
        i === 7 ? { ...entry, reason: 'certificateHold' as const } : entry,
      ),
    });
    for (const { state } of [valueOf(checked(empty, first)), valueOf(inline(empty, first))]) {
      expect(valueOf(checked(state, grown)).crlNumber).toBe(2);
      expect(codeOf(checked(state, shrunk))).toBe('LS_CRL_OMITS_ENTRY');
      expect(codeOf(checked(state, weaker))).toBe('LS_CRL_OMITS_ENTRY');
    }
  });

  it('is compared with what is held when it is taken, not with what was held when its check began', () => {
    const { state } = valueOf(inline(empty, first));
    const revokedSince = {
      ...entries[0],
      serialHex: serialOf(LARGE_CRL_ENTRIES),
      reason: 'keyCompromise',
    } as const;
    const since = valueOf(
      inline(
        state,
        pki.crl({
          ...later,
          number: 2,
          revoked: [...entries, { ...revokedSince, revokedAt: pki.now, invalidityDate: undefined }],
        }),
      ),
    ).state;
    const begun = valueOf(begin(state, pki.crl({ ...later, number: 3, revoked: entries })));
    expect(codeOf(finish(since, begun))).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('is a delta on what is held', () => {
    const { state } = valueOf(checked(empty, pki.crl({ number: 1 })));
    const delta = pki.deltaCrl({ ...later, number: 2, base: 1, revoked: entries });
    expect(valueOf(checked(state, delta))).toMatchObject({ crlNumber: 2, complete: false, news: true });
  });
});

describe('a large CRL is refused', () => {
  it('when its issuer has not signed it', () => {
    const forged = pki.crl({ number: 1, revoked: entries, signedBy: testKey() });
    expect(codeOf(checked(empty, forged))).toBe('LS_CRL_SIGNATURE');
    const begun = valueOf(begin(empty, forged));
    expect(valueOf(checkCrl(begun.check, testCrypto))).toMatchObject({ signedBy: undefined });
  });

  it('when the key that signed it is not that of the issuer it turns out to be of', () => {
    const begun = valueOf(begin(empty, first));
    const findings = valueOf(checkCrl(begun.check, testCrypto));
    const other = testKey().spki;
    const tried = { ...begun, check: { ...begun.check, keys: [other, pki.issuing.key.spki] } };
    const taken = valueOf(finishCrlCheck(tried, { ...findings, signedBy: 0 }));
    expect(codeOf(applyCrl(empty, taken, chain, bundle, testCrypto, now))).toBe('LS_CRL_SIGNATURE');
  });

  it('or its signature is verified when it is taken, because no key of its issuer was tried', () => {
    const begun = valueOf(begin(empty, first));
    const findings = valueOf(checkCrl({ ...begun.check, keys: [] }, testCrypto));
    const untried = { ...begun, check: { ...begun.check, keys: [] } };
    const taken = valueOf(finishCrlCheck(untried, findings));
    expect(valueOf(applyCrl(empty, taken, chain, bundle, testCrypto, now)).crlNumber).toBe(1);
    const stranger = pki.crl({ number: 1, revoked: entries, signedBy: testKey() });
    const forged = { ...untried, check: { ...untried.check, der: stranger } };
    const forgedTaken = valueOf(finishCrlCheck(forged, valueOf(checkCrl(forged.check, testCrypto))));
    expect(codeOf(applyCrl(empty, forgedTaken, chain, bundle, testCrypto, now))).toBe('LS_CRL_SIGNATURE');
  });

  it('before anyone goes through it, when it is of a stranger, old or no CRL', () => {
    const stranger = makeTestPki({ trustDomain: 'other.internal' });
    expect(codeOf(begin(empty, stranger.crl({ number: 1, revoked: entries })))).toBe('LS_CRL_ISSUER');
    const { state } = valueOf(inline(empty, pki.crl({ number: 5 })));
    expect(codeOf(begin(state, pki.crl({ number: 4, revoked: entries })))).toBe('LS_CRL_STALE');
    expect(codeOf(begin(empty, first.slice(0, -1)))).toBe('LS_DER_TRUNCATED');
  });

  it('when one entry of it is malformed', () => {
    const damaged = first.slice();
    // The tag of an entry's serial, far behind the beginning.
    const at = damaged.findIndex(
      (byte, i) => i > LARGE_CRL_BYTES / 2 && byte === 0x02 && damaged[i + 1] === 16,
    );
    damaged[at] = 0x03;
    const begun = valueOf(begin(empty, damaged));
    expect(codeOf(checkCrl(begun.check, testCrypto))).toMatch(/^LS_DER_/);
  });
});
