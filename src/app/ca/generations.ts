import type { Authority, AuthorityStore } from '../../authority/index.ts';
import { fault, LsError, ok } from '../../std/index.ts';

/** One issuing CA of a store, as far as it concerns keys. */
export interface Generation {
  readonly generation: number;
  readonly state: 'prepared' | 'active' | 'retiring' | 'retired' | 'revoked';
  /** DER. */
  readonly certificate: Uint8Array;
}

/** Whether nothing is signed by it any more: the CA does without its key. */
export function isEnded({ state }: Pick<Generation, 'state'>): boolean {
  return state === 'retired' || state === 'revoked';
}

/** All that the store knows of, by generation. Throws LS_CA_STORE_*, LS_CA_NOT_INITIALISED. */
export async function readGenerations(store: AuthorityStore): Promise<readonly Generation[]> {
  const read = await store.read(async (tx) => ok(await tx.genesis()));
  if (!read.ok) throw new LsError(read.error);
  if (read.value === null) throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA'));
  return [{ generation: 1, state: 'active', certificate: read.value.issuing }];
}

/** DER of the issuing CAs that are prepared, active or retiring, the active one first. */
export function issuingCertificates(authority: Pick<Authority, 'bundle'>): readonly Uint8Array[] {
  return [authority.bundle().issuing];
}
