import { equalBytes } from '../../std/index.ts';
import type { Certificate, CertificateList, GeneralName } from '../../x509/index.ts';

/**
 * True when the CRL speaks for `certificate`, which its issuer signed. Without issuingDistributionPoint it speaks
 * for all of them; with one that names places, for those certificates that point at one of them. A name relative
 * to the issuer is compared with nothing. CRLs limited in another way are not held at all.
 * Source: RFC 5280 §5.2.5, §6.3.3 (b)(2)(i).
 */
export function coversCertificate({ extensions }: CertificateList, certificate: Certificate): boolean {
  const scope = extensions.issuingDistributionPoint?.value;
  if (scope === undefined) return true;
  if (scope.relative) return false;
  if (scope.fullName.length === 0) return true;
  const points = certificate.extensions.crlDistributionPoints?.value ?? [];
  return points.some(
    ({ fullName, crlIssuer, partialReasons }) =>
      crlIssuer.length === 0 && !partialReasons && shareName(fullName, scope.fullName),
  );
}

/** True when both CRLs have the same issuingDistributionPoint, or none. Source: RFC 5280 §5.2.4 (b), §6.3.3 (c)(2). */
export function sameScope(one: CertificateList, other: CertificateList): boolean {
  const [a, b] = [one, other].map(({ extensions }) => extensions.issuingDistributionPoint?.value);
  if (a === undefined || b === undefined) return a === b;
  if (a.relative || b.relative || a.fullName.length !== b.fullName.length) return false;
  return a.fullName.every((name, i) => sameName(name, b.fullName[i]));
}

function shareName(some: readonly GeneralName[], others: readonly GeneralName[]): boolean {
  return some.some((name) => others.some((other) => sameName(name, other)));
}

/** The same form and the same content, byte for byte. */
function sameName(name: GeneralName, other: GeneralName | undefined): boolean {
  switch (name.kind) {
    case 'uri':
    case 'dns':
    case 'email':
      return other?.kind === name.kind && other.value === name.value;
    case 'directory':
      return other?.kind === name.kind && equalBytes(other.name.der, name.name.der);
    case 'ip':
    case 'registered-id':
    case 'other':
      return false;
  }
}
