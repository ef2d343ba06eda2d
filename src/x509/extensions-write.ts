import {
  contextPrimitive,
  derBoolean,
  derContext,
  derElement,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUnsigned,
} from '../codec/index.ts';
import { encodeDistributionPoints, encodeIssuingDistributionPoint } from './distribution-point.ts';
import { keyUsageBits, MAX_RELEASES } from './extension-values.ts';
import type { BasicConstraints, KeyUsage, NameConstraints } from './extensions.ts';
import { encodeGeneralName, type GeneralName, type NameConstraintBase } from './general-name.ts';
import { oids } from './oids.ts';

/** DER of one Extension around the DER of its value. Source: RFC 5280 §4.2. */
export function encodeExtension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), ...(critical ? [derBoolean(true)] : []), derOctetString(value));
}

/** Critical, as CAs must. Source: RFC 5280 §4.2.1.9. */
export function basicConstraintsExtension({ ca, pathLen }: BasicConstraints): Uint8Array {
  const members = [
    ca ? derBoolean(true) : undefined,
    pathLen === undefined ? undefined : derUnsigned(pathLen),
  ];
  return encodeExtension(
    oids.basicConstraints,
    true,
    derSequence(...members.filter((member) => member !== undefined)),
  );
}

/** Critical. Source: RFC 5280 §4.2.1.3. */
export function keyUsageExtension(usages: Iterable<KeyUsage>): Uint8Array {
  const bits = [...usages].map((usage) => keyUsageBits.indexOf(usage));
  return encodeExtension(oids.keyUsage, true, derNamedBits(bits));
}

/** Not critical, so that stock clients which know only some of the purposes accept it. Source: RFC 5280 §4.2.1.12. */
export function extendedKeyUsageExtension(purposes: readonly string[]): Uint8Array {
  return encodeExtension(oids.extendedKeyUsage, false, derSequence(...purposes.map(derOid)));
}

/** Must be critical when the subject is empty. Source: RFC 5280 §4.2.1.6. */
export function subjectAltNameExtension(names: readonly GeneralName[], critical = false): Uint8Array {
  return encodeExtension(oids.subjectAltName, critical, derSequence(...names.map(encodeGeneralName)));
}

/** Critical. Source: RFC 5280 §4.2.1.10. */
export function nameConstraintsExtension({ permitted, excluded }: NameConstraints): Uint8Array {
  const sides = [subtrees(0, permitted), subtrees(1, excluded)].filter((side) => side !== undefined);
  return encodeExtension(oids.nameConstraints, true, derSequence(...sides));
}

/** Source: RFC 5280 §4.2.1.2. */
export function subjectKeyIdExtension(keyId: Uint8Array): Uint8Array {
  return encodeExtension(oids.subjectKeyIdentifier, false, derOctetString(keyId));
}

/** Key identifier only. Source: RFC 5280 §4.2.1.1. */
export function authorityKeyIdExtension(keyId: Uint8Array): Uint8Array {
  return encodeExtension(
    oids.authorityKeyIdentifier,
    false,
    derSequence(derElement(contextPrimitive(0), keyId)),
  );
}

/** Where the full CRL is published. Source: RFC 5280 §4.2.1.13. */
export function crlDistributionPointsExtension(urls: readonly string[]): Uint8Array {
  return encodeExtension(oids.crlDistributionPoints, false, encodeDistributionPoints(urls));
}

/** Where delta CRLs are published. Source: RFC 5280 §4.2.1.15 and §5.2.6. */
export function freshestCrlExtension(urls: readonly string[]): Uint8Array {
  return encodeExtension(oids.freshestCrl, false, encodeDistributionPoints(urls));
}

/** Where OCSP answers about the certificate. Source: RFC 5280 §4.2.2.1, RFC 6960 §3.1. */
export function ocspAccessExtension(urls: readonly string[]): Uint8Array {
  const points = urls.map((value) =>
    derSequence(derOid(oids.ocspAccess), encodeGeneralName({ kind: 'uri', value })),
  );
  return encodeExtension(oids.authorityInfoAccess, false, derSequence(...points));
}

/** Source: RFC 6960 §4.2.2.2.1. */
export function ocspNoCheckExtension(): Uint8Array {
  return encodeExtension(oids.ocspNoCheck, false, derNull());
}

/** Source: RFC 5280 §5.2.3. */
export function crlNumberExtension(number: number): Uint8Array {
  return encodeExtension(oids.crlNumber, false, derUnsigned(number));
}

/** Critical. Source: RFC 5280 §5.2.4. */
export function deltaCrlIndicatorExtension(baseNumber: number): Uint8Array {
  return encodeExtension(oids.deltaCrlIndicator, true, derUnsigned(baseNumber));
}

/** Critical; full scope. Source: RFC 5280 §5.2.5. */
export function issuingDistributionPointExtension(urls: readonly string[]): Uint8Array {
  return encodeExtension(oids.issuingDistributionPoint, true, encodeIssuingDistributionPoint(urls));
}

/** Not critical: who does not know it goes by the entries of the CRL alone. */
export function releasesExtension(records: readonly Uint8Array[]): Uint8Array {
  if (records.length > MAX_RELEASES) throw new RangeError(`more than ${MAX_RELEASES} release records`);
  const value = derSequence(...records.map((record) => derOctetString(record)));
  return encodeExtension(oids.lifesignReleases, false, value);
}

function subtrees(number: number, bases: readonly NameConstraintBase[]): Uint8Array | undefined {
  if (bases.length === 0) return undefined;
  return derContext(number, ...bases.map((base) => derSequence(encodeGeneralName(base))));
}
