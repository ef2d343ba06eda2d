import type { Authority, CrlPublication, CurrentCrls, IssuingCrls } from '../../src/authority/index.ts';

/** The CRLs of the active issuing CA and of the genesis root, and what is said of all. */
export function ofActive(crls: CurrentCrls): CurrentCrls & IssuingCrls & GenesisCrl {
  const [active] = crls.issuing;
  if (active === undefined) throw new RangeError('a CA has the CRLs of an issuing CA');
  return { ...crls, ...active, ...ofRoot(crls) };
}

export interface GenesisCrl {
  readonly root: Uint8Array;
  readonly rootNumber: number;
}

/** The CRL of the genesis root. */
export function ofRoot({ roots: [genesis] }: Pick<CurrentCrls, 'roots'>): GenesisCrl {
  if (genesis === undefined) throw new RangeError('a CA has the CRL of its root');
  return { root: genesis.der, rootNumber: genesis.number };
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
