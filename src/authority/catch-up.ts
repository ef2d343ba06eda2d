import { ok, type Fault, type Result } from '../std/index.ts';
import { readMissed } from './foreign.ts';
import { liveSeeds } from './seeds.ts';
import { standingIn, type AuthorityBase } from './standing.ts';

/**
 * Publishes here what other processes over the same store have published since, and with `addresses` also those when
 * they are others. Errors: LS_CA_STORE_*.
 */
export async function catchUp(base: AuthorityBase, addresses: boolean): Promise<Result<void, Fault>> {
  const { publisher } = base;
  const missed = await base.deps.store.read(async (tx) => {
    const published = await readMissed(tx, await standingIn(base, tx));
    const seeds = addresses ? await liveSeeds(tx) : undefined;
    return ok({ published, seeds });
  });
  if (!missed.ok) return missed;
  const { published, seeds } = missed.value;
  for (const publication of published) publisher.publish(publication);
  if (seeds !== undefined && JSON.stringify(seeds) !== publisher.told.seeds) publisher.publish({ seeds });
  return ok(undefined);
}
