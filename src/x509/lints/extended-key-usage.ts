import { keyPurposes } from '../oids.ts';
import type { Lint } from './lint.ts';

/**
 * Exactly the profile's purposes, so that no certificate serves in two roles; none in authorities.
 * Source: RFC 5280 §4.2.1.12.
 */
export const extendedKeyUsage: Lint = {
  rule: 'extended-key-usage',
  check({ certificate, profile }) {
    const found = certificate.extensions.extendedKeyUsage?.value;
    if (profile.kind === 'authority') return found === undefined ? undefined : 'present in an authority';
    const expected: readonly string[] = profile.purposes.map((purpose) => keyPurposes[purpose]);
    const same = found?.length === expected.length && expected.every((oid) => found.includes(oid));
    return same ? undefined : `${found?.join(', ') ?? 'nothing'} instead of ${profile.purposes.join(', ')}`;
  },
};
