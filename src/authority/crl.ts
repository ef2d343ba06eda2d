import { unixMs, type UnixMs } from '../std/index.ts';
import { entryRetainedUntil } from '../trust/index.ts';
import { parseCrl, type CertificateList, type CrlEntry } from '../x509/index.ts';
import { signRootCrl } from './ceremony/root-crl.ts';
import { signCrl } from './certify.ts';
import type { CrlPublication, CurrentCrls, IssuingCrls, RootCrlPublication } from './facts.ts';
import { hasEnded } from './issuing-ca.ts';
import { journal } from './journal.ts';
import { CRL_NEXT_UPDATE_MS, ROOT_CRL_NEXT_UPDATE_MS } from './limits.ts';
import { atHand, type RootCa } from './root-ca.ts';
import type { CrlHead, CrlRow, IssuerRow, ReleaseRow, RevocationRow } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import { wholeSecond } from './time.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

const FIRST_CRL_NUMBER = 1;

/*
 * `now` is the acting time throughout (see time.ts), so thisUpdate never goes back.
 */

/** The number that the next CRLs of the issuing CAs will have in this transaction, full or delta. */
export async function nextCrlNumber(tx: StoreReader): Promise<number> {
  const newest = await tx.newestCrl();
  return newest === null ? FIRST_CRL_NUMBER : newest.number + 1;
}

/** Signs and keeps the full CRLs of all that is revoked in this transaction, with at least the number `atLeast`. */
export async function publishFullCrl(
  context: AuthorityContext,
  tx: StoreTransaction,
  now: UnixMs,
  atLeast = FIRST_CRL_NUMBER,
): Promise<CrlPublication> {
  const since = oldestListed(await tx.newestFullCrl());
  const content = {
    base: null,
    entries: await tx.revocationsFrom(since),
    releases: await tx.releasesFrom(since),
    atLeast,
  };
  return publish(context, tx, content, now);
}

/**
 * Signs and keeps the delta CRLs of all that was revoked or released since the newest full ones.
 * Requires: every issuing CA that signs has a full one (what makes it publishes it).
 */
export async function publishDeltaCrl(
  context: AuthorityContext,
  tx: StoreTransaction,
  now: UnixMs,
): Promise<CrlPublication> {
  const base = (await tx.newestFullCrl())?.number ?? 0;
  const content = {
    base,
    entries: await tx.revocationsAfterCrl(base),
    releases: await tx.releasesAfterCrl(base),
    atLeast: FIRST_CRL_NUMBER,
  };
  return publish(context, tx, content, now);
}

/** Signs and keeps the CRL of a root, which lists what the one before lists, and `revoked`. */
export async function publishRootCrl(
  base: AuthorityBase,
  tx: StoreTransaction,
  root: RootCa,
  now: UnixMs,
  { atLeast = FIRST_CRL_NUMBER, revoked = [] }: NextRootCrl = {},
): Promise<RootCrlPublication> {
  const signing = atHand(root);
  if (signing === undefined) throw new RangeError('the root key is not here');
  const newest = await tx.newestRootCrl(root.generation);
  const number = Math.max(atLeast, newest === null ? FIRST_CRL_NUMBER : newest.number + 1);
  const entries = [...((await readRootCrl(tx, root))?.entries ?? []), ...revoked];
  return keepRootCrl(base, tx, root, signRootCrl(signing, { number, entries }, now), now);
}

interface NextRootCrl {
  readonly atLeast?: number;
  /** Entries that the one before has not. */
  readonly revoked?: readonly CrlEntry[];
}

/** Keeps a CRL of a root that somebody has verified. */
export async function keepRootCrl(
  { deps }: AuthorityBase,
  tx: StoreTransaction,
  { generation }: Pick<RootCa, 'generation'>,
  der: Uint8Array,
  now: UnixMs,
): Promise<RootCrlPublication> {
  const list = readOwn(der);
  const { thisUpdate, nextUpdate, extensions } = list;
  const number = extensions.crlNumber?.value ?? 0;
  const times = { thisUpdate: unixMs(thisUpdate), nextUpdate: unixMs(nextUpdate ?? thisUpdate) };
  const key = { issuer: 'root', generation, number } as const;
  await keep(tx, { ...key, base: null, ...times, der, sha256: deps.crypto.sha256(der) }, now);
  return { generation, number, der };
}

/** The newest CRL of a root; null before its first. */
export async function readRootCrl(
  tx: StoreReader,
  { generation }: Pick<RootCa, 'generation'>,
): Promise<CertificateList | null> {
  const newest = await tx.newestRootCrl(generation);
  const der = newest === null ? null : await tx.crlBytes(newest);
  return der === null ? null : readOwn(der);
}

function readOwn(der: Uint8Array): CertificateList {
  const list = parseCrl(der);
  if (list.ok) return list.value;
  throw new RangeError(`a CRL of the root that was verified does not parse: ${list.error.detail}`);
}

/** True once half of the time of the root's CRL has passed. */
export async function isRootCrlDue(
  tx: StoreReader,
  { generation }: Pick<RootCa, 'generation'>,
  now: UnixMs,
): Promise<boolean> {
  const newest = await tx.newestRootCrl(generation);
  return newest === null || now - newest.thisUpdate > ROOT_CRL_NEXT_UPDATE_MS / 2;
}

/** Null before `initialise`. */
export async function readCurrentCrls(tx: StoreReader): Promise<CurrentCrls | null> {
  const [full, newest] = [await tx.newestFullCrl(), await tx.newestCrl()];
  const roots = await readRootCrls(tx);
  if (full === null || newest === null || roots === null) return null;
  const issuing: IssuingCrls[] = [];
  for (const { generation } of inUse(await tx.issuers())) {
    const fullDer = await tx.crlBytes({ ...full, generation });
    const delta = newest.base === null ? null : await tx.crlBytes({ ...newest, generation });
    if (fullDer !== null) issuing.push({ generation, full: fullDer, delta });
  }
  if (issuing.length === 0) return null;
  return {
    issuing,
    fullNumber: full.number,
    number: newest.number,
    nextUpdate: unixMs(Math.min(full.nextUpdate, newest.nextUpdate)),
    ...roots,
  };
}

/** Null when one of the roots has none. */
async function readRootCrls(tx: StoreReader): Promise<Pick<CurrentCrls, 'roots' | 'rootNextUpdate'> | null> {
  const roots: RootCrlPublication[] = [];
  const ends: UnixMs[] = [];
  for (const { generation } of await tx.roots()) {
    const newest = await tx.newestRootCrl(generation);
    const der = newest === null ? null : await tx.crlBytes(newest);
    if (newest === null || der === null) return null;
    roots.push({ generation, number: newest.number, der });
    ends.push(newest.nextUpdate);
  }
  return roots.length === 0 ? null : { roots, rootNextUpdate: unixMs(Math.min(...ends)) };
}

/** Those of the issuing CAs in their order, each full one before its delta, then the roots'. */
export function crlsInOrder({ issuing, roots }: CurrentCrls): readonly Uint8Array[] {
  const ofIssuing = issuing.flatMap(({ full, delta }) => (delta === null ? [full] : [full, delta]));
  return [...ofIssuing, ...roots.map(({ der }) => der)];
}

interface CrlContent {
  readonly base: number | null;
  readonly entries: readonly RevocationRow[];
  readonly releases: readonly ReleaseRow[];
  readonly atLeast: number;
}

async function publish(
  context: AuthorityContext,
  tx: StoreTransaction,
  { base, entries, releases, atLeast }: CrlContent,
  now: UnixMs,
): Promise<CrlPublication> {
  const newest = await tx.newestCrl();
  const thisUpdate = wholeSecond(now);
  const number = Math.max(atLeast, newest === null ? FIRST_CRL_NUMBER : newest.number + 1);
  const nextUpdate = unixMs(thisUpdate + CRL_NEXT_UPDATE_MS);
  const content = { number, base, thisUpdate, nextUpdate } as const;
  const lists: Uint8Array[] = [];
  for (const ca of context.living) {
    const { generation } = ca;
    const isOwn = ({ issuer }: { readonly issuer: number }): boolean => issuer === generation;
    const isAlone = context.cas.length === 1;
    const [listed, released] = isAlone
      ? [entries, releases]
      : [entries.filter(isOwn), releases.filter(isOwn)];
    const der = signCrl(context, ca, content, listed, released);
    const sha256 = context.deps.crypto.sha256(der);
    await keep(tx, { issuer: 'issuing', generation, ...content, der, sha256 }, now);
    lists.push(der);
  }
  return { delta: base !== null, number, lists };
}

/** Those that have not ended, the active one first; the last that was active where all have. */
function inUse(issuers: readonly IssuerRow[]): readonly IssuerRow[] {
  const living = issuers.filter((row) => !hasEnded(row));
  const rank = ({ state }: IssuerRow): number => Number(state !== 'active');
  if (living.length > 0) return living.toSorted((a, b) => rank(a) - rank(b) || b.generation - a.generation);
  const last = issuers.findLast(({ activatedAt }) => activatedAt !== null);
  return last === undefined ? [] : [last];
}

async function keep(tx: StoreTransaction, crl: CrlRow, now: UnixMs): Promise<void> {
  await tx.insertCrl(crl);
  await journal(tx, [{ type: 'crl', der: crl.der }], now);
}

/**
 * The oldest revocation date that the next full CRL has to list: an entry leaves once a full CRL has listed it at a
 * time when every relying party lets it go, which is after its certificate has expired for sure.
 * Source: RFC 5280 §3.3.
 */
export function oldestListed(newest: CrlHead | null): UnixMs {
  const retentionMs = entryRetainedUntil(unixMs(0));
  return unixMs(newest === null ? 0 : newest.thisUpdate - retentionMs);
}
