import { parseCertificate } from '../certificate.ts';
import type { Issuer } from '../issuance/request.ts';
import type { Profile } from '../profiles/profile.ts';
import { authorityInfoAccess } from './authority-info-access.ts';
import { authorityKeyId } from './authority-key-id.ts';
import { basicConstraints } from './basic-constraints.ts';
import { crlDistributionPoints } from './crl-distribution-points.ts';
import { extendedKeyUsage } from './extended-key-usage.ts';
import { hostNames } from './host-names.ts';
import { issuerName } from './issuer-name.ts';
import { keyUsage } from './key-usage.ts';
import { knownExtensions } from './known-extensions.ts';
import type { Lint, LintFinding } from './lint.ts';
import { nameConstraints } from './name-constraints.ts';
import { ocspNoCheck } from './ocsp-no-check.ts';
import { serialNumber } from './serial-number.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import { spiffeId } from './spiffe-id.ts';
import { subjectAltName } from './subject-alt-name.ts';
import { subjectKeyId } from './subject-key-id.ts';
import { subjectKey } from './subject-key.ts';
import { subjectName } from './subject-name.ts';
import { validity } from './validity.ts';
import { version } from './version.ts';

export type { LintFinding } from './lint.ts';

/** Every rule, in the order of the certificate's fields. */
export const lints: readonly Lint[] = [
  version,
  serialNumber,
  signatureAlgorithm,
  issuerName,
  validity,
  subjectName,
  subjectKey,
  subjectKeyId,
  authorityKeyId,
  basicConstraints,
  keyUsage,
  extendedKeyUsage,
  subjectAltName,
  spiffeId,
  hostNames,
  nameConstraints,
  crlDistributionPoints,
  authorityInfoAccess,
  ocspNoCheck,
  knownExtensions,
];

/**
 * Everything in a certificate that is not as its profile and the house rules want it; empty means fit to sign.
 * Rules about the issuer are checked as far as `issuer` is given. The signature is not looked at.
 */
export function lintCertificate(
  profile: Profile,
  der: Uint8Array,
  issuer?: Issuer | 'self',
): readonly LintFinding[] {
  const parsed = parseCertificate(der);
  if (!parsed.ok) return [{ rule: 'well-formed', detail: `${parsed.error.code}: ${parsed.error.detail}` }];
  const target = { profile, certificate: parsed.value, issuer };
  return lints.flatMap(({ rule, check }) => {
    const detail = check(target);
    return detail === undefined ? [] : [{ rule, detail }];
  });
}
