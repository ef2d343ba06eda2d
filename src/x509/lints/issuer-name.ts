import { equalBytes } from '../../std/index.ts';
import type { Lint } from './lint.ts';

/** The issuer's subject byte by byte; equal to the subject exactly in self-signed profiles. Source: RFC 5280 §4.1.2.4. */
export const issuerName: Lint = {
  rule: 'issuer-name',
  check({ certificate, profile, issuer }) {
    if (certificate.issuerName.rdns.length === 0) return 'the issuer name is empty';
    const selfIssued = equalBytes(certificate.issuer, certificate.subject);
    const selfSigned = profile.kind === 'authority' && profile.selfSigned;
    if (selfIssued !== selfSigned)
      return selfIssued ? 'issuer and subject are the same' : 'issuer and subject differ';
    if (issuer === undefined || issuer === 'self') return undefined;
    return equalBytes(certificate.issuer, issuer.certificate.subject)
      ? undefined
      : "not the issuer's subject";
  },
};
