import { authoritiesOf } from './authorities.ts';
import type { Publication, RootCrlPublication } from './facts.ts';
import { hasEnded } from './issuing-ca.ts';
import type { CrlHead } from './rows.ts';
import type { StoreReader } from './store.ts';
import type { StandingContext } from './standing.ts';

/**
 * What is newer than what was told, in the order in which it has to be heard: a delta stands on the full CRL before
 * it. Of several only the newest full one and the newest delta still have their bytes; they say all that the others
 * said.
 */
export async function readMissed(
  tx: StoreReader,
  standing: StandingContext,
): Promise<readonly Publication[]> {
  const { publisher } = standing;
  const { told } = publisher;
  const authorities = authoritiesOf(standing);
  const [crl, roster] = [await tx.newestCrl(), await tx.newestRoster()];
  const missed: Publication[] = publisher.isNews(authorities) ? [{ authorities }] : [];
  const rootCrls: RootCrlPublication[] = [];
  for (const { generation } of standing.roots) {
    const newest = await tx.newestRootCrl(generation);
    if (newest === null || newest.number <= (told.rootCrlNumbers.get(generation) ?? 0)) continue;
    const der = await tx.crlBytes(newest);
    if (der !== null) rootCrls.push({ generation, number: newest.number, der });
  }
  if (rootCrls.length > 0) missed.push({ rootCrls });
  if (crl !== null && crl.number > told.crlNumber) {
    const living = standing.cas.filter(({ row }) => !hasEnded(row)).map(({ generation }) => generation);
    missed.push(...(await readCrls(tx, told.crlNumber, living)));
  }
  if (roster !== null && roster.number > told.rosterNumber) {
    const record = await tx.rosterRecord(roster.number);
    if (record !== null) missed.push({ roster: { record, number: roster.number } });
  }
  return missed;
}

async function readCrls(
  tx: StoreReader,
  after: number,
  living: readonly number[],
): Promise<readonly Publication[]> {
  const changed = [...(await tx.revocationsAfterCrl(after)), ...(await tx.releasesAfterCrl(after))];
  const revokedSerials = changed.map(({ serial }) => serial);
  const [full, newest] = [await tx.newestFullCrl(), await tx.newestCrl()];
  const missed: Publication[] = [];
  for (const head of newest?.number === full?.number ? [full] : [full, newest]) {
    if (head === null || head.number <= after) continue;
    const lists = await readLists(tx, head, living);
    if (lists.length > 0)
      missed.push({ crl: { delta: head.base !== null, number: head.number, lists }, revokedSerials });
  }
  return missed;
}

async function readLists(
  tx: StoreReader,
  head: CrlHead,
  living: readonly number[],
): Promise<readonly Uint8Array[]> {
  const lists: Uint8Array[] = [];
  for (const generation of living) {
    const der = await tx.crlBytes({ ...head, generation });
    if (der !== null) lists.push(der);
  }
  return lists;
}
