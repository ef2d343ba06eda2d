import { describe, expect, it } from 'vitest';
import { makeTrustBundle, MAX_ANCHORS } from '../../../src/trust/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { forgeCertificate, withExtensions, type CertificateSpec } from '../../support/forge/certificate.ts';
import { unknownExtension } from '../../support/forge/crl.ts';
import { basicConstraints, keyUsage } from '../../support/forge/extensions.ts';
import { flipped, issuing, NOW, root, rootSpec, TRUST_DOMAIN } from '../../support/forge/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const make = (roots: readonly Uint8Array[], trustDomain = TRUST_DOMAIN) =>
  makeTrustBundle(trustDomain, roots, testCrypto);
const causeOf = (der: Uint8Array): string | undefined => {
  const made = make([der]);
  expect(codeOf(made)).toBe('LS_TRUST_BUNDLE');
  return made.ok ? undefined : made.error.cause?.code;
};
const causeOfSpec = (spec: CertificateSpec): string | undefined => causeOf(forgeCertificate(spec));

describe('a trust bundle', () => {
  it('is named by the key of its first root', () => {
    const key = testKey();
    const next = forgeCertificate({ ...rootSpec, key, signer: key });
    expect(valueOf(make([root])).domainId).toEqual(testCrypto.sha256(rootSpec.key.spki));
    expect(valueOf(make([root, next])).domainId).toEqual(valueOf(make([root])).domainId);
    expect(valueOf(make([next, root])).domainId).not.toEqual(valueOf(make([root])).domainId);
  });

  it('may hold a root that has expired: dates are judged with every path', () => {
    expect(make([forgeCertificate({ ...rootSpec, notAfter: NOW - 1000 })]).ok).toBe(true);
  });

  it('is not made of nothing, or of too many roots', () => {
    expect(codeOf(make([]))).toBe('LS_TRUST_BUNDLE');
    expect(make(Array.from({ length: MAX_ANCHORS }, () => root)).ok).toBe(true);
    expect(codeOf(make(Array.from({ length: MAX_ANCHORS + 1 }, () => root)))).toBe('LS_TRUST_BUNDLE');
  });

  it.each([
    '',
    'mesh',
    'Mesh.internal',
    'mesh..internal',
    '.internal',
    'mesh.internal.',
    'me sh.internal',
    'a/b.c',
  ])('is not made for the trust domain "%s"', (trustDomain) => {
    expect(codeOf(make([root], trustDomain))).toBe('LS_TRUST_BUNDLE');
  });
});

describe('a root', () => {
  it('is a certificate', () => {
    expect(causeOf(Uint8Array.of(1))).toMatch(/^LS_DER_/);
    expect(causeOf(root.subarray(0, 50))).toMatch(/^LS_DER_/);
  });

  it('is signed by itself', () => {
    expect(causeOf(issuing)).toBe('LS_TRUST_SIGNATURE');
    expect(causeOfSpec({ ...rootSpec, signer: testKey() })).toBe('LS_TRUST_SIGNATURE');
    expect(causeOf(flipped(root, root.length - 1))).toBe('LS_TRUST_SIGNATURE');
  });

  it('is signed with the algorithm of its key', () => {
    expect(causeOfSpec({ ...rootSpec, claimedAlgorithm: 'Ed25519' })).toBe('LS_TRUST_ALGORITHM');
  });

  it('is a CA that may sign certificates and CRLs', () => {
    expect(causeOfSpec(withExtensions(rootSpec, { basicConstraints: basicConstraints(false) }))).toBe(
      'LS_TRUST_NOT_A_CA',
    );
    expect(causeOfSpec(withExtensions(rootSpec, { keyUsage: keyUsage('cRLSign') }))).toBe(
      'LS_TRUST_KEY_USAGE',
    );
    expect(causeOfSpec(withExtensions(rootSpec, { keyUsage: keyUsage('keyCertSign') }))).toBe(
      'LS_TRUST_KEY_USAGE',
    );
    expect(causeOfSpec(withExtensions(rootSpec, { keyUsage: undefined }))).toBe('LS_TRUST_KEY_USAGE');
  });

  it('has a key identifier and no critical extension that is not known', () => {
    expect(causeOfSpec(withExtensions(rootSpec, { subjectKeyId: undefined }))).toBe('LS_TRUST_KEY_ID');
    expect(causeOfSpec(withExtensions(rootSpec, { x: unknownExtension(true) }))).toBe(
      'LS_TRUST_CRITICAL_EXTENSION',
    );
  });
});
