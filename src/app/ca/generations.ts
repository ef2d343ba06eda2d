import type { Authority, AuthorityStore, IssuerRow } from '../../authority/index.ts';
import { fault, LsError, ok } from '../../std/index.ts';

/** One issuing CA of a store, as far as it concerns keys. */
export type Generation = Pick<IssuerRow, 'generation' | 'state' | 'certificate'>;

/** All that the store knows of, by generation. Throws LS_CA_STORE_*, LS_CA_NOT_INITIALISED. */
export async function readGenerations(store: AuthorityStore): Promise<readonly Generation[]> {
  const read = await store.read(async (tx) => ok(await tx.issuers()));
  if (!read.ok) throw new LsError(read.error);
  if (read.value.length === 0) throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA'));
  return read.value;
}

/** Of the roots that the store knows of. Throws LS_CA_STORE_*. */
export async function readRootGenerations(store: AuthorityStore): Promise<readonly number[]> {
  const read = await store.read(async (tx) => ok((await tx.roots()).map(({ generation }) => generation)));
  if (!read.ok) throw new LsError(read.error);
  return read.value;
}

/** DER of the issuing CAs that are prepared, active or retiring, the active one first. */
export function issuingCertificates(authority: Pick<Authority, 'bundle'>): readonly Uint8Array[] {
  return authority.bundle().issuing;
}
