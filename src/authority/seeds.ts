import type { Seed } from './facts.ts';
import type { StoreReader } from './store.ts';

/** Addresses of live members: an identity that ends loses its address. */
export async function liveSeeds(tx: StoreReader): Promise<readonly Seed[]> {
  return (await tx.addresses()).map(({ nodeId, name, address }) => ({ nodeId, name, address }));
}
