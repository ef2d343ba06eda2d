import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import type { AcceptLossRequest } from './authority.ts';
import { commitAlways, type Outcome } from './context.ts';
import { publishFullCrl, publishRootCrl } from './crl.ts';
import type { AcceptedLoss, RootCrlPublication } from './facts.ts';
import { readForeignCrls, type ForeignCrls } from './foreign-crls.ts';
import { certificateEvent, journal } from './journal.ts';
import { MAX_RESTORED_NUMBER, RESTORE_NUMBER_MARGIN } from './limits.ts';
import { mergeForeign } from './merge-foreign.ts';
import { publishRoster } from './roster.ts';
import type { CrlHead, RosterHead } from './rows.ts';
import { liveSeeds } from './seeds.ts';
import type { AuthorityStore, StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

/** Marks a store that was just restored, so that nothing is signed with it but what a server needs to be reached. */
export function markRestored(store: AuthorityStore, now: UnixMs): Promise<Result<null, Fault>> {
  return store.transaction(async (tx) => {
    if ((await tx.genesis()) === null) {
      return err(fault('LS_CA_NOT_INITIALISED', 'the store of the backup holds no CA'));
    }
    await tx.setReadOnlySince(now);
    return ok(null);
  });
}

/** Errors: LS_CA_NOT_RESTORED, LS_CA_NUMBERS, LS_CA_REQUEST and those of applyCrl for a CRL that is not of this CA. */
export async function acceptLoss(
  base: AuthorityBase,
  request: AcceptLossRequest,
  now: UnixMs,
): Promise<Result<AcceptedLoss, Fault>> {
  return commitAlways<AcceptedLoss>(base, async (tx, context) => {
    const isRestored = (await tx.readOnlySince()) !== null;
    if (!isRestored && request.crls.length === 0) {
      return err(fault('LS_CA_NOT_RESTORED', 'this CA is not one that was restored and still read-only'));
    }
    const former = await formerHeads(context, tx);
    if (!former.ok) return former;
    const { crl, roster, roots } = former.value;
    const rosterNumber = jump(context, roster.number, roster.tMs, now);
    if (!rosterNumber.ok) return rosterNumber;
    const rootNumbers = new Map<number, number>();
    for (const { generation, number, thisUpdate } of roots) {
      const next = jump(context, number, thisUpdate, now);
      if (!next.ok) return next;
      rootNumbers.set(generation, next.value);
    }
    const foreign = await readForeignCrls(context, tx, request.crls, now);
    if (!foreign.ok) return foreign;
    const crlNumber = jump(context, Math.max(crl.number, foreign.value.newest), crl.thisUpdate, now);
    if (!crlNumber.ok) return crlNumber;
    const next = {
      crlNumber: crlNumber.value,
      rosterNumber: rosterNumber.value,
      rootNumbers,
    };
    return goOn(context, tx, { isRestored, former: former.value, foreign: foreign.value, next }, now);
  });
}

interface Continuation {
  readonly isRestored: boolean;
  readonly former: FormerHeads;
  readonly foreign: ForeignCrls;
  readonly next: {
    readonly crlNumber: number;
    readonly rosterNumber: number;
    /** Of the roots' own CRLs, by generation. */
    readonly rootNumbers: ReadonlyMap<number, number>;
  };
}

async function goOn(
  context: AuthorityContext,
  tx: StoreTransaction,
  { isRestored, former, foreign, next }: Continuation,
  now: UnixMs,
): Promise<Result<Outcome<AcceptedLoss>, Fault>> {
  const at = await actingTime(tx, now);
  await tx.setReadOnlySince(null);
  const merging = await mergeForeign(context, tx, foreign, next.crlNumber, at);
  if (!merging.ok) return merging;
  const merged = merging.value;
  const droppedTokens = isRestored ? await dropTokens(context, tx, at) : 0;
  const { crlNumber, rosterNumber } = next;
  const said = [
    ...['crl', former.crl.number, crlNumber, 'roster', former.roster.number, rosterNumber],
    ...['merged', merged.serials.length, 'tokens', droppedTokens],
  ];
  await journal(
    tx,
    [certificateEvent('loss-accepted', said.map(String), context.issuing.certificate.der)],
    at,
  );
  const rootCrls = await publishRoots(context, tx, next.rootNumbers, at);
  const crl = await publishFullCrl(context, tx, at, crlNumber);
  const roster = await publishRoster(context, tx, at, rosterNumber);
  return ok({
    answer: {
      formerCrlNumber: former.crl.number,
      formerRosterNumber: former.roster.number,
      crlNumber: crl.number,
      rosterNumber: roster.number,
      mergedSerials: merged.serials,
      endedNames: merged.nodes.map(({ name }) => name),
      droppedTokens,
    },
    publication: {
      rootCrls,
      crl,
      roster,
      seeds: await liveSeeds(tx),
      endedNodes: merged.nodes.map(({ nodeId }) => nodeId),
      revokedSerials: [...merged.serials, ...merged.released],
    },
  });
}

interface FormerHeads {
  readonly crl: CrlHead;
  readonly roster: RosterHead;
  readonly roots: readonly CrlHead[];
}

/** Of the roots whose key is here. */
async function publishRoots(
  context: AuthorityContext,
  tx: StoreTransaction,
  numbers: ReadonlyMap<number, number>,
  now: UnixMs,
): Promise<readonly RootCrlPublication[]> {
  const published: RootCrlPublication[] = [];
  for (const root of context.roots) {
    const atLeast = numbers.get(root.generation);
    if (root.signer === undefined || atLeast === undefined) continue;
    published.push(await publishRootCrl(context, tx, root, now, { atLeast }));
  }
  return published;
}

async function formerHeads(
  { roots: known }: AuthorityContext,
  tx: StoreTransaction,
): Promise<Result<FormerHeads, Fault>> {
  const [crl, roster] = [await tx.newestCrl(), await tx.newestRoster()];
  const roots: CrlHead[] = [];
  for (const { generation } of known) {
    const newest = await tx.newestRootCrl(generation);
    if (newest !== null) roots.push(newest);
  }
  if (crl !== null && roster !== null && roots.length === known.length) return ok({ crl, roster, roots });
  return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no current CRL or roster'));
}

/**
 * A number above every one that the lost CA has published, and above those of every earlier restore of any backup: a
 * CA publishes less than once a millisecond, so none of them is ahead of the time since the CA was made, but for the
 * margin that the first restore takes.
 */
function jump(
  { genesis }: AuthorityContext,
  number: number,
  signedAt: UnixMs,
  now: UnixMs,
): Result<number, Fault> {
  const elapsedMs = now - signedAt;
  if (elapsedMs < 0) {
    return err(
      fault('LS_CA_NUMBERS', `this clock is ${-elapsedMs} ms behind the newest CRL or roster of the backup`),
    );
  }
  const next = Math.max(number + 1, RESTORE_NUMBER_MARGIN + now - genesis.createdAt);
  return next <= MAX_RESTORED_NUMBER
    ? ok(next)
    : err(fault('LS_CA_NUMBERS', `the next number would be ${next}`));
}

/** A token that is outstanding in the backup may have been spent since. */
async function dropTokens(context: AuthorityContext, tx: StoreTransaction, now: UnixMs): Promise<number> {
  const outstanding = (await tx.tokens()).filter(({ spent }) => spent === null);
  for (const { tokenId, name } of outstanding) {
    await tx.deleteToken(tokenId);
    await journal(
      tx,
      [certificateEvent('token-deleted', [name, tokenId], context.issuing.certificate.der)],
      now,
    );
  }
  return outstanding.length;
}
