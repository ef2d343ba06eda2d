import { equalBytes } from '../../std/index.ts';
import type { Lint } from './lint.ts';

/**
 * The issuer's key identifier and nothing else, not critical; left out only in self-signed certificates.
 * Source: RFC 5280 §4.2.1.1.
 */
export const authorityKeyId: Lint = {
  rule: 'authority-key-id',
  check({ certificate, profile, issuer }) {
    const extension = certificate.extensions.authorityKeyId;
    const selfSigned = profile.kind === 'authority' && profile.selfSigned;
    if (extension === undefined) return selfSigned ? undefined : 'missing';
    if (extension.critical) return 'critical';
    const { keyId, issuer: issuerNames } = extension.value;
    if (keyId === undefined || issuerNames !== undefined) return 'not a key identifier alone';
    if (issuer === undefined || issuer === 'self') return undefined;
    return equalBytes(keyId, issuer.keyId) ? undefined : "not the issuer's key identifier";
  },
};
