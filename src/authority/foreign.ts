import { ok, type Fault, type Result } from '../std/index.ts';
import type { Publication } from './facts.ts';
import type { Publisher, Told } from './publisher.ts';
import { liveSeeds } from './seeds.ts';
import type { AuthorityStore, StoreReader } from './store.ts';

/**
 * Publishes here what other processes over the same store have published since, and with `addresses` also those when
 * they are others. Errors: LS_CA_STORE_*.
 */
export async function catchUp(
  store: AuthorityStore,
  publisher: Publisher,
  addresses: boolean,
): Promise<Result<void, Fault>> {
  const missed = await store.read(async (tx) => {
    const published = await readMissed(tx, publisher.told);
    const seeds = addresses ? await liveSeeds(tx) : undefined;
    return ok({ published, seeds });
  });
  if (!missed.ok) return missed;
  const { published, seeds } = missed.value;
  for (const publication of published) publisher.publish(publication);
  if (seeds !== undefined && JSON.stringify(seeds) !== publisher.told.seeds) publisher.publish({ seeds });
  return ok(undefined);
}

/**
 * What is newer than what was told, in the order in which it has to be heard: a delta stands on the full CRL before
 * it. Of several only the newest full one and the newest delta still have their bytes; they say all that the others
 * said.
 */
export async function readMissed(tx: StoreReader, told: Told): Promise<readonly Publication[]> {
  const [crl, roster] = [await tx.newestCrl('issuing'), await tx.newestRoster()];
  const root = await tx.newestCrl('root');
  const missed: Publication[] = [];
  if (root !== null && root.number > told.rootCrlNumber) {
    const der = await tx.crlBytes('root', root.number);
    if (der !== null) missed.push({ rootCrl: { der, number: root.number } });
  }
  if (crl !== null && crl.number > told.crlNumber) missed.push(...(await readCrls(tx, told.crlNumber)));
  if (roster !== null && roster.number > told.rosterNumber) {
    const record = await tx.rosterRecord(roster.number);
    if (record !== null) missed.push({ roster: { record, number: roster.number } });
  }
  return missed;
}

async function readCrls(tx: StoreReader, after: number): Promise<readonly Publication[]> {
  const changed = [...(await tx.revocationsAfterCrl(after)), ...(await tx.releasesAfterCrl(after))];
  const revokedSerials = changed.map(({ serial }) => serial);
  const [full, newest] = [await tx.newestFullCrl('issuing'), await tx.newestCrl('issuing')];
  const heads = [full, newest].filter((head) => head !== null && head.number > after);
  const missed: Publication[] = [];
  for (const head of new Set(heads.map((each) => each?.number))) {
    const der = head === undefined ? null : await tx.crlBytes('issuing', head);
    if (head !== undefined && der !== null)
      missed.push({ crl: { delta: head !== full?.number, der, number: head }, revokedSerials });
  }
  return missed;
}
