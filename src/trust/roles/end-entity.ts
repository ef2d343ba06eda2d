import { fault, type Fault } from '../../std/index.ts';
import { keyPurposes, type Certificate, type KeyPurpose } from '../../x509/index.ts';
import { MAX_END_ENTITY_LIFETIME_MS } from '../lifetime.ts';

/**
 * What every end-entity certificate of ours has in common: no CA, a key that may sign and nothing else, a life
 * not longer than revocation entries are kept, and exactly the purposes of its role, so that no certificate
 * serves in two roles. Errors: LS_TRUST_WRONG_ROLE, LS_TRUST_LIFETIME.
 */
export function checkEndEntity(certificate: Certificate, purposes: readonly KeyPurpose[]): Fault | undefined {
  return (
    checkNoCa(certificate) ??
    checkOnlySigns(certificate) ??
    checkPurposes(certificate, purposes) ??
    checkLifetime(certificate)
  );
}

function checkNoCa({ serialHex, extensions }: Certificate): Fault | undefined {
  if (extensions.basicConstraints?.value.ca !== true) return undefined;
  return fault('LS_TRUST_WRONG_ROLE', `certificate ${serialHex} is a CA`);
}

/** Source: X509-SVID §4.3 (digitalSignature set, keyCertSign and cRLSign not). */
function checkOnlySigns({ serialHex, extensions }: Certificate): Fault | undefined {
  const usage = extensions.keyUsage?.value;
  if (usage?.size === 1 && usage.has('digitalSignature')) return undefined;
  return fault('LS_TRUST_WRONG_ROLE', `keyUsage of certificate ${serialHex} is not exactly digitalSignature`);
}

function checkPurposes(
  { serialHex, extensions }: Certificate,
  purposes: readonly KeyPurpose[],
): Fault | undefined {
  const expected = purposes.map((purpose) => keyPurposes[purpose] as string).sort();
  const found = [...(extensions.extendedKeyUsage?.value ?? [])].sort();
  if (found.length === expected.length && found.every((oid, i) => oid === expected[i])) return undefined;
  return fault(
    'LS_TRUST_WRONG_ROLE',
    `extKeyUsage of certificate ${serialHex} is not exactly ${purposes.join(', ')}`,
  );
}

function checkLifetime({ serialHex, notBefore, notAfter }: Certificate): Fault | undefined {
  if (notAfter - notBefore <= MAX_END_ENTITY_LIFETIME_MS) return undefined;
  return fault('LS_TRUST_LIFETIME', `certificate ${serialHex} is valid for ${notAfter - notBefore} ms`);
}
