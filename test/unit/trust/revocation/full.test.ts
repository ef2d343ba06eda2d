import { describe, expect, it } from 'vitest';
import { toHex, unixMs } from '../../../../src/std/index.ts';
import {
  entryRetainedUntil,
  issuerKeyOf,
  MAX_CRL_ISSUERS,
  MAX_CRL_LEAD_MS,
  MAX_END_ENTITY_LIFETIME_MS,
  RevocationState,
} from '../../../../src/trust/index.ts';
import { findEntry } from '../../../../src/trust/revocation/state.ts';
import { parseCertificate, type CrlEntry } from '../../../../src/x509/index.ts';
import { testKey } from '../../../support/crypto.ts';
import {
  crlNumber,
  forgeCrl,
  partialScope,
  unknownExtension,
  type CrlSpec,
  type RevokedSpec,
} from '../../../support/forge/crl.ts';
import {
  authorityKeyId,
  basicConstraints,
  keyUsage,
  subjectKeyId,
} from '../../../support/forge/extensions.ts';
import { forgeCertificate, withExtensions } from '../../../support/forge/certificate.ts';
import {
  DAY_MS,
  flipped,
  issuing,
  issuingCrlSpec,
  issuingSpec,
  NOW,
  rootCrlSpec,
  rootSpec,
  serial,
} from '../../../support/forge/pki.ts';
import { holding, take } from '../../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const hex = (label: string): string => toHex(serial(label));
const revoked = (label: string, changes: Partial<RevokedSpec> = {}): RevokedSpec => ({
  serialHex: hex(label),
  revokedAt: NOW - 1000,
  ...changes,
});
const key = issuerKeyOf(valueOf(parseCertificate(issuing)));
const numberHeld = (state: RevocationState): number | undefined =>
  key === undefined ? undefined : state.issuer(key)?.crlNumber;
const entryIn = (state: RevocationState, label: string): CrlEntry | undefined => {
  const held = key === undefined ? undefined : state.issuer(key);
  return held === undefined ? undefined : findEntry(held, hex(label));
};
const codeAfter = (held: CrlSpec, next: CrlSpec | Uint8Array): string | undefined =>
  codeOf(take(holding(held), next));
const withExtension = (spec: CrlSpec, extensions: CrlSpec['extensions']): CrlSpec => ({
  ...spec,
  extensions: { ...spec.extensions, ...extensions },
});

describe('a full CRL', () => {
  it('is taken when none is held', () => {
    const applied = valueOf(
      take(
        RevocationState.empty(),
        issuingCrlSpec(7, [revoked('a'), revoked('b', { reason: 'keyCompromise' })]),
      ),
    );
    expect(entryIn(applied.state, 'a')).toMatchObject({ reason: 'unspecified', revokedAt: NOW - 1000 });
    expect(entryIn(applied.state, 'b')).toMatchObject({ reason: 'keyCompromise', revokedAt: NOW - 1000 });
    expect(entryIn(applied.state, 'c')).toBeUndefined();
    expect(applied).toMatchObject({ crlNumber: 7, complete: true, news: true });
    expect(numberHeld(applied.state)).toBe(7);
  });

  it('leaves the state it was applied to as it was', () => {
    const before = holding(issuingCrlSpec(1));
    valueOf(take(before, issuingCrlSpec(2, [revoked('a')])));
    expect(numberHeld(before)).toBe(1);
  });

  it('that is newer adds to what was revoked', () => {
    const state = holding(issuingCrlSpec(1, [revoked('a')]));
    const applied = valueOf(take(state, issuingCrlSpec(2, [revoked('a'), revoked('b')])));
    expect([entryIn(applied.state, 'a'), entryIn(applied.state, 'b')]).not.toContain(undefined);
  });

  it('may turn a hold into a revocation', () => {
    const state = holding(issuingCrlSpec(1, [revoked('a', { reason: 'certificateHold' })]));
    const next = revoked('a', { reason: 'keyCompromise', revokedAt: NOW });
    const { state: after } = valueOf(take(state, issuingCrlSpec(2, [next])));
    expect(entryIn(after, 'a')).toMatchObject({ reason: 'keyCompromise', revokedAt: NOW });
  });

  it('that is held already changes nothing and is no news', () => {
    const der = forgeCrl(issuingCrlSpec(3, [revoked('a')]));
    const state = holding(der);
    const again = valueOf(take(state, der));
    expect(again).toMatchObject({ crlNumber: 3, news: false });
    expect(again.state).toBe(state);
  });

  it('may be the same signed bytes with another signature over them', () => {
    const spec = issuingCrlSpec(3, [revoked('a')]);
    const state = holding(forgeCrl(spec));
    expect(valueOf(take(state, forgeCrl(spec)))).toMatchObject({ news: false });
  });
});

describe('numbers', () => {
  it('never go back', () => {
    expect(codeAfter(issuingCrlSpec(5), issuingCrlSpec(4))).toBe('LS_CRL_STALE');
  });

  it('are given once: another CRL of the number held is a conflict', () => {
    expect(codeAfter(issuingCrlSpec(5), issuingCrlSpec(5, [revoked('a')]))).toBe('LS_CRL_CONFLICT');
    expect(codeAfter(issuingCrlSpec(5, [revoked('a')]), issuingCrlSpec(5))).toBe('LS_CRL_CONFLICT');
  });

  it('are needed', () => {
    expect(
      codeOf(take(RevocationState.empty(), withExtension(issuingCrlSpec(1), { number: undefined }))),
    ).toBe('LS_CRL_SCOPE');
  });

  it('of two issuers are independent', () => {
    const state = holding(issuingCrlSpec(9), rootCrlSpec(1));
    expect(numberHeld(state)).toBe(9);
    expect(state.issuerCount).toBe(2);
  });
});

describe('a newer CRL that takes back', () => {
  const held = issuingCrlSpec(1, [revoked('a'), revoked('b')]);

  it('an entry is refused', () => {
    expect(codeAfter(held, issuingCrlSpec(2, [revoked('b')]))).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('all entries is refused', () => {
    expect(codeAfter(held, issuingCrlSpec(2))).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('an entry while adding others is refused', () => {
    expect(codeAfter(held, issuingCrlSpec(2, [revoked('b'), revoked('c'), revoked('d')]))).toBe(
      'LS_CRL_OMITS_ENTRY',
    );
  });

  it('a hold is refused, for a release needs a release record', () => {
    const onHold = issuingCrlSpec(1, [revoked('a', { reason: 'certificateHold' })]);
    expect(codeAfter(onHold, issuingCrlSpec(2))).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('a revocation by calling it a hold is refused', () => {
    const weaker = issuingCrlSpec(2, [revoked('a', { reason: 'certificateHold' }), revoked('b')]);
    expect(codeAfter(held, weaker)).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('a revocation by dating it later is refused', () => {
    const later = issuingCrlSpec(2, [revoked('a', { revokedAt: NOW }), revoked('b')]);
    expect(codeAfter(held, later)).toBe('LS_CRL_OMITS_ENTRY');
    const earlier = issuingCrlSpec(2, [revoked('a', { revokedAt: NOW - 5000 }), revoked('b')]);
    expect(codeAfter(held, earlier)).toBeUndefined();
  });

  it('leaves the state as it was when it is refused', () => {
    const state = holding(held);
    expect(take(state, issuingCrlSpec(2)).ok).toBe(false);
    expect(numberHeld(state)).toBe(1);
  });
});

describe('an entry whose certificate must have expired', () => {
  const revokedAt = NOW - MAX_END_ENTITY_LIFETIME_MS - 3 * DAY_MS;

  it('may drop out of a newer CRL', () => {
    expect(codeAfter(issuingCrlSpec(1, [revoked('a', { revokedAt })]), issuingCrlSpec(2))).toBeUndefined();
  });

  it('may not drop out a moment too early', () => {
    const retained = entryRetainedUntil(unixMs(revokedAt));
    const early = { now: unixMs(retained) };
    const late = { now: unixMs(retained + 1) };
    const next = issuingCrlSpec(2, [], revokedAt + DAY_MS);
    const state = valueOf(
      take(
        RevocationState.empty(),
        issuingCrlSpec(1, [revoked('a', { revokedAt })], revokedAt + 1000),
        early,
      ),
    ).state;
    expect(codeOf(take(state, next, early))).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeOf(take(state, next, late))).toBeUndefined();
  });

  it('may drop out when the newer CRL shows how late it is, though our clock is behind', () => {
    const behind = unixMs(entryRetainedUntil(unixMs(revokedAt)) - 3_600_000);
    const first = issuingCrlSpec(1, [revoked('a', { revokedAt })], revokedAt + 1000);
    const state = valueOf(take(RevocationState.empty(), first, { now: behind })).state;
    const next = issuingCrlSpec(2, [], behind + 7_200_000);
    expect(codeOf(take(state, next, { now: behind }))).toBeUndefined();
  });

  it('may not drop out of the CRL of a root, whose certificates live long', () => {
    expect(codeAfter(rootCrlSpec(1, [revoked('a', { revokedAt })]), rootCrlSpec(2))).toBe(
      'LS_CRL_OMITS_ENTRY',
    );
  });

  it('may not drop out of the CRL of an issuing CA that could have sub-CAs', () => {
    const roomy = forgeCertificate(withExtensions(issuingSpec, { basicConstraints: basicConstraints(true) }));
    const options = { issuerChain: [roomy] };
    const state = valueOf(
      take(RevocationState.empty(), issuingCrlSpec(1, [revoked('a', { revokedAt })]), options),
    ).state;
    expect(codeOf(take(state, issuingCrlSpec(2), options))).toBe('LS_CRL_OMITS_ENTRY');
  });
});

describe('a CRL of the wrong form', () => {
  const code = (spec: CrlSpec | Uint8Array): string | undefined =>
    codeOf(take(RevocationState.empty(), spec));

  it('is refused for a critical extension that nobody knows', () => {
    expect(code(withExtension(issuingCrlSpec(1), { x: unknownExtension(true) }))).toBe(
      'LS_CRL_CRITICAL_EXTENSION',
    );
    expect(code(withExtension(issuingCrlSpec(1), { x: unknownExtension(false) }))).toBeUndefined();
  });

  it('is refused for a critical extension of an entry that nobody knows', () => {
    const entry = (critical: boolean): RevokedSpec =>
      revoked('a', { extensions: [unknownExtension(critical)] });
    expect(code(issuingCrlSpec(1, [entry(true)]))).toBe('LS_CRL_CRITICAL_EXTENSION');
    expect(code(issuingCrlSpec(1, [entry(false)]))).toBeUndefined();
  });

  it.each([1, 2, 4, 5] as const)('is refused when issuingDistributionPoint limits it (field %i)', (field) => {
    expect(code(withExtension(issuingCrlSpec(1), { scope: partialScope(field) }))).toBe('LS_CRL_SCOPE');
  });

  it('is refused without nextUpdate, or with one before thisUpdate', () => {
    expect(code({ ...issuingCrlSpec(1), nextUpdate: undefined })).toBe('LS_CRL_SCOPE');
    expect(code({ ...issuingCrlSpec(1), nextUpdate: NOW - 1000 })).toBe('LS_CRL_SCOPE');
  });

  it('is refused when it releases an entry and is no delta', () => {
    expect(code(issuingCrlSpec(1, [revoked('a', { reason: 'removeFromCRL' })]))).toBe('LS_CRL_REASON');
  });

  it('is refused when it is dated further ahead than clocks may differ', () => {
    expect(code(issuingCrlSpec(1, [], NOW + MAX_CRL_LEAD_MS))).toBeUndefined();
    expect(code(issuingCrlSpec(1, [], NOW + MAX_CRL_LEAD_MS + 1000))).toBe('LS_CRL_FROM_FUTURE');
  });

  it('is refused when it is truncated or followed by something', () => {
    const der = forgeCrl(issuingCrlSpec(1));
    expect(code(der.subarray(0, der.length - 1))).toMatch(/^LS_DER_/);
    expect(code(Uint8Array.of(...der, 0))).toMatch(/^LS_DER_/);
    expect(code(new Uint8Array())).toMatch(/^LS_DER_/);
  });
});

describe('the signer of a CRL', () => {
  const otherKey = testKey();
  const code = (
    spec: CrlSpec | Uint8Array,
    issuerChain: readonly Uint8Array[] = [issuing],
  ): string | undefined => codeOf(take(RevocationState.empty(), spec, { issuerChain }));

  it('is the key of the issuer and no other', () => {
    expect(code({ ...issuingCrlSpec(1), signer: otherKey })).toBe('LS_CRL_SIGNATURE');
    expect(code({ ...rootCrlSpec(1), signer: otherKey })).toBe('LS_CRL_SIGNATURE');
  });

  it('signed these very bytes', () => {
    const der = forgeCrl(issuingCrlSpec(1, [revoked('a')]));
    const at = der.findIndex((_, i) => serial('a').every((byte, j) => der[i + j] === byte));
    expect(code(flipped(der, at + 5))).toBe('LS_CRL_SIGNATURE');
    expect(code(flipped(der, der.length - 1))).toBe('LS_CRL_SIGNATURE');
  });

  it('used the one algorithm of its key', () => {
    expect(code({ ...issuingCrlSpec(1), claimedAlgorithm: 'Ed25519' })).toBe('LS_CRL_ALGORITHM');
  });

  it('is the issuer that the CRL names', () => {
    expect(code({ ...issuingCrlSpec(1), issuer: rootCrlSpec(1).issuer })).toBe('LS_CRL_ISSUER');
    expect(code(withExtension(issuingCrlSpec(1), { keyId: rootCrlSpec(1).extensions['keyId'] }))).toBe(
      'LS_CRL_ISSUER',
    );
    expect(code(withExtension(issuingCrlSpec(1), { keyId: undefined }))).toBe('LS_CRL_ISSUER');
  });

  it('must be shown unless it is a pinned root', () => {
    expect(code(issuingCrlSpec(1), [])).toBe('LS_CRL_ISSUER');
    expect(code(rootCrlSpec(1), [])).toBeUndefined();
  });

  it('must have a path to a pinned root', () => {
    const unknown = forgeCertificate({ ...issuingSpec, signer: otherKey });
    expect(code(issuingCrlSpec(1), [unknown])).toBe('LS_TRUST_SIGNATURE');
    expect(code(issuingCrlSpec(1), [forgeCertificate({ ...issuingSpec, notAfter: NOW - 1000 })])).toBe(
      'LS_TRUST_EXPIRED',
    );
  });

  it('must not be a root that has expired', () => {
    const options = { now: unixMs(rootSpec.notAfter + 1) };
    expect(codeOf(take(RevocationState.empty(), rootCrlSpec(1), options))).toBe('LS_TRUST_EXPIRED');
  });

  it('must be allowed to sign CRLs', () => {
    const noCrlSign = forgeCertificate(withExtensions(issuingSpec, { keyUsage: keyUsage('keyCertSign') }));
    expect(code(issuingCrlSpec(1), [noCrlSign])).toBe('LS_TRUST_KEY_USAGE');
  });

  it('must not be revoked itself', () => {
    const state = holding(rootCrlSpec(1, [{ serialHex: toHex(issuingSpec.serial), revokedAt: NOW - 1000 }]));
    expect(codeOf(take(state, issuingCrlSpec(1)))).toBe('LS_TRUST_REVOKED');
  });

  it('must have been valid when it signed: its path is judged at thisUpdate when our clock is behind', () => {
    const behind = unixMs(NOW - 2 * 3_600_000);
    const young = forgeCertificate({ ...issuingSpec, notBefore: NOW - 3_600_000 });
    expect(
      codeOf(take(RevocationState.empty(), issuingCrlSpec(1), { issuerChain: [young], now: behind })),
    ).toBeUndefined();
    const older = issuingCrlSpec(1, [], NOW - 2 * 3_600_000);
    expect(codeOf(take(RevocationState.empty(), older, { issuerChain: [young], now: behind }))).toBe(
      'LS_TRUST_NOT_YET_VALID',
    );
  });
});

describe('the bound on issuers', () => {
  it('is named and held', () => {
    let state = RevocationState.empty();
    let code: string | undefined;
    for (let i = 0; i <= MAX_CRL_ISSUERS && code === undefined; i++) {
      const keyId = serial(`issuer ${i}`);
      const ca = forgeCertificate(
        withExtensions({ ...issuingSpec, serial: serial(`ca ${i}`) }, { subjectKeyId: subjectKeyId(keyId) }),
      );
      const crl = withExtension(issuingCrlSpec(1), { keyId: authorityKeyId(keyId), number: crlNumber(1) });
      const applied = take(state, crl, { issuerChain: [ca] });
      if (applied.ok) ({ state } = applied.value);
      code = codeOf(applied);
    }
    expect(state.issuerCount).toBe(MAX_CRL_ISSUERS);
    expect(code).toBe('LS_CRL_TOO_LARGE');
  });
});
