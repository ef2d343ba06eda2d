import type { Lint } from './lint.ts';

/** Not longer than the profile says, and within the issuer's own validity. Source: RFC 5280 §4.1.2.5. */
export const validity: Lint = {
  rule: 'validity',
  check({ certificate: { notBefore, notAfter }, profile, issuer }) {
    if (notAfter <= notBefore) return 'notAfter is not after notBefore';
    if (notAfter - notBefore > profile.lifetimeMs + profile.backdateMs)
      return 'valid for longer than the profile says';
    if (issuer === undefined || issuer === 'self') return undefined;
    const outlives = notBefore < issuer.certificate.notBefore || notAfter > issuer.certificate.notAfter;
    return outlives ? 'valid outside of the validity of its issuer' : undefined;
  },
};
