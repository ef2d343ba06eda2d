import { unixMs, type UnixMs } from '../std/index.ts';
import { entryRetainedUntil } from '../trust/index.ts';
import { parseCrl, type CertificateList } from '../x509/index.ts';
import { signRootCrl } from './ceremony/root-crl.ts';
import type { AuthorityContext } from './context.ts';
import { signCrl } from './certify.ts';
import type { CurrentCrls, Publication } from './facts.ts';
import { journal } from './journal.ts';
import { CRL_NEXT_UPDATE_MS, ROOT_CRL_NEXT_UPDATE_MS } from './limits.ts';
import type { CrlHead, CrlRow, ReleaseRow, RevocationRow } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import { wholeSecond } from './time.ts';

const FIRST_CRL_NUMBER = 1;

type CrlPublication = NonNullable<Publication['crl']>;
type RootCrlPublication = NonNullable<Publication['rootCrl']>;

/*
 * `now` is the acting time throughout (see time.ts), so thisUpdate never goes back.
 */

/** The number that the next CRL of the issuing CA will have in this transaction, full or delta. */
export async function nextCrlNumber(tx: StoreReader): Promise<number> {
  const newest = await tx.newestCrl('issuing');
  return newest === null ? FIRST_CRL_NUMBER : newest.number + 1;
}

/** Signs and keeps the full CRL of all that is revoked in this transaction, with at least the number `atLeast`. */
export async function publishFullCrl(
  context: AuthorityContext,
  tx: StoreTransaction,
  now: UnixMs,
  atLeast = FIRST_CRL_NUMBER,
): Promise<CrlPublication> {
  const since = oldestListed(await tx.newestFullCrl('issuing'));
  const content = {
    base: null,
    entries: await tx.revocationsFrom(since),
    releases: await tx.releasesFrom(since),
    atLeast,
  };
  return publish(context, tx, content, now);
}

/**
 * Signs and keeps the delta CRL of all that was revoked or released since the newest full one.
 * Requires: there is a full one (`initialise` makes it).
 */
export async function publishDeltaCrl(
  context: AuthorityContext,
  tx: StoreTransaction,
  now: UnixMs,
): Promise<CrlPublication> {
  const base = (await tx.newestFullCrl('issuing'))?.number ?? 0;
  const content = {
    base,
    entries: await tx.revocationsAfterCrl(base),
    releases: await tx.releasesAfterCrl(base),
    atLeast: FIRST_CRL_NUMBER,
  };
  return publish(context, tx, content, now);
}

/** Signs and keeps the root's CRL, which lists what the one before lists: only offline roots revoke CAs. */
export async function publishRootCrl(
  context: AuthorityContext,
  tx: StoreTransaction,
  now: UnixMs,
  atLeast = FIRST_CRL_NUMBER,
): Promise<RootCrlPublication> {
  const { root: certificate, deps } = context;
  if (deps.keys.root === undefined) throw new RangeError('the root key is not here');
  const newest = await tx.newestCrl('root');
  const number = Math.max(atLeast, newest === null ? FIRST_CRL_NUMBER : newest.number + 1);
  const entries = (await readRootCrl(tx))?.entries ?? [];
  const der = signRootCrl({ certificate, signer: deps.keys.root }, { number, entries }, now);
  return keepRootCrl(context, tx, der, now);
}

/** Keeps a CRL of the root that somebody has verified. */
export async function keepRootCrl(
  { deps }: AuthorityContext,
  tx: StoreTransaction,
  der: Uint8Array,
  now: UnixMs,
): Promise<RootCrlPublication> {
  const list = readOwn(der);
  const { thisUpdate, nextUpdate, extensions } = list;
  const number = extensions.crlNumber?.value ?? 0;
  const times = { thisUpdate: unixMs(thisUpdate), nextUpdate: unixMs(nextUpdate ?? thisUpdate) };
  await keep(tx, { issuer: 'root', number, base: null, ...times, der, sha256: deps.crypto.sha256(der) }, now);
  return { der, number };
}

/** The newest CRL of the root; null before `initialise`. */
export async function readRootCrl(tx: StoreReader): Promise<CertificateList | null> {
  const newest = await tx.newestCrl('root');
  const der = newest === null ? null : await tx.crlBytes('root', newest.number);
  return der === null ? null : readOwn(der);
}

function readOwn(der: Uint8Array): CertificateList {
  const list = parseCrl(der);
  if (list.ok) return list.value;
  throw new RangeError(`a CRL of the root that was verified does not parse: ${list.error.detail}`);
}

/** True once half of the root CRL's time has passed. */
export async function isRootCrlDue(tx: StoreReader, now: UnixMs): Promise<boolean> {
  const newest = await tx.newestCrl('root');
  return newest === null || now - newest.thisUpdate > ROOT_CRL_NEXT_UPDATE_MS / 2;
}

/** Null before `initialise`. */
export async function readCurrentCrls(tx: StoreReader): Promise<CurrentCrls | null> {
  const [full, newest, root] = [
    await tx.newestFullCrl('issuing'),
    await tx.newestCrl('issuing'),
    await tx.newestCrl('root'),
  ];
  if (full === null || newest === null || root === null) return null;
  const fullDer = await tx.crlBytes('issuing', full.number);
  const rootDer = await tx.crlBytes('root', root.number);
  if (fullDer === null || rootDer === null) return null;
  return {
    full: fullDer,
    fullNumber: full.number,
    delta: newest.base === null ? null : await tx.crlBytes('issuing', newest.number),
    number: newest.number,
    nextUpdate: unixMs(Math.min(full.nextUpdate, newest.nextUpdate)),
    root: rootDer,
    rootNumber: root.number,
    rootNextUpdate: root.nextUpdate,
  };
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
  const newest = await tx.newestCrl('issuing');
  const thisUpdate = wholeSecond(now);
  const number = Math.max(atLeast, newest === null ? FIRST_CRL_NUMBER : newest.number + 1);
  const nextUpdate = unixMs(thisUpdate + CRL_NEXT_UPDATE_MS);
  const content = { number, base, thisUpdate, nextUpdate } as const;
  const der = signCrl(context, content, entries, releases);
  await keep(tx, { issuer: 'issuing', ...content, der, sha256: context.deps.crypto.sha256(der) }, now);
  return { delta: base !== null, der, number };
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
