import type { Lint } from './lint.ts';

/** The one algorithm that the issuer's key implies. Source: RFC 5280 §4.1.1.2. */
export const signatureAlgorithm: Lint = {
  rule: 'signature-algorithm',
  check({ certificate, issuer }) {
    const { algorithm, oid } = certificate.signatureAlgorithm;
    if (algorithm === null) return `signature algorithm ${oid}`;
    const expected = issuer === 'self' ? certificate.keyAlgorithm : (issuer?.algorithm ?? algorithm);
    return algorithm === expected
      ? undefined
      : `${algorithm}, the issuer's key is for ${expected ?? 'nothing'}`;
  },
};
