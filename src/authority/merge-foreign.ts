import { err, fault, ok, unixMs } from '../std/index.ts';
import type { Fault, Result, SerialNumber, UnixMs } from '../std/index.ts';
import { MAX_RELEASES } from '../x509/index.ts';
import { oldestListed } from './crl.ts';
import { endIdentity } from './end.ts';
import { holdKey, saysMore, type ForeignCrls, type ListedRevocation } from './foreign-crls.ts';
import { certificateEvent, journal } from './journal.ts';
import type { CertificateRow, NodeRow, ReleaseRow, RevocationRow } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import type { AuthorityContext } from './standing.ts';

/** In the ledger, for a certificate that was issued after the backup: its name is lost. */
const NO_NAME = '-';

export interface Merged {
  readonly serials: readonly SerialNumber[];
  /** Certificates whose hold ended after the backup. */
  readonly released: readonly SerialNumber[];
  readonly nodes: readonly NodeRow[];
}

/**
 * Takes over what CRLs of a lost CA say, as of CRL `crlNumber`: revocations, holds, and that a hold ended. Of a
 * certificate that nobody here knows a hold stays one: it is not known whom that would set free.
 * Error: LS_CA_RELEASES_FULL.
 */
export async function mergeForeign(
  context: AuthorityContext,
  tx: StoreTransaction,
  { listed, releases }: ForeignCrls,
  crlNumber: number,
  now: UnixMs,
): Promise<Result<Merged, Fault>> {
  const taken = await mergeReleases(context, tx, releases, now);
  if (!taken.ok) return taken;
  const { released, forgotten } = taken.value;
  const known = new Map((await tx.revocationsFrom(unixMs(0))).map((row) => [row.serial, row]));
  const news = [...listed, ...forgotten.filter(isOnlyOf(listed))].filter((found) => {
    const held = known.get(found.serial);
    return held === undefined || saysMore(found, held);
  });
  for (const revocation of news) {
    if (known.has(revocation.serial)) await tx.deleteRevocation(revocation.serial);
    await tx.insertRevocation({ ...revocation, crlNumber });
    await recordRevocation(context, tx, revocation, now);
  }
  const nodes = await endNodes(tx, news, crlNumber, now);
  return ok({ serials: news.map(({ serial }) => serial), released, nodes });
}

interface MergedReleases {
  readonly released: readonly SerialNumber[];
  /** Released holds of certificates without a row. */
  readonly forgotten: readonly ListedRevocation[];
}

/** A relying party may have missed a release that the lost CA has signed, so the CRLs have to go on carrying it. */
async function mergeReleases(
  context: AuthorityContext,
  tx: StoreTransaction,
  releases: readonly ReleaseRow[],
  now: UnixMs,
): Promise<Result<MergedReleases, Fault>> {
  const own = new Set((await tx.releasesFrom(unixMs(0))).map(holdKey));
  const known = new Map((await tx.revocationsFrom(unixMs(0))).map((row) => [row.serial, row]));
  const [taken, forgotten]: [ReleaseRow[], ListedRevocation[]] = [[], []];
  for (const release of releases.filter((each) => !own.has(holdKey(each)))) {
    const { serial, heldAt } = release;
    const certificate = await tx.certificate(serial);
    const listed = known.get(serial);
    if (certificate === null)
      forgotten.push({ serial, reason: 'certificateHold', revokedAt: heldAt, issuer: release.issuer });
    else if (listed === undefined || isHoldOf(listed, release)) {
      await takeRelease(context, tx, release, { certificate, listed }, now);
      known.delete(serial);
      taken.push(release);
    }
  }
  const full = await checkRoom(tx);
  return full === undefined ? ok({ released: taken.map(({ serial }) => serial), forgotten }) : err(full);
}

/** With its ledger rows: that of the hold too, when this CA has never heard of it. */
async function takeRelease(
  context: AuthorityContext,
  tx: StoreTransaction,
  release: ReleaseRow,
  { certificate, listed }: { certificate: CertificateRow; listed: RevocationRow | undefined },
  now: UnixMs,
): Promise<void> {
  const { serial, heldAt: revokedAt } = release;
  if (listed === undefined) {
    const { issuer } = release;
    await recordRevocation(context, tx, { serial, reason: 'certificateHold', revokedAt, issuer }, now);
  } else await tx.deleteRevocation(serial);
  await tx.insertRelease(release);
  const der = certificate.der ?? context.issuing.certificate.der;
  await journal(tx, [certificateEvent('released', [certificate.name, serial], der)], now);
}

async function checkRoom(tx: StoreReader): Promise<Fault | undefined> {
  const carried = await tx.releasesFrom(oldestListed(await tx.newestFullCrl()));
  if (carried.length <= MAX_RELEASES) return undefined;
  const detail = `the CRL would carry ${carried.length} release records; at most ${MAX_RELEASES} fit`;
  return fault('LS_CA_RELEASES_FULL', detail);
}

function isHoldOf({ reason, revokedAt }: RevocationRow, { heldAt }: ReleaseRow): boolean {
  return reason === 'certificateHold' && revokedAt === heldAt;
}

/** The newest of several holds of one serial, unless a CRL lists that serial by itself. */
function isOnlyOf(listed: readonly ListedRevocation[]) {
  const serials = new Set(listed.map(({ serial }) => serial));
  return ({ serial, revokedAt }: ListedRevocation, _: number, all: readonly ListedRevocation[]): boolean =>
    !serials.has(serial) && all.every((other) => other.serial !== serial || other.revokedAt <= revokedAt);
}

async function recordRevocation(
  context: AuthorityContext,
  tx: StoreTransaction,
  { serial, reason, revokedAt }: ListedRevocation,
  now: UnixMs,
): Promise<void> {
  const certificate = await tx.certificate(serial);
  const values = [certificate?.name ?? NO_NAME, serial, reason, String(revokedAt)];
  const der = certificate?.der ?? context.issuing.certificate.der;
  await journal(tx, [certificateEvent('revoked-elsewhere', values, der)], now);
}

async function endNodes(
  tx: StoreTransaction,
  news: readonly ListedRevocation[],
  crlNumber: number,
  now: UnixMs,
): Promise<readonly NodeRow[]> {
  const nodes: NodeRow[] = [];
  for (const { serial, reason } of news.filter((each) => each.reason !== 'certificateHold')) {
    const node = await lastOf(tx, serial, now);
    if (node === undefined) continue;
    await endIdentity(tx, node, { reason, crlNumber }, now);
    nodes.push(node);
  }
  return nodes;
}

/** The live identity of which this was the last certificate that was good; a revoked one of others is only listed. */
async function lastOf(tx: StoreTransaction, serial: SerialNumber, now: UnixMs): Promise<NodeRow | undefined> {
  const nodeId = (await tx.certificate(serial))?.nodeId ?? null;
  const node = nodeId === null ? null : await tx.node(nodeId);
  if (node === null || node.state === 'revoked' || node.state === 'removed') return undefined;
  const living = await tx.certificates({ nodeId: node.nodeId, notAfterFrom: now });
  return living.every(({ revocation }) => revocation !== null) ? node : undefined;
}
