import {
  equalBytes,
  err,
  fault,
  ok,
  parseSerialNumber,
  unixMs,
  type Fault,
  type FaultCode,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import {
  applyCrl,
  decodeRelease,
  makeTrustBundle,
  RevocationState,
  verifyRelease,
  type TrustBundle,
} from '../trust/index.ts';
import { parseCrl, type CertificateList } from '../x509/index.ts';
import type { IssuingCa } from './issuing-ca.ts';
import { readCurrentCrls } from './crl.ts';
import { MAX_MERGED_CRLS } from './limits.ts';
import type { ReleaseRow, RevocationRow } from './rows.ts';
import type { StoreReader } from './store.ts';
import type { StandingContext } from './standing.ts';

/** What a CRL says of one certificate. */
export type ListedRevocation = Omit<RevocationRow, 'crlNumber'>;

export interface ForeignCrls {
  /** All that they revoke, each serial once, with its earliest date; without holds that are known to have ended. */
  readonly listed: readonly ListedRevocation[];
  /** Holds that ended, each once. */
  readonly releases: readonly ReleaseRow[];
  /** The highest number among them; 0 for none. */
  readonly newest: number;
}

/** A CRL and the issuing CA whose name it has. */
interface OwnCrl {
  readonly list: CertificateList;
  readonly ca: IssuingCa;
}

/**
 * Reads CRLs of our own issuing CAs, wherever they were kept, by the rules of any relying party. One that leaves out
 * what another lists is still a true one: a CA that was restored before may have signed it.
 * Errors: LS_CA_REQUEST for too many or another issuer's; those of applyCrl.
 */
export async function readForeignCrls(
  context: StandingContext,
  tx: StoreReader,
  crls: readonly Uint8Array[],
  now: UnixMs,
): Promise<Result<ForeignCrls, Fault>> {
  if (crls.length > MAX_MERGED_CRLS) {
    return err(
      fault('LS_CA_REQUEST', `${crls.length} CRLs; at most ${MAX_MERGED_CRLS} are taken over at a time`),
    );
  }
  const lists = parseAll(context, crls);
  if (!lists.ok) return lists;
  const { trustDomain, roots } = context.trust;
  const bundle = makeTrustBundle(trustDomain, roots, context.deps.crypto);
  if (!bundle.ok) return bundle;
  const start = await stateOfRoot(context, tx, bundle.value, now);
  if (!start.ok) return start;
  let state = start.value;
  const listed = new Map<string, ListedRevocation>();
  const releases = new Map<string, ReleaseRow>();
  for (const own of lists.value) {
    const applied = applyOne(context, state, own, bundle.value, now);
    if (!applied.ok && !OF_VERIFIED_CRLS.includes(applied.error.code)) return applied;
    if (applied.ok) state = applied.value.state;
    const refused = collectReleases(context, own, releases);
    if (refused !== undefined) return err(refused);
  }
  const over = new Set([...(await tx.releasesFrom(unixMs(0))), ...releases.values()].map(holdKey));
  for (const own of lists.value) collect(own, over, listed);
  const newest = Math.max(0, ...lists.value.map(({ list }) => numberOf(list)));
  return ok({ listed: [...listed.values()], releases: [...releases.values()], newest });
}

/** Verdicts that come after that on the signature, about how a CRL fits to others. */
const OF_VERIFIED_CRLS: readonly FaultCode[] = ['LS_CRL_OMITS_ENTRY', 'LS_CRL_DELTA_BASE'];

function collect(
  { list, ca: { generation: issuer } }: OwnCrl,
  over: ReadonlySet<string>,
  listed: Map<string, ListedRevocation>,
): void {
  for (const { serialHex, reason, revokedAt } of list.entries) {
    const serial = parseSerialNumber(serialHex);
    if (serial === undefined || reason === 'removeFromCRL') continue;
    if (reason === 'certificateHold' && over.has(holdKey({ serial, heldAt: revokedAt }))) continue;
    const known = listed.get(serial);
    const found = { serial, reason, revokedAt, issuer };
    if (known === undefined || saysMore(found, known)) listed.set(serial, found);
  }
}

/** The CRL is ours, and each of its records has to be so too. Error: LS_CRL_RELEASE. */
function collectReleases(
  { trust, deps }: StandingContext,
  { list: { extensions }, ca }: OwnCrl,
  releases: Map<string, ReleaseRow>,
): Fault | undefined {
  for (const record of extensions.releases?.value ?? []) {
    const decoded = decodeRelease(record);
    const verified = decoded.ok
      ? verifyRelease(decoded.value, ca.certificate, trust.domainId, deps.crypto)
      : decoded;
    if (!verified.ok) return fault('LS_CRL_RELEASE', verified.error.detail, verified.error);
    const { serial, heldAtMs: heldAt, crlNumber } = verified.value;
    releases.set(holdKey({ serial, heldAt }), {
      serial,
      heldAt,
      crlNumber,
      issuer: ca.generation,
      record,
    });
  }
  return undefined;
}

/** No two holds of a certificate have one date. */
export function holdKey({ serial, heldAt }: Pick<ReleaseRow, 'serial' | 'heldAt'>): string {
  return `${serial} ${heldAt}`;
}

/** A revocation says more than a hold; of two of a kind the earlier one does. */
export function saysMore(one: ListedRevocation, other: ListedRevocation): boolean {
  const [oneIsHold, otherIsHold] = [one, other].map(({ reason }) => reason === 'certificateHold');
  return oneIsHold === otherIsHold ? one.revokedAt < other.revokedAt : otherIsHold === true;
}

/** In the order in which they were published; of one number the full one first. */
function parseAll({ cas }: StandingContext, crls: readonly Uint8Array[]): Result<readonly OwnCrl[], Fault> {
  const lists: OwnCrl[] = [];
  for (const der of crls) {
    const list = parseCrl(der);
    if (!list.ok) return list;
    const ca = cas.find(({ certificate }) => equalBytes(list.value.issuer, certificate.subject));
    if (ca === undefined) {
      return err(fault('LS_CA_REQUEST', 'a CRL is not of an issuing CA of this home'));
    }
    lists.push({ list: list.value, ca });
  }
  return ok(
    lists.sort(
      ({ list: a }, { list: b }) => numberOf(a) - numberOf(b) || Number(isDelta(a)) - Number(isDelta(b)),
    ),
  );
}

async function stateOfRoot(
  context: StandingContext,
  tx: StoreReader,
  bundle: TrustBundle,
  now: UnixMs,
): Promise<Result<RevocationState, Fault>> {
  const crls = await readCurrentCrls(tx);
  if (crls === null) return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no current CRL'));
  let state = RevocationState.empty();
  for (const list of crls.roots) {
    const applied = applyOne(context, state, { list, ca: undefined }, bundle, now);
    if (!applied.ok) return applied;
    state = applied.value.state;
  }
  return ok(state);
}

function applyOne(
  { deps }: StandingContext,
  state: RevocationState,
  { list, ca }: { readonly list: Pick<CertificateList, 'der'>; readonly ca: IssuingCa | undefined },
  bundle: TrustBundle,
  now: UnixMs,
): ReturnType<typeof applyCrl> {
  const chain = ca === undefined ? [] : [ca.certificate.der];
  return applyCrl(state, list.der, chain, bundle, deps.crypto, now);
}

function numberOf({ extensions }: CertificateList): number {
  return extensions.crlNumber?.value ?? 0;
}

function isDelta({ extensions }: CertificateList): boolean {
  return extensions.deltaCrlIndicator !== undefined;
}
