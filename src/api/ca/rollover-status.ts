import type { Authority, IssuingFacts, RootFacts } from '../../authority/index.ts';
import type { RosterMember } from '../../membership/index.ts';
import { equalBytes, toHex, type NodeId, type UnixMs } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import type { CaApiContext } from './context.ts';
import { activeMembers, valueOrThrow } from './spread.ts';
import { timeText } from './wire.ts';

/** Longer than any certificate of a node is good for. */
const EVER_MS = 20 * 366 * 24 * 60 * 60_000;

/** One issuing CA, as a call answers it. */
export function issuingJson(facts: IssuingFacts) {
  const time = (at: UnixMs | null): string | null => (at === null ? null : timeText(at));
  return {
    generation: facts.generation,
    state: facts.state,
    serial: facts.serial,
    spkiSha256: toHex(facts.spkiSha256),
    notBefore: timeText(facts.notBefore),
    notAfter: timeText(facts.notAfter),
    preparedAt: timeText(facts.preparedAt),
    activatedAt: time(facts.activatedAt),
    endedAt: time(facts.endedAt),
    firstCrlNumber: facts.firstCrlNumber,
    live: facts.live,
    lastNotAfter: time(facts.lastNotAfter),
  };
}

/** One root, as a call answers it. */
export function rootJson(facts: RootFacts) {
  return {
    generation: facts.generation,
    serial: facts.serial,
    sha256: toHex(facts.sha256),
    spkiSha256: toHex(facts.spkiSha256),
    notBefore: timeText(facts.notBefore),
    notAfter: timeText(facts.notAfter),
    isHere: facts.isHere,
    issuing: facts.issuing,
    crlNumber: facts.crlNumber,
    crlNextUpdate: timeText(facts.crlNextUpdate),
  };
}

/** Which active members have said that they hold a prepared generation and its CRL. */
export interface Adoption {
  readonly generation: number;
  readonly firstCrlNumber: number;
  readonly adopted: number;
  /** Names, sorted. */
  readonly missing: readonly string[];
}

/** Which active members have a certificate below the active generation. */
export interface Renewal {
  readonly generation: number;
  readonly renewed: number;
  /** Names, sorted. */
  readonly behind: readonly string[];
}

/** The answer of `GET /v1/rollover`. */
export interface RolloverJson {
  readonly generations: readonly IssuingJson[];
  readonly roots: readonly RootJson[];
  /** Members that have started once and were not ended. */
  readonly activeMembers: number;
  /** Null when no generation is prepared. */
  readonly adoption: Adoption | null;
  /** Null when none is active: the root has revoked the only one. */
  readonly renewal: Renewal | null;
}
export type IssuingJson = ReturnType<typeof issuingJson>;
export type RootJson = ReturnType<typeof rootJson>;

/** Where the rollover of this CA stands. Throws the authority's fault. */
export async function rolloverStatus(context: CaApiContext): Promise<RolloverJson> {
  const { authority, now } = context;
  const generations = valueOrThrow(await authority.rollover.list(now()));
  const { members } = await activeMembers(authority);
  const prepared = generations.find(({ state }) => state === 'prepared');
  const active = generations.find(({ state }) => state === 'active');
  return {
    generations: generations.map(issuingJson),
    roots: valueOrThrow(await authority.rollover.roots()).map(rootJson),
    activeMembers: members.length,
    adoption: prepared === undefined ? null : adoptionOf(context, prepared, members),
    renewal: active === undefined ? null : await renewalOf(authority, active, members, now()),
  };
}

/** Goes by what nodes have told this server, or another one over the same store, since it started. */
export function adoptionOf(
  { acks }: Pick<CaApiContext, 'acks'>,
  { generation, firstCrlNumber }: Pick<IssuingFacts, 'generation' | 'firstCrlNumber'>,
  members: readonly RosterMember[],
): Adoption {
  const goal = { crlNumber: firstCrlNumber, rosterNumber: 0 };
  const reached = acks.reached(
    goal,
    members.map(({ nodeId }) => nodeId),
  );
  const missing = members.filter(({ nodeId }) => !reached.has(nodeId)).map(({ name }) => name);
  return { generation, firstCrlNumber, adopted: reached.size, missing: missing.toSorted() };
}

async function renewalOf(
  authority: Authority,
  { generation, certificate }: IssuingFacts,
  members: readonly RosterMember[],
  now: UnixMs,
): Promise<Renewal> {
  const subject = valueOrThrow(parseCertificate(certificate)).subject;
  const renewed = new Set<NodeId>();
  for (const { nodeId, der } of valueOrThrow(await authority.list({ expiringMs: EVER_MS }, now))) {
    if (nodeId === null || der === null || renewed.has(nodeId)) continue;
    if (equalBytes(valueOrThrow(parseCertificate(der)).issuer, subject)) renewed.add(nodeId);
  }
  const behind = members.filter(({ nodeId }) => !renewed.has(nodeId)).map(({ name }) => name);
  return { generation, renewed: members.length - behind.length, behind: behind.toSorted() };
}
