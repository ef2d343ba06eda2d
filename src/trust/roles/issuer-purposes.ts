import { fault, type Fault } from '../../std/index.ts';
import { keyPurposes, type Certificate, type KeyPurpose } from '../../x509/index.ts';

/**
 * A CA whose own certificate lists purposes certifies nobody for others. RFC 5280 leaves it open; OpenSSL has it so, and
 * a CA limited that way must not be worth more here.
 * `issuers`: from the target's issuer up to the anchor. Error: LS_TRUST_WRONG_ROLE.
 */
export function checkIssuerPurposes(
  issuers: readonly Certificate[],
  purposes: readonly KeyPurpose[],
): Fault | undefined {
  const limited = issuers.find(({ extensions }) => {
    const listed = extensions.extendedKeyUsage?.value;
    return listed !== undefined && !purposes.every((purpose) => listed.includes(keyPurposes[purpose]));
  });
  if (limited === undefined) return undefined;
  return fault('LS_TRUST_WRONG_ROLE', `certificate ${limited.serialHex} certifies for other purposes only`);
}
