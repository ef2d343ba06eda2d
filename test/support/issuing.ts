import type { Authority, CrlPublication, CurrentCrls, IssuingCrls } from '../../src/authority/index.ts';

/** With those of the active issuing CA at hand. */
export function ofActive(crls: CurrentCrls): CurrentCrls & IssuingCrls {
  const [first] = crls.issuing;
  if (first === undefined) throw new Error('a CA has the CRLs of an issuing CA');
  return { ...crls, ...first };
}

/** DER of the certificate of the active issuing CA. */
export function activeIssuing(authority: Pick<Authority, 'bundle'>): Uint8Array {
  const [first] = authority.bundle().issuing;
  if (first === undefined) throw new Error('no issuing CA is left');
  return first;
}

/** What relying parties of the tests pin, and the active issuing CA. */
export function activeBundle(authority: Pick<Authority, 'bundle'>) {
  return { ...authority.bundle(), issuing: activeIssuing(authority) };
}

/** DER of the CRL of a domain that has one issuing CA. */
export function onlyList(crl: CrlPublication | undefined): Uint8Array {
  const [first, ...others] = crl?.lists ?? [];
  if (first === undefined || others.length > 0) throw new Error('one issuing CA, one CRL');
  return first;
}
