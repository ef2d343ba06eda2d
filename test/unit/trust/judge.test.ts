import { describe, expect, it } from 'vitest';
import { toHex, unixMs, type UnixMs } from '../../../src/std/index.ts';
import {
  MAX_PRESENTED_CERTIFICATES,
  judgeCertificate,
  MAX_END_ENTITY_LIFETIME_MS,
  recheck,
  RevocationState,
  type Role,
  type TrustMaterial,
} from '../../../src/trust/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { forgeCertificate, withExtensions, type CertificateSpec } from '../../support/forge/certificate.ts';
import { unknownExtension, type CrlSpec, type RevokedSpec } from '../../support/forge/crl.ts';
import { basicConstraints } from '../../support/forge/extensions.ts';
import {
  DAY_MS,
  deltaSpec,
  flipped,
  issuing,
  issuingCrlSpec,
  issuingSpec,
  node,
  NODE_ID,
  nodeSpec,
  NOW,
  operatorSpec,
  root,
  rootCrlSpec,
  rootSpec,
  serverSpec,
} from '../../support/forge/pki.ts';
import { bundle, holding, material } from '../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const CHAIN = [node, issuing];
const revoke = (spec: CertificateSpec, reason?: RevokedSpec['reason']): RevokedSpec => ({
  serialHex: toHex(spec.serial),
  revokedAt: NOW - 1000,
  ...(reason === undefined ? {} : { reason }),
});
const codeFor = (spec: CertificateSpec, role: Role = 'node', now: UnixMs = NOW): string | undefined =>
  codeOf(judgeCertificate(material(), [forgeCertificate(spec), issuing], role, now));
const codeUnder = (trust: TrustMaterial, now: UnixMs = NOW): string | undefined =>
  codeOf(judgeCertificate(trust, CHAIN, 'node', now));

describe('a node with a valid path and good status', () => {
  it('is verified, with all that is needed to check what it signs', () => {
    const peer = valueOf(judgeCertificate(material(), CHAIN, 'node', NOW));
    const certificate = valueOf(parseCertificate(node));
    const certId = certIdOfCertificate(certificate, testCrypto);
    expect(peer).toMatchObject({
      role: 'node',
      nodeId: NODE_ID,
      name: 'alpha',
      serial: toHex(nodeSpec.serial),
    });
    expect(peer.key).toEqual({ certId, nodeId: NODE_ID, algorithm: 'ES256', spki: nodeSpec.key.spki });
    expect(peer.chain.map(({ der }) => der)).toEqual(CHAIN);
    expect(peer).toMatchObject({ judgedAt: NOW, crlNumber: 1, staleRevocation: false });
    expect([peer.notBefore, peer.notAfter]).toEqual([certificate.notBefore, certificate.notAfter]);
  });

  it('is the same with the root sent along', () => {
    const peer = valueOf(judgeCertificate(material(), [...CHAIN, root], 'node', NOW));
    expect(peer.chain).toHaveLength(2);
  });

  it('is judged by the newest CRL, full or delta', () => {
    const revocation = holding(issuingCrlSpec(4), deltaSpec(6, 4, [revoke(operatorSpec)]), rootCrlSpec(1));
    expect(valueOf(judgeCertificate(material({ revocation }), CHAIN, 'node', NOW)).crlNumber).toBe(6);
  });
});

describe('the other roles', () => {
  it('are the operator, the server and the issuing CA', () => {
    const judge = (spec: CertificateSpec, role: Role) =>
      valueOf(judgeCertificate(material(), [forgeCertificate(spec), issuing], role, NOW));
    expect(judge(operatorSpec, 'operator')).toMatchObject({ role: 'operator', name: 'olga' });
    expect(judge(serverSpec, 'server')).toMatchObject({ role: 'server' });
    const issuer = valueOf(judgeCertificate(material(), [issuing], 'issuer', NOW));
    expect(issuer).toMatchObject({ role: 'issuer', key: { algorithm: 'ES256', spki: issuingSpec.key.spki } });
  });

  const wrong: readonly (readonly [string, CertificateSpec, Role])[] = [
    ['operator as a node', operatorSpec, 'node'],
    ['server as a node', serverSpec, 'node'],
    ['node as an operator', nodeSpec, 'operator'],
    ['server as an operator', serverSpec, 'operator'],
    ['node as a server', nodeSpec, 'server'],
    ['operator as a server', operatorSpec, 'server'],
    ['node as an issuing CA', nodeSpec, 'issuer'],
  ];
  it.each(wrong)('refuse an %s', (_who, spec, role) => {
    expect(codeFor(spec, role)).toBe('LS_TRUST_WRONG_ROLE');
  });

  it('refuse the issuing CA as a node', () => {
    expect(codeOf(judgeCertificate(material(), [issuing], 'node', NOW))).toBe('LS_TRUST_WRONG_ROLE');
  });
});

describe('a path that does not hold', () => {
  it.each([
    ['expired', { ...nodeSpec, notAfter: NOW - 1000 }, 'LS_TRUST_EXPIRED'],
    ['not yet valid', { ...nodeSpec, notBefore: NOW + 1000 }, 'LS_TRUST_NOT_YET_VALID'],
    ['signed by another key', { ...nodeSpec, signer: testKey() }, 'LS_TRUST_SIGNATURE'],
    [
      'with an unknown critical extension',
      withExtensions(nodeSpec, { x: unknownExtension(true) }),
      'LS_TRUST_CRITICAL_EXTENSION',
    ],
    [
      'valid for too long',
      { ...nodeSpec, notAfter: nodeSpec.notBefore + MAX_END_ENTITY_LIFETIME_MS + 1000 },
      'LS_TRUST_LIFETIME',
    ],
    ['that is a CA', withExtensions(nodeSpec, { bc: basicConstraints(true) }), 'LS_TRUST_WRONG_ROLE'],
    ['with a serial of another form', { ...nodeSpec, serial: Uint8Array.of(5) }, 'LS_TRUST_SERIAL'],
  ] as const)('refuses a certificate %s', (_what, spec, code) => {
    expect(codeFor(spec)).toBe(code);
  });

  it('may be as long-lived as revocation entries are kept, and no longer', () => {
    expect(
      codeFor({ ...nodeSpec, notAfter: nodeSpec.notBefore + MAX_END_ENTITY_LIFETIME_MS }),
    ).toBeUndefined();
  });

  it('refuses a certificate of another CA', () => {
    const otherKey = testKey();
    const others = { ...issuingSpec, signer: otherKey, key: otherKey };
    expect(codeOf(judgeCertificate(material(), [node, forgeCertificate(others)], 'node', NOW))).toBe(
      'LS_TRUST_SIGNATURE',
    );
  });

  it('refuses what is no certificate, nothing, or too much', () => {
    const code = (chain: readonly Uint8Array[]) => codeOf(judgeCertificate(material(), chain, 'node', NOW));
    expect(code([])).toBe('LS_TRUST_CHAIN_LENGTH');
    expect(code([Uint8Array.of(1, 2, 3)])).toMatch(/^LS_DER_/);
    expect(code([node.subarray(0, 100), issuing])).toMatch(/^LS_DER_/);
    const presented = (count: number) => [node, issuing, ...Array.from({ length: count - 2 }, () => root)];
    expect(code(presented(MAX_PRESENTED_CERTIFICATES))).toBeUndefined();
    expect(code(presented(MAX_PRESENTED_CERTIFICATES + 1))).toBe('LS_TRUST_CHAIN_LENGTH');
  });
});

describe('revocation', () => {
  const under = (...crls: readonly CrlSpec[]): string | undefined =>
    codeUnder(material({ revocation: holding(...crls) }));

  it('refuses a revoked certificate', () => {
    expect(under(issuingCrlSpec(1, [revoke(nodeSpec)]), rootCrlSpec(1))).toBe('LS_TRUST_REVOKED');
    expect(under(issuingCrlSpec(1, [revoke(nodeSpec, 'keyCompromise')]), rootCrlSpec(1))).toBe(
      'LS_TRUST_REVOKED',
    );
  });

  it('refuses a certificate that a delta revokes', () => {
    expect(under(issuingCrlSpec(1), deltaSpec(2, 1, [revoke(nodeSpec)]), rootCrlSpec(1))).toBe(
      'LS_TRUST_REVOKED',
    );
  });

  it('refuses a certificate on hold, with a code of its own', () => {
    expect(under(issuingCrlSpec(1, [revoke(nodeSpec, 'certificateHold')]), rootCrlSpec(1))).toBe(
      'LS_TRUST_HELD',
    );
  });

  it('refuses every certificate of a revoked issuing CA', () => {
    expect(under(issuingCrlSpec(1), rootCrlSpec(1, [revoke(issuingSpec, 'keyCompromise')]))).toBe(
      'LS_TRUST_REVOKED',
    );
  });

  it('of the same serial by another issuer means nothing', () => {
    expect(under(issuingCrlSpec(1), rootCrlSpec(1, [revoke(nodeSpec)]))).toBeUndefined();
  });

  it('that is not known refuses the certificate: no CRL at all, none of the issuing CA, none of the root', () => {
    expect(codeUnder(material({ revocation: RevocationState.empty() }))).toBe('LS_TRUST_NO_REVOCATION');
    expect(under(rootCrlSpec(1))).toBe('LS_TRUST_NO_REVOCATION');
    expect(under(issuingCrlSpec(1))).toBe('LS_TRUST_NO_REVOCATION');
  });

  it('that is not known is not excused by onStale: warn', () => {
    const revocation = RevocationState.empty();
    expect(codeUnder(material({ revocation, onStale: 'warn' }))).toBe('LS_TRUST_NO_REVOCATION');
  });

  it('is said before anything about the age of the data', () => {
    const revocation = holding(issuingCrlSpec(1, [revoke(nodeSpec)]));
    expect(codeUnder(material({ revocation }))).toBe('LS_TRUST_REVOKED');
  });
});

describe('outdated revocation data', () => {
  const graceMs = 3_600_000;
  const old = NOW - 6 * DAY_MS;
  const stale = (onStale: 'deny' | 'warn') =>
    material({ revocation: holding(issuingCrlSpec(1, [], old), rootCrlSpec(1)), graceMs, onStale });

  it('is accepted until nextUpdate plus grace, and not a moment longer', () => {
    const fresh = material({ revocation: holding(issuingCrlSpec(1), rootCrlSpec(1)), graceMs });
    const end = unixMs(NOW + 3 * DAY_MS + graceMs);
    expect(codeUnder(fresh, end)).toBeUndefined();
    expect(codeUnder(fresh, unixMs(end + 1))).toBe('LS_TRUST_STALE_REVOCATION');
  });

  it('refuses everybody under deny', () => {
    expect(codeUnder(stale('deny'))).toBe('LS_TRUST_STALE_REVOCATION');
  });

  it('is used and marked under warn, which is the operator’s explicit choice', () => {
    expect(valueOf(judgeCertificate(stale('warn'), CHAIN, 'node', NOW)).staleRevocation).toBe(true);
  });

  it('still revokes under warn', () => {
    const revocation = holding(issuingCrlSpec(1, [revoke(nodeSpec)], old), rootCrlSpec(1));
    expect(codeUnder(material({ revocation, onStale: 'warn' }))).toBe('LS_TRUST_REVOKED');
  });

  it('of the root counts as much as that of the issuing CA', () => {
    const rootCrl = { ...rootCrlSpec(1), nextUpdate: NOW + DAY_MS };
    const trust = material({ revocation: holding(issuingCrlSpec(1), rootCrl), graceMs });
    expect(codeUnder(trust, unixMs(NOW + DAY_MS + graceMs + 1))).toBe('LS_TRUST_STALE_REVOCATION');
  });

  it('is made fresh by a delta', () => {
    const fresh = { ...deltaSpec(2, 1, []), thisUpdate: NOW, nextUpdate: NOW + 3 * DAY_MS };
    const revocation = holding(issuingCrlSpec(1, [], old), fresh, rootCrlSpec(1));
    expect(codeUnder(material({ revocation }))).toBeUndefined();
  });
});

describe('a clock that is turned back', () => {
  const later = NOW + 8 * 3_600_000;
  const shortLived = forgeCertificate({ ...nodeSpec, notAfter: NOW + 3_600_000 });

  it('does not bring an expired certificate back: the newest CRL shows how late it is', () => {
    const ahead = holding(issuingCrlSpec(1, [], later), rootCrlSpec(1));
    const judge = (revocation: RevocationState) =>
      codeOf(judgeCertificate(material({ revocation }), [shortLived, issuing], 'node', NOW));
    expect(judge(holding(issuingCrlSpec(1), rootCrlSpec(1)))).toBeUndefined();
    expect(judge(ahead)).toBe('LS_TRUST_EXPIRED');
  });

  it('does not do so at a recheck either', () => {
    const peer = valueOf(judgeCertificate(material(), [shortLived, issuing], 'node', NOW));
    const revocation = holding(issuingCrlSpec(1, [], later), rootCrlSpec(1));
    expect(codeOf(recheck(material({ revocation }), peer, NOW))).toBe('LS_TRUST_EXPIRED');
  });
});

describe('recheck', () => {
  const peer = valueOf(judgeCertificate(material(), CHAIN, 'node', NOW));
  const again = (changes: Partial<TrustMaterial>, now: number = NOW) =>
    recheck(material(changes), peer, unixMs(now));

  it('finds the same peer good later, by the newest CRL', () => {
    const revocation = holding(issuingCrlSpec(3), rootCrlSpec(1));
    const found = valueOf(again({ revocation }, NOW + 1000));
    expect(found).toEqual({ ...peer, judgedAt: NOW + 1000, crlNumber: 3 });
  });

  it.each([
    ['revoked', holding(issuingCrlSpec(2, [revoke(nodeSpec)]), rootCrlSpec(1)), 'LS_TRUST_REVOKED'],
    [
      'on hold',
      holding(issuingCrlSpec(2, [revoke(nodeSpec, 'certificateHold')]), rootCrlSpec(1)),
      'LS_TRUST_HELD',
    ],
    [
      'of a revoked issuing CA',
      holding(issuingCrlSpec(1), rootCrlSpec(2, [revoke(issuingSpec)])),
      'LS_TRUST_REVOKED',
    ],
    ['of unknown status', RevocationState.empty(), 'LS_TRUST_NO_REVOCATION'],
  ])('refuses a peer that is %s by now', (_what, revocation, code) => {
    expect(codeOf(again({ revocation }))).toBe(code);
  });

  it('refuses a peer once it expires', () => {
    const revocation = holding(issuingCrlSpec(1), rootCrlSpec(1));
    const long = material({ revocation, graceMs: 30 * DAY_MS });
    expect(codeOf(recheck(long, peer, peer.notAfter))).toBeUndefined();
    expect(codeOf(recheck(long, peer, unixMs(peer.notAfter + 1)))).toBe('LS_TRUST_EXPIRED');
  });

  it('refuses a peer before its notBefore', () => {
    const early = { ...issuingCrlSpec(1, [], NOW - DAY_MS) };
    const revocation = holding(early, { ...rootCrlSpec(1), thisUpdate: NOW - DAY_MS });
    expect(codeOf(again({ revocation }, nodeSpec.notBefore - 1))).toBe('LS_TRUST_NOT_YET_VALID');
  });

  it('refuses a peer whose revocation data has become outdated', () => {
    expect(codeOf(again({}, NOW + 5 * DAY_MS))).toBe('LS_TRUST_STALE_REVOCATION');
    expect(valueOf(again({ onStale: 'warn' }, NOW + 5 * DAY_MS)).staleRevocation).toBe(true);
  });

  it('refuses a peer whose root is no longer pinned', () => {
    const otherKey = testKey();
    const other = valueOf(
      parseCertificate(forgeCertificate({ ...rootSpec, key: otherKey, signer: otherKey })),
    );
    expect(codeOf(again({ bundle: { ...bundle, anchors: [other] } }))).toBe('LS_TRUST_UNKNOWN_ISSUER');
    expect(codeOf(again({ bundle: { ...bundle, anchors: [] } }))).toBe('LS_TRUST_UNKNOWN_ISSUER');
    const reread = valueOf(parseCertificate(root));
    expect(codeOf(again({ bundle: { ...bundle, anchors: [reread] } }))).toBeUndefined();
  });

  it('costs no signature check', () => {
    const crypto = {
      ...testCrypto,
      verify: (): boolean => {
        throw new Error('a signature was checked');
      },
    };
    expect(codeOf(again({ crypto }))).toBeUndefined();
  });
});

describe('a changed byte', () => {
  it('anywhere in the serial refuses the certificate', () => {
    const at = node.findIndex((_, i) => nodeSpec.serial.every((byte, j) => node[i + j] === byte));
    for (let i = 0; i < 16; i++) {
      expect(judgeCertificate(material(), [flipped(node, at + i), issuing], 'node', NOW).ok).toBe(false);
    }
  });
});
