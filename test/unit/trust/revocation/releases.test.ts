import { describe, expect, it } from 'vitest';
import { derOctetString, derSequence } from '../../../../src/codec/index.ts';
import { parseSerialNumber, toHex, unixMs, type Signer } from '../../../../src/std/index.ts';
import {
  issuerKeyOf,
  restoreRevocation,
  type RevocationState,
  signRelease,
  type Release,
} from '../../../../src/trust/index.ts';
import { findEntry } from '../../../../src/trust/revocation/state.ts';
import { certIdOfCertificate, MAX_RELEASES, parseCertificate } from '../../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import type { CrlSpec, RevokedSpec } from '../../../support/forge/crl.ts';
import { extension } from '../../../support/forge/extensions.ts';
import { deltaSpec, issuing, issuingCrlSpec, NOW, serial } from '../../../support/forge/pki.ts';
import { bundle, holding, take } from '../../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const RELEASES_OID = '1.3.6.1.4.1.60000.2.1';
const HELD_AT = unixMs(NOW - 60_000);
const HELD_AGAIN_AT = unixMs(NOW - 30_000);
const issuer = valueOf(parseCertificate(issuing));
const hexOf = (label: string): string => toHex(serial(label));

function releaseOf(changes: Partial<Release> = {}, by: Signer = issuingCrlSpec(1).signer): Uint8Array {
  const named = parseSerialNumber(hexOf('a')) ?? expect.fail('a serial number');
  const certId = certIdOfCertificate(issuer, testCrypto);
  const what = { certId, serial: named, heldAtMs: HELD_AT, holdNumber: 5, crlNumber: 6 };
  return signRelease({ ...what, tMs: NOW, ext: new Map(), ...changes }, by, bundle.domainId);
}

const held = (heldAt: number = HELD_AT): RevokedSpec => ({
  serialHex: hexOf('a'),
  revokedAt: heldAt,
  reason: 'certificateHold',
});
const removed: RevokedSpec = { serialHex: hexOf('a'), revokedAt: NOW, reason: 'removeFromCRL' };
const carrying = (spec: CrlSpec, ...records: readonly Uint8Array[]): CrlSpec => {
  const value = derSequence(...records.map((record) => derOctetString(record)));
  return { ...spec, extensions: { ...spec.extensions, releases: extension(RELEASES_OID, false, value) } };
};
const isHeld = (state: RevocationState): boolean => {
  const key = issuerKeyOf(issuer) ?? expect.fail('an issuer with a key id');
  const lists = state.issuer(key) ?? expect.fail('a CRL');
  return findEntry(lists, hexOf('a')) !== undefined;
};
const onHold = holding(issuingCrlSpec(5, [held()]));
const codeAfter = (spec: CrlSpec, state = onHold): string | undefined => codeOf(take(state, spec));

describe('a hold', () => {
  it('ends with a full CRL that omits it and carries its release', () => {
    expect(isHeld(onHold)).toBe(true);
    const applied = valueOf(take(onHold, carrying(issuingCrlSpec(6), releaseOf())));
    expect(applied).toMatchObject({ crlNumber: 6, news: true });
    expect(isHeld(applied.state)).toBe(false);
  });

  it('ends with a delta CRL that removes it and carries its release, also after a restart', () => {
    const { state } = valueOf(take(onHold, carrying(deltaSpec(6, 5, [removed]), releaseOf())));
    expect(isHeld(state)).toBe(false);
    const restored = restoreRevocation(state.crls(), bundle, testCrypto, NOW);
    expect(restored.refused).toEqual([]);
    expect(isHeld(restored.state)).toBe(false);
  });

  it('that a delta began ends with the next delta', () => {
    const state = holding(issuingCrlSpec(4), deltaSpec(5, 4, [held()]));
    const after = valueOf(take(state, carrying(deltaSpec(6, 4, [removed]), releaseOf())));
    expect(isHeld(after.state)).toBe(false);
    expect(codeAfter(deltaSpec(6, 4, [removed]), state)).toBe('LS_CRL_OMITS_ENTRY');
    expect(codeAfter(carrying(deltaSpec(6, 4, []), releaseOf()), state)).toBeUndefined();
  });

  it('stays out when a full CRL follows the delta that released it', () => {
    const { state } = valueOf(take(onHold, carrying(deltaSpec(6, 5, [removed]), releaseOf())));
    expect(isHeld(valueOf(take(state, issuingCrlSpec(7))).state)).toBe(false);
    expect(codeAfter(issuingCrlSpec(6, [held()]), state)).toBe('LS_CRL_CONFLICT');
  });

  it('can be followed by another, which the first release does not end', () => {
    const { state } = valueOf(take(onHold, carrying(deltaSpec(6, 5, [removed]), releaseOf())));
    const again = valueOf(take(state, deltaSpec(7, 5, [held(HELD_AGAIN_AT)]))).state;
    expect(isHeld(again)).toBe(true);
    const replayed = [
      carrying(deltaSpec(8, 5, [removed]), releaseOf()),
      carrying(issuingCrlSpec(8), releaseOf()),
    ];
    for (const spec of replayed) expect(codeAfter(spec, again)).toBe('LS_CRL_OMITS_ENTRY');
    const second = releaseOf({ heldAtMs: HELD_AGAIN_AT, holdNumber: 7, crlNumber: 8 });
    expect(isHeld(valueOf(take(again, carrying(issuingCrlSpec(8), releaseOf(), second))).state)).toBe(false);
    expect(isHeld(valueOf(take(onHold, carrying(issuingCrlSpec(8), releaseOf(), second))).state)).toBe(false);
  });
});

describe('a release', () => {
  const full = issuingCrlSpec(6);
  const delta = deltaSpec(6, 5, [removed]);
  const otherSerial = parseSerialNumber(hexOf('b')) ?? expect.fail('a serial number');

  it.each([
    ['is by another key', releaseOf({}, testKey()), 'LS_CRL_RELEASE'],
    [
      'is by another CA',
      releaseOf({ certId: certIdOfCertificate({ ...issuer, serialHex: '01' }, testCrypto) }),
      'LS_CRL_RELEASE',
    ],
    ['is for a CRL yet to come', releaseOf({ crlNumber: 7 }), 'LS_CRL_RELEASE'],
    ['is cut short', releaseOf().subarray(0, 40), 'LS_CRL_RELEASE'],
  ])('ends nothing when it %s', (_, record, code) => {
    for (const spec of [full, delta]) expect(codeAfter(carrying(spec, record))).toBe(code);
  });

  it.each([
    ['is missing', undefined],
    ['is of another certificate', releaseOf({ serial: otherSerial })],
    ['is of another hold', releaseOf({ heldAtMs: unixMs(HELD_AT + 1_000) })],
  ])('that %s lets a full CRL omit nothing, and a delta take nothing out', (_, record) => {
    const [wholly, partly] = [full, delta].map((spec) =>
      record === undefined ? spec : carrying(spec, record),
    ) as [CrlSpec, CrlSpec];
    expect(codeAfter(wholly)).toBe('LS_CRL_OMITS_ENTRY');
    const taken = valueOf(take(onHold, partly));
    expect(isHeld(taken.state)).toBe(true);
    expect(taken.ignoredReleases).toEqual([hexOf('a')]);
    expect(isHeld(restoreRevocation(taken.state.crls(), bundle, testCrypto, NOW).state)).toBe(true);
  });

  it('never ends a revocation', () => {
    const revoked = { ...held(), reason: 'keyCompromise' } as const;
    const state = holding(issuingCrlSpec(5, [revoked]));
    expect(codeAfter(carrying(full, releaseOf()), state)).toBe('LS_CRL_OMITS_ENTRY');
    const taken = valueOf(take(state, carrying(delta, releaseOf())));
    expect(isHeld(taken.state)).toBe(true);
    expect(taken.ignoredReleases).toEqual([hexOf('a')]);
  });

  it('never ends what a delta made a revocation of, nor another hold than its own', () => {
    const worse = { ...held(), reason: 'keyCompromise' } as const;
    const compromised = valueOf(take(onHold, deltaSpec(6, 5, [worse]))).state;
    expect(codeAfter(carrying(deltaSpec(7, 5, [removed]), releaseOf()), compromised)).toBe(
      'LS_CRL_OMITS_ENTRY',
    );
    const again = valueOf(take(onHold, deltaSpec(6, 5, [held(HELD_AGAIN_AT)]))).state;
    expect(codeAfter(carrying(deltaSpec(7, 5, [removed]), releaseOf()), again)).toBe('LS_CRL_OMITS_ENTRY');
    const second = releaseOf({ heldAtMs: HELD_AGAIN_AT, holdNumber: 6, crlNumber: 7 });
    const halfway = valueOf(take(again, carrying(deltaSpec(7, 5, [removed]), second)));
    expect(isHeld(halfway.state)).toBe(true);
    const both = valueOf(take(again, carrying(deltaSpec(7, 5, [removed]), releaseOf(), second)));
    expect(isHeld(both.state)).toBe(false);
  });

  it('does not take others out with it', () => {
    const state = holding(issuingCrlSpec(5, [held(), { ...held(), serialHex: hexOf('b') }]));
    expect(codeAfter(carrying(full, releaseOf()), state)).toBe('LS_CRL_OMITS_ENTRY');
  });

  it('comes in a bounded number, each of bounded size', () => {
    const many = (count: number): CrlSpec =>
      carrying(full, ...Array.from({ length: count }, () => releaseOf()));
    expect(codeAfter(many(0))).toBe('LS_DER_COUNT');
    expect(codeAfter(many(MAX_RELEASES + 1))).toBe('LS_DER_COUNT');
    expect(codeAfter(carrying(full, new Uint8Array(513)))).toBe('LS_X509_EXTENSION');
  });
});
