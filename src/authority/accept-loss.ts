import {
  err,
  fault,
  ok,
  unixMs,
  type Fault,
  type Result,
  type SerialNumber,
  type UnixMs,
} from '../std/index.ts';
import type { AcceptLossRequest } from './authority.ts';
import { commitAlways, type AuthorityContext, type Outcome } from './context.ts';
import { publishFullCrl, publishRootCrl } from './crl.ts';
import { endIdentity } from './end.ts';
import type { AcceptedLoss } from './facts.ts';
import { readForeignCrls, saysMore, type ListedRevocation } from './foreign-crls.ts';
import { certificateEvent, journal } from './journal.ts';
import { MAX_RESTORED_NUMBER, RESTORE_NUMBER_MARGIN } from './limits.ts';
import { publishRoster } from './roster.ts';
import type { CrlHead, NodeRow, RosterHead } from './rows.ts';
import { liveSeeds } from './seeds.ts';
import type { AuthorityStore, StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';

/** In the ledger, for a certificate that was issued after the backup: its name is lost. */
const NO_NAME = '-';

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
  context: AuthorityContext,
  request: AcceptLossRequest,
  now: UnixMs,
): Promise<Result<AcceptedLoss, Fault>> {
  return commitAlways<AcceptedLoss>(context, async (tx) => {
    const isRestored = (await tx.readOnlySince()) !== null;
    if (!isRestored && request.crls.length === 0) {
      return err(fault('LS_CA_NOT_RESTORED', 'this CA is not one that was restored and still read-only'));
    }
    const former = await formerHeads(tx);
    if (!former.ok) return former;
    const rosterNumber = jump(former.value.roster.number, former.value.roster.tMs, now);
    if (!rosterNumber.ok) return rosterNumber;
    const foreign = await readForeignCrls(context, tx, request.crls, now);
    if (!foreign.ok) return foreign;
    const { crl } = former.value;
    const crlNumber = jump(Math.max(crl.number, foreign.value.newest), crl.thisUpdate, now);
    if (!crlNumber.ok) return crlNumber;
    const root = await tx.newestCrl('root');
    const rootNumber = root === null ? ok(0) : jump(root.number, root.thisUpdate, now);
    if (!rootNumber.ok) return rootNumber;
    const next = {
      crlNumber: crlNumber.value,
      rosterNumber: rosterNumber.value,
      rootNumber: rootNumber.value,
    };
    const { listed } = foreign.value;
    return goOn(context, tx, { isRestored, former: former.value, listed, next }, now);
  });
}

interface Continuation {
  readonly isRestored: boolean;
  readonly former: FormerHeads;
  readonly listed: readonly ListedRevocation[];
  readonly next: {
    readonly crlNumber: number;
    readonly rosterNumber: number;
    /** Of the root's own CRL. */
    readonly rootNumber: number;
  };
}

async function goOn(
  context: AuthorityContext,
  tx: StoreTransaction,
  { isRestored, former, listed, next }: Continuation,
  now: UnixMs,
): Promise<Result<Outcome<AcceptedLoss>, Fault>> {
  const at = await actingTime(tx, now);
  await tx.setReadOnlySince(null);
  const merged = await merge(context, tx, listed, next, at);
  const droppedTokens = isRestored ? await dropTokens(context, tx, at) : 0;
  const { crlNumber, rosterNumber, rootNumber } = next;
  const said = [
    ...['crl', former.crl.number, crlNumber, 'roster', former.roster.number, rosterNumber],
    ...['merged', merged.serials.length, 'tokens', droppedTokens],
  ];
  await journal(tx, [certificateEvent('loss-accepted', said.map(String), context.issuing.der)], at);
  if (context.deps.keys.root !== undefined) await publishRootCrl(context, tx, at, rootNumber);
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
      crl,
      roster,
      seeds: await liveSeeds(tx),
      endedNodes: merged.nodes.map(({ nodeId }) => nodeId),
      revokedSerials: merged.serials,
    },
  });
}

interface FormerHeads {
  readonly crl: CrlHead;
  readonly roster: RosterHead;
}

async function formerHeads(tx: StoreTransaction): Promise<Result<FormerHeads, Fault>> {
  const [crl, roster] = [await tx.newestCrl('issuing'), await tx.newestRoster()];
  if (crl !== null && roster !== null) return ok({ crl, roster });
  return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no current CRL or roster'));
}

/**
 * A number above every one that was published after the backup's newest. A CA publishes less than once a millisecond,
 * so this holds for what another restore of the same backup has published too.
 */
function jump(number: number, signedAt: UnixMs, now: UnixMs): Result<number, Fault> {
  const elapsedMs = now - signedAt;
  if (elapsedMs < 0) {
    return err(
      fault('LS_CA_NUMBERS', `this clock is ${-elapsedMs} ms behind the newest CRL or roster of the backup`),
    );
  }
  const next = number + RESTORE_NUMBER_MARGIN + elapsedMs;
  return next <= MAX_RESTORED_NUMBER
    ? ok(next)
    : err(fault('LS_CA_NUMBERS', `the next number would be ${next}`));
}

interface Merged {
  readonly serials: readonly SerialNumber[];
  readonly nodes: readonly NodeRow[];
}

async function merge(
  context: AuthorityContext,
  tx: StoreTransaction,
  listed: readonly ListedRevocation[],
  { crlNumber }: Continuation['next'],
  now: UnixMs,
): Promise<Merged> {
  const known = new Map((await tx.revocationsFrom(unixMs(0))).map((row) => [row.serial, row]));
  const news = listed.filter((found) => {
    const held = known.get(found.serial);
    return held === undefined || saysMore(found, held);
  });
  for (const revocation of news) {
    if (known.has(revocation.serial)) await tx.deleteRevocation(revocation.serial);
    await tx.insertRevocation({ ...revocation, crlNumber });
    await record(context, tx, revocation, now);
  }
  const nodes: NodeRow[] = [];
  for (const { serial, reason } of news.filter((each) => each.reason !== 'certificateHold')) {
    const node = await lastOf(tx, serial, now);
    if (node === undefined) continue;
    await endIdentity(tx, node, { reason, crlNumber }, now);
    nodes.push(node);
  }
  return { serials: news.map(({ serial }) => serial), nodes };
}

async function record(
  context: AuthorityContext,
  tx: StoreTransaction,
  { serial, reason, revokedAt }: ListedRevocation,
  now: UnixMs,
): Promise<void> {
  const certificate = await tx.certificate(serial);
  const values = [certificate?.name ?? NO_NAME, serial, reason, String(revokedAt)];
  const der = certificate?.der ?? context.issuing.der;
  await journal(tx, [certificateEvent('revoked-elsewhere', values, der)], now);
}

/** The live identity of which this was the last certificate that was good; a revoked one of others is only listed. */
async function lastOf(tx: StoreTransaction, serial: SerialNumber, now: UnixMs): Promise<NodeRow | undefined> {
  const nodeId = (await tx.certificate(serial))?.nodeId ?? null;
  const node = nodeId === null ? null : await tx.node(nodeId);
  if (node === null || node.state === 'revoked' || node.state === 'removed') return undefined;
  const living = await tx.certificates({ nodeId: node.nodeId, notAfterFrom: now });
  return living.every(({ revocation }) => revocation !== null) ? node : undefined;
}

/** A token that is outstanding in the backup may have been spent since. */
async function dropTokens(context: AuthorityContext, tx: StoreTransaction, now: UnixMs): Promise<number> {
  const outstanding = (await tx.tokens()).filter(({ spent }) => spent === null);
  for (const { tokenId, name } of outstanding) {
    await tx.deleteToken(tokenId);
    await journal(tx, [certificateEvent('token-deleted', [name, tokenId], context.issuing.der)], now);
  }
  return outstanding.length;
}
