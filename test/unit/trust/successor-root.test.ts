import { describe, expect, it } from 'vitest';
import { toHex, unixMs, type UnixMs } from '../../../src/std/index.ts';
import {
  acceptRoot,
  judgeCertificate,
  makeTrustBundle,
  MAX_ANCHORS,
  RevocationState,
  type TrustMaterial,
} from '../../../src/trust/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { forgeCertificate, withExtensions, type CertificateSpec } from '../../support/forge/certificate.ts';
import { unknownExtension, type RevokedSpec } from '../../support/forge/crl.ts';
import {
  authorityKeyId,
  basicConstraints,
  dns,
  extendedKeyUsage,
  keyUsage,
  nameConstraints,
  SERVER_AUTH,
  subjectKeyId,
} from '../../support/forge/extensions.ts';
import {
  DAY_MS,
  flipped,
  issuing,
  issuingCrlSpec,
  issuingSpec,
  keyIdOf,
  node,
  NOW,
  root,
  rootCrlSpec,
  rootName,
  rootSpec,
  serial,
  TRUST_DOMAIN,
} from '../../support/forge/pki.ts';
import { distinguishedName } from '../../support/forge/signed.ts';
import { bundle, holding, material } from '../../support/forge/trust.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const nextKey = testKey();
const nextName = distinguishedName(['O', 'lifesign'], ['CN', 'second root of mesh.internal']);
const nextSpec: CertificateSpec = {
  ...rootSpec,
  serial: serial('next root'),
  issuer: nextName,
  subject: nextName,
  notBefore: NOW - DAY_MS,
  key: nextKey,
  signer: nextKey,
  extensions: { ...rootSpec.extensions, subjectKeyId: subjectKeyId(keyIdOf(nextKey)) },
};
const crossSpec: CertificateSpec = {
  ...nextSpec,
  serial: serial('cross'),
  issuer: rootName,
  signer: rootSpec.key,
  extensions: { ...nextSpec.extensions, authorityKeyId: authorityKeyId(keyIdOf(rootSpec.key)) },
};
const next = forgeCertificate(nextSpec);
const cross = forgeCertificate(crossSpec);

const offer = (
  parts: { readonly root?: Uint8Array; readonly cross?: Uint8Array } = {},
  trust: TrustMaterial = material(),
  now: UnixMs = NOW,
) => acceptRoot(trust, { root: parts.root ?? next, cross: parts.cross ?? cross }, now);
const codeOfCross = (spec: CertificateSpec) => codeOf(offer({ cross: forgeCertificate(spec) }));
const codeOfRoot = (spec: CertificateSpec) => codeOf(offer({ root: forgeCertificate(spec) }));
const bundleOf = (roots: readonly Uint8Array[]) => valueOf(makeTrustBundle(TRUST_DOMAIN, roots, testCrypto));

describe('a new root that a pinned one has certified', () => {
  it('is pinned after the others, and the domain keeps its id', () => {
    const grown = valueOf(offer());
    expect(grown.anchors.map(({ der }) => der)).toEqual([root, next]);
    expect(grown.domainId).toEqual(bundle.domainId);
    expect(valueOf(makeTrustBundle(TRUST_DOMAIN, [root, next], testCrypto)).domainId).toEqual(grown.domainId);
  });

  it('lets what the old root certified be good as before', () => {
    const trust = material({ bundle: valueOf(offer()) });
    expect(judgeCertificate(trust, [node, issuing], 'node', NOW).ok).toBe(true);
  });

  it('vouches for the one after it', () => {
    const thirdKey = testKey();
    const ids = { subjectKeyId: subjectKeyId(keyIdOf(thirdKey)) };
    const third = withExtensions({ ...nextSpec, key: thirdKey, signer: thirdKey }, ids);
    const name = distinguishedName(['CN', 'third root']);
    const rootThree = forgeCertificate({ ...third, issuer: name, subject: name });
    const crossThree = forgeCertificate(
      withExtensions(
        { ...third, issuer: nextName, subject: name, signer: nextKey },
        { authorityKeyId: authorityKeyId(keyIdOf(nextKey)) },
      ),
    );
    const pair = { root: rootThree, cross: crossThree };
    expect(codeOf(offer(pair))).toBe('LS_TRUST_UNKNOWN_ISSUER');
    // Pinned, yet without a CRL of its own nothing that it signed counts.
    expect(codeOf(offer(pair, material({ bundle: valueOf(offer()) })))).toBe('LS_TRUST_NO_REVOCATION');
  });

  it('changes nothing when it is pinned already, whatever comes with it', () => {
    const grown = valueOf(offer());
    expect(valueOf(offer({ cross: Uint8Array.of(1) }, material({ bundle: grown })))).toBe(grown);
    expect(valueOf(offer({ root, cross: root }))).toBe(bundle);
  });

  it(`is refused beside ${MAX_ANCHORS} others, and pinned beside one less`, () => {
    const others = Array.from({ length: MAX_ANCHORS - 1 }, () => {
      const key = testKey();
      const name = distinguishedName(['CN', toHex(keyIdOf(key))]);
      const ids = { subjectKeyId: subjectKeyId(keyIdOf(key)) };
      return forgeCertificate(
        withExtensions({ ...rootSpec, key, signer: key, issuer: name, subject: name }, ids),
      );
    });
    const full = material({ bundle: bundleOf([root, ...others]) });
    expect(codeOf(offer({}, full))).toBe('LS_TRUST_BUNDLE');
    const roomy = material({ bundle: bundleOf([root, ...others.slice(1)]) });
    expect(valueOf(offer({}, roomy)).anchors).toHaveLength(MAX_ANCHORS);
  });
});

describe('a cross certificate', () => {
  it('is read strictly', () => {
    expect(codeOf(offer({ cross: Uint8Array.of(1) }))).toMatch(/^LS_DER_/);
    expect(codeOf(offer({ cross: cross.subarray(0, 80) }))).toMatch(/^LS_DER_/);
  });

  it('is signed by a pinned root', () => {
    expect(codeOf(offer({ cross: flipped(cross, cross.length - 1) }))).toBe('LS_TRUST_SIGNATURE');
    expect(codeOfCross({ ...crossSpec, signer: testKey() })).toBe('LS_TRUST_SIGNATURE');
    expect(codeOfCross({ ...crossSpec, issuer: distinguishedName(['CN', 'nobody']) })).toBe(
      'LS_TRUST_UNKNOWN_ISSUER',
    );
    expect(codeOf(offer({ cross: next }))).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });

  it('is not signed by an issuing CA', () => {
    const byIssuing = { ...crossSpec, issuer: issuingSpec.subject, signer: issuingSpec.key };
    const ids = { authorityKeyId: authorityKeyId(keyIdOf(issuingSpec.key)) };
    expect(codeOfCross(withExtensions(byIssuing, ids))).toBe('LS_TRUST_UNKNOWN_ISSUER');
  });

  it('is for the name, the key and the key identifier of the new root', () => {
    expect(codeOfCross({ ...crossSpec, subject: distinguishedName(['CN', 'other']) })).toBe(
      'LS_TRUST_NEW_ROOT',
    );
    expect(codeOfCross({ ...crossSpec, key: testKey() })).toBe('LS_TRUST_NEW_ROOT');
    const ids = (subjectId: Uint8Array | undefined) =>
      codeOfCross(withExtensions(crossSpec, { subjectKeyId: subjectId }));
    expect(ids(subjectKeyId(keyIdOf(testKey())))).toBe('LS_TRUST_NEW_ROOT');
    expect(ids(undefined)).toBe('LS_TRUST_NEW_ROOT');
  });

  it('is not that of an issuing CA, whose thief would make a root of its key', () => {
    const { key, subject } = issuingSpec;
    const stolen = withExtensions(
      { ...rootSpec, issuer: subject, subject, key, signer: key },
      { subjectKeyId: subjectKeyId(keyIdOf(key)) },
    );
    expect(codeOf(offer({ root: forgeCertificate(stolen), cross: issuing }))).toBe('LS_TRUST_NEW_ROOT');
  });

  it.each([
    ['a path length', { basicConstraints: basicConstraints(true, 0) }],
    ['names', { nameConstraints: nameConstraints({ permitted: [dns(TRUST_DOMAIN)] }) }],
    ['purposes', { extendedKeyUsage: extendedKeyUsage(SERVER_AUTH) }],
  ])('is not limited by %s', (_what, extensions) => {
    expect(codeOfCross(withExtensions(crossSpec, extensions))).toBe('LS_TRUST_NEW_ROOT');
  });

  it('is that of a CA which may sign certificates and CRLs', () => {
    const codeWith = (extensions: CertificateSpec['extensions']) =>
      codeOfCross(withExtensions(crossSpec, extensions));
    expect(codeWith({ basicConstraints: basicConstraints(false) })).toBe('LS_TRUST_WRONG_ROLE');
    expect(codeWith({ keyUsage: keyUsage('keyCertSign') })).toBe('LS_TRUST_WRONG_ROLE');
    expect(codeWith({ odd: unknownExtension(true) })).toBe('LS_TRUST_CRITICAL_EXTENSION');
  });

  it('is in its time, and its issuer is', () => {
    expect(codeOfCross({ ...crossSpec, notAfter: NOW - 1000 })).toBe('LS_TRUST_EXPIRED');
    expect(codeOfCross({ ...crossSpec, notBefore: NOW + DAY_MS })).toBe('LS_TRUST_NOT_YET_VALID');
    const old = { ...rootSpec, notAfter: NOW - 1000 };
    const trust = material({ bundle: bundleOf([forgeCertificate(old)]) });
    expect(codeOf(offer({}, trust))).toBe('LS_TRUST_EXPIRED');
  });

  it('is not revoked, and known not to be', () => {
    const revoked: RevokedSpec = { serialHex: toHex(crossSpec.serial), revokedAt: NOW - 1000 };
    const trust = (revocation: RevocationState) => material({ revocation });
    expect(codeOf(offer({}, trust(holding(issuingCrlSpec(1), rootCrlSpec(2, [revoked])))))).toBe(
      'LS_TRUST_REVOKED',
    );
    expect(codeOf(offer({}, trust(RevocationState.empty())))).toBe('LS_TRUST_NO_REVOCATION');
  });

  it('is not taken on stale revocation data, though the operator goes on with it', () => {
    const late = unixMs(NOW + 200 * DAY_MS);
    expect(codeOf(offer({}, material({ onStale: 'warn' }), late))).toBe('LS_TRUST_STALE_REVOCATION');
  });
});

describe('the new root itself', () => {
  it('is read strictly', () => {
    expect(codeOf(offer({ root: Uint8Array.of(1) }))).toMatch(/^LS_DER_/);
    expect(codeOf(offer({ root: next.subarray(0, 80) }))).toMatch(/^LS_DER_/);
  });

  it('is signed by itself: what the old root certified proves no wish of the new key', () => {
    expect(codeOf(offer({ root: cross }))).toBe('LS_TRUST_SIGNATURE');
    expect(codeOf(offer({ root: flipped(next, next.length - 1) }))).toBe('LS_TRUST_SIGNATURE');
  });

  it('is a CA that may sign certificates and CRLs', () => {
    const codeWith = (extensions: CertificateSpec['extensions']) =>
      codeOfRoot(withExtensions(nextSpec, extensions));
    expect(codeWith({ basicConstraints: basicConstraints(false) })).toBe('LS_TRUST_NOT_A_CA');
    expect(codeWith({ keyUsage: keyUsage('keyCertSign') })).toBe('LS_TRUST_KEY_USAGE');
    expect(codeWith({ subjectKeyId: undefined })).toBe('LS_TRUST_KEY_ID');
  });

  it('is in its time', () => {
    expect(codeOfRoot({ ...nextSpec, notAfter: NOW - 1000 })).toBe('LS_TRUST_EXPIRED');
    expect(codeOfRoot({ ...nextSpec, notBefore: NOW + DAY_MS })).toBe('LS_TRUST_NOT_YET_VALID');
  });

  it('has a key that is not pinned yet', () => {
    const again = forgeCertificate({ ...rootSpec, serial: serial('again') });
    const over = forgeCertificate(withExtensions({ ...rootSpec, serial: serial('over') }, {}));
    expect(codeOf(offer({ root: again, cross: over }))).toBe('LS_TRUST_NEW_ROOT');
  });

  it('does not take name and key identifier of a pinned one, to answer for its CRLs', () => {
    const ids = { subjectKeyId: subjectKeyId(keyIdOf(rootSpec.key)) };
    const twin = withExtensions({ ...nextSpec, issuer: rootName, subject: rootName }, ids);
    const over = withExtensions({ ...crossSpec, subject: rootName }, ids);
    expect(codeOf(offer({ root: forgeCertificate(twin), cross: forgeCertificate(over) }))).toBe(
      'LS_TRUST_NEW_ROOT',
    );
  });
});
