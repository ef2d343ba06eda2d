import { describe, expect, it } from 'vitest';
import { toHex, unixMs } from '../../../src/std/index.ts';
import {
  entryRetainedUntil,
  judgeRenewing,
  MAX_END_ENTITY_LIFETIME_MS,
  MAX_GRACE_AFTER_EXPIRY_MS,
  type TrustMaterial,
} from '../../../src/trust/index.ts';
import { testKey } from '../../support/crypto.ts';
import { forgeCertificate, withExtensions, type CertificateSpec } from '../../support/forge/certificate.ts';
import { unknownExtension, type RevokedSpec } from '../../support/forge/crl.ts';
import {
  DAY_MS,
  issuing,
  issuingCrlSpec,
  issuingSpec,
  NODE_ID,
  nodeSpec,
  NOW,
  operatorSpec,
  rootCrlSpec,
} from '../../support/forge/pki.ts';
import { holding, material } from '../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const GRACE_MS = 60 * 60_000;
/** Ran out a minute ago. */
const lapsed: CertificateSpec = { ...nodeSpec, notAfter: NOW - 60_000 };
const judge = (spec: CertificateSpec, trust: TrustMaterial = material(), graceMs = GRACE_MS) =>
  judgeRenewing(trust, [forgeCertificate(spec), issuing], graceMs, NOW);
const listed = (spec: CertificateSpec, reason: NonNullable<RevokedSpec['reason']>): TrustMaterial =>
  material({
    revocation: holding(
      issuingCrlSpec(1, [{ serialHex: toHex(spec.serial), revokedAt: NOW - 9_000, reason }]),
      rootCrlSpec(1),
    ),
  });

describe('a node that asks for its renewal', () => {
  it('may while its certificate is good, grace or not', () => {
    for (const graceMs of [0, GRACE_MS]) {
      expect(valueOf(judge(nodeSpec, material(), graceMs))).toMatchObject({ name: 'alpha', nodeId: NODE_ID });
    }
  });

  it('may within the grace after it ran out, and is then known by key and serial', () => {
    const node = valueOf(judge(lapsed));
    expect(node).toMatchObject({ name: 'alpha', nodeId: NODE_ID, notAfter: lapsed.notAfter });
    expect(node).toMatchObject({
      serial: toHex(lapsed.serial),
      key: { nodeId: NODE_ID, spki: lapsed.key.spki },
    });
  });

  it('is no verified peer then', () => {
    expect(valueOf(judge(lapsed))).not.toHaveProperty('judgedAt');
  });

  it('may to the millisecond, and no longer', () => {
    const at = (graceMs: number) => codeOf(judge(lapsed, material(), graceMs));
    expect(at(60_000)).toBeUndefined();
    expect(at(59_999)).toBe('LS_TRUST_EXPIRED');
    expect(at(0)).toBe('LS_TRUST_EXPIRED');
  });

  it.each([
    ['is revoked', lapsed, listed(lapsed, 'keyCompromise'), 'LS_TRUST_REVOKED'],
    ['is on hold', lapsed, listed(lapsed, 'certificateHold'), 'LS_TRUST_HELD'],
    ['has an issuer that is revoked', lapsed, revokedIssuer(), 'LS_TRUST_REVOKED'],
    [
      'is of unknown status',
      lapsed,
      material({ revocation: holding(rootCrlSpec(1)) }),
      'LS_TRUST_NO_REVOCATION',
    ],
    ['was signed by another key', { ...lapsed, signer: testKey() }, material(), 'LS_TRUST_SIGNATURE'],
    [
      'has an unknown critical extension',
      withExtensions(lapsed, { x: unknownExtension(true) }),
      material(),
      'LS_TRUST_CRITICAL_EXTENSION',
    ],
    ['is an operator', { ...operatorSpec, notAfter: NOW - 60_000 }, material(), 'LS_TRUST_WRONG_ROLE'],
    ['has a serial of another form', { ...lapsed, serial: Uint8Array.of(5) }, material(), 'LS_TRUST_SERIAL'],
  ] as const)('may not when it %s', (_, spec, trust, code) => {
    expect(codeOf(judge(spec, trust))).toBe(code);
  });

  it('may not by CRLs that are out of date, even where the policy is to go on with them', () => {
    const spec = { ...lapsed, notAfter: NOW + 9 * DAY_MS };
    const late = unixMs(NOW + 10 * DAY_MS);
    const trust = material({ onStale: 'warn' });
    const judged = judgeRenewing(trust, [forgeCertificate(spec), issuing], 2 * DAY_MS, late);
    expect(codeOf(judged)).toBe('LS_TRUST_STALE_REVOCATION');
  });

  it('may not when its issuer has run out too', () => {
    const ended = forgeCertificate({ ...issuingSpec, notAfter: NOW - 30_000 });
    const judged = judgeRenewing(material(), [forgeCertificate(lapsed), ended], GRACE_MS, NOW);
    expect(codeOf(judged)).toBe('LS_TRUST_EXPIRED');
  });

  it('is never given more time than its revocation is kept in CRLs', () => {
    const revokedAtOnce = unixMs(NOW);
    const notAfter = NOW + MAX_END_ENTITY_LIFETIME_MS;
    expect(entryRetainedUntil(revokedAtOnce)).toBeGreaterThanOrEqual(notAfter + MAX_GRACE_AFTER_EXPIRY_MS);
  });
});

function revokedIssuer(): TrustMaterial {
  const entry = {
    serialHex: toHex(issuingSpec.serial),
    revokedAt: NOW - 9_000,
    reason: 'keyCompromise',
  } as const;
  return material({ revocation: holding(issuingCrlSpec(1), rootCrlSpec(1, [entry])) });
}
