import { observerNumbers, signRoster } from '../membership/index.ts';
import { unixMs, type UnixMs } from '../std/index.ts';
import type { Publication } from './facts.ts';
import { journal } from './journal.ts';
import type { RosterRow } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import type { AuthorityContext } from './standing.ts';

const HASH_BYTES = 32;
const FIRST_ROSTER_NUMBER = 1;

/** The number that {@link publishRoster} will give next in this transaction. */
export async function nextRosterNumber(tx: StoreReader): Promise<number> {
  const newest = await tx.newestRoster();
  return newest === null ? FIRST_ROSTER_NUMBER : newest.number + 1;
}

/**
 * Signs the members as they stand in this transaction, with at least the number `atLeast`, chained to the roster
 * before, and keeps it.
 */
export async function publishRoster(
  context: AuthorityContext,
  tx: StoreTransaction,
  now: UnixMs,
  atLeast = FIRST_ROSTER_NUMBER,
): Promise<NonNullable<Publication['roster']>> {
  const roster = await signNextRoster(context, tx, now, atLeast);
  await tx.insertRoster(roster);
  await journal(tx, [{ type: 'roster', record: roster.record }], now);
  return { record: roster.record, number: roster.number };
}

async function signNextRoster(
  context: AuthorityContext,
  tx: StoreReader,
  now: UnixMs,
  atLeast: number,
): Promise<RosterRow> {
  const { crypto, config } = context.deps;
  const [newest, nodes] = [await tx.newestRoster(), await tx.rosterNodes(now)];
  const active = nodes.filter(({ state }) => state === 'active').length;
  const { k, h } = observerNumbers(active);
  const number = Math.max(atLeast, newest === null ? FIRST_ROSTER_NUMBER : newest.number + 1);
  const tMs = unixMs(Math.max(now, newest?.tMs ?? now));
  const { bytes, structureHash } = signRoster(
    {
      certId: context.issuing.certId,
      number,
      prev: newest?.structureHash ?? new Uint8Array(HASH_BYTES),
      tMs,
      salt: context.genesis.rosterSalt,
      k,
      h,
      intervalMinMs: config.intervalMinMs,
      intervalMaxMs: config.intervalMaxMs,
      members: nodes.map(({ nodeId, name, state }) => ({ nodeId, name, state })),
      ext: new Map(),
    },
    context.issuing.signer,
    context.trust.domainId,
    crypto,
  );
  return { number, structureHash, tMs, h, active, record: bytes };
}
