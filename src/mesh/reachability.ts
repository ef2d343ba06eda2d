import type { Verified } from '../heartbeat/index.ts';
import {
  countsAsAlive,
  MAX_SILENT_EDGES,
  signEdgeVerdicts,
  type EdgeReport,
  type EdgeVerdicts,
  type Member,
} from '../membership/index.ts';
import { err, fault, monoMs, ok, type Fault, type MonoMs, type NodeId, type Result } from '../std/index.ts';
import type { Core } from './core.ts';
import type { Gossip } from './gossip.ts';
import { isTerminal, type StatusBoard } from './status-board.ts';
import { TokenBucket } from './token-bucket.ts';

/** A member that is silent for so long and not down: a death is known before. */
export const SILENT_BEFORE_REPORT_MS = 2_000;
/** Of one node on average; and so many at once. */
export const REPORT_SPACING_MS = 2_000;
export const REPORTS_BURST = 4;

/** An observer does not hear a subject, though both are counted alive. */
export interface SilentEdge {
  readonly observer: NodeId;
  readonly subject: NodeId;
  readonly since: MonoMs;
}

/**
 * Who hears whom: what this node says of those that it observes, and what others say. No verdict rests on it: it shows
 * a mesh whose parts still reach each other by others, where nobody is down and nobody is well.
 */
export class Reachability {
  readonly #core: Core;
  readonly #gossip: Gossip;
  readonly #board: StatusBoard;
  /** Since when we do not hear whom. */
  readonly #silentSince = new Map<NodeId, MonoMs>();
  /** One each for members that have sent a report. */
  readonly #limits = new Map<NodeId, TokenBucket>();
  #nextReport: MonoMs;
  #alarmed = false;

  constructor(core: Core, gossip: Gossip, board: StatusBoard) {
    this.#core = core;
    this.#gossip = gossip;
    this.#board = board;
    this.#nextReport = core.now.mono;
  }

  /** Takes another's report. Errors: LS_MESH_EDGES_STALE, LS_MESH_FLOOD. */
  take(
    member: Member,
    record: Verified<EdgeVerdicts>,
    bytes: Uint8Array,
  ): Result<{ readonly forward: boolean }, Fault> {
    const { now } = this.#core;
    const { epoch, number, silent } = record.body;
    if (epoch !== member.epoch || number <= (member.edges?.number ?? 0)) {
      const detail = `report ${number} of ${member.name} in epoch ${epoch}`;
      return err(fault('LS_MESH_EDGES_STALE', detail));
    }
    if (!this.#limitOf(member.nodeId).take(now.mono)) {
      const detail = `${member.name} reports faster than a member may`;
      return err(fault('LS_MESH_FLOOD', detail));
    }
    member.edges = { number, bytes, silent: sinceOf(silent, member.edges, now.mono) };
    return ok({ forward: true });
  }

  /** Notes who has fallen silent, and says so when that has changed and lasted. */
  tick(): void {
    const { own, now } = this.#core;
    this.#listen();
    this.#alarm();
    if (own.epoch === 0 || own.silenced || now.mono < this.#nextReport) return;
    const silent = this.#toReport();
    const said = [...(own.edges?.silent.keys() ?? [])];
    if (silent.length === said.length && silent.every((nodeId, i) => nodeId === said[i])) return;
    this.#report(silent);
  }

  get nextDeadline(): MonoMs | undefined {
    const { own, now } = this.#core;
    const due = [...this.#silentSince]
      .filter(([nodeId]) => own.edges?.silent.has(nodeId) !== true)
      .map(([, since]) => Math.max(since + SILENT_BEFORE_REPORT_MS, this.#nextReport));
    const healed = [...(own.edges?.silent.keys() ?? [])].some((nodeId) => !this.#silentSince.has(nodeId));
    const next = Math.min(...due, healed ? this.#nextReport : Infinity);
    return next > now.mono && next < Infinity ? monoMs(next) : undefined;
  }

  /** Between members that count as alive, ourselves included, as they and we say. */
  silentEdges(): readonly SilentEdge[] {
    const { own, table } = this.#core;
    const rows: readonly (readonly [NodeId, EdgeReport | undefined])[] = [
      [own.nodeId, own.edges],
      ...table.members
        .filter(({ nodeId }) => this.#isAlive(nodeId))
        .map(({ nodeId, edges }) => [nodeId, edges] as const),
    ];
    return rows.flatMap(([observer, report]) =>
      [...(report?.silent ?? [])]
        .filter(([subject]) => this.#isAlive(subject) && table.observersOf(subject).includes(observer))
        .map(([subject, since]) => ({ observer, subject, since })),
    );
  }

  #isAlive(nodeId: NodeId): boolean {
    return nodeId === this.#core.own.nodeId || countsAsAlive(this.#board.verdict(nodeId).state);
  }

  #listen(): void {
    const { table, now } = this.#core;
    for (const member of table.members) {
      const isSilent = member.isSilent(now.mono) && !isTerminal(this.#board.verdict(member.nodeId).state);
      if (!isSilent) this.#silentSince.delete(member.nodeId);
      else if (!this.#silentSince.has(member.nodeId)) this.#silentSince.set(member.nodeId, now.mono);
    }
  }

  #toReport(): readonly NodeId[] {
    const { now } = this.#core;
    return [...this.#silentSince]
      .filter(([, since]) => now.mono - since >= SILENT_BEFORE_REPORT_MS)
      .map(([nodeId]) => nodeId)
      .sort()
      .slice(0, MAX_SILENT_EDGES);
  }

  #report(silent: readonly NodeId[]): void {
    const { own, now, table, domainId, crypto } = this.#core;
    const number = (own.edges?.number ?? 0) + 1;
    const body: EdgeVerdicts = {
      certId: own.credential.certId,
      epoch: own.epoch,
      number,
      tMs: now.wall,
      rosterNumber: table.roster?.number ?? 0,
      silent,
      ext: new Map(),
    };
    const { bytes, id } = signEdgeVerdicts(body, own.credential.signer, domainId, crypto);
    own.edges = { number, bytes, silent: sinceOf(silent, own.edges, now.mono) };
    this.#nextReport = monoMs(now.mono + REPORT_SPACING_MS);
    this.#gossip.markSeen(id);
    this.#gossip.push('edge-verdicts', bytes);
  }

  /** Once when it begins: which pairs they are, `mesh matrix` shows. */
  #alarm(): void {
    const edges = this.#hasReports() ? this.silentEdges() : [];
    const [first] = edges;
    if (first !== undefined && !this.#alarmed) {
      const [observer, subject] = [this.#nameOf(first.observer), this.#nameOf(first.subject)];
      const others = edges.length === 1 ? '' : ` (and ${edges.length - 1} more such pairs)`;
      const detail = `${observer} does not hear ${subject}, which others hear${others}`;
      this.#core.out.report('warn', fault('LS_MESH_PARTIAL_PARTITION', detail));
    }
    this.#alarmed = first !== undefined;
  }

  #hasReports(): boolean {
    const { own, table } = this.#core;
    if ((own.edges?.silent.size ?? 0) > 0) return true;
    for (const { edges } of table.members) if (edges !== undefined && edges.silent.size > 0) return true;
    return false;
  }

  #nameOf(nodeId: NodeId): string {
    const { own, table } = this.#core;
    return nodeId === own.nodeId ? own.name : (table.get(nodeId)?.name ?? nodeId);
  }

  #limitOf(nodeId: NodeId): TokenBucket {
    const known = this.#limits.get(nodeId);
    if (known !== undefined) return known;
    const limit = new TokenBucket(1_000 / REPORT_SPACING_MS, REPORTS_BURST, this.#core.now.mono);
    this.#limits.set(nodeId, limit);
    return limit;
  }
}

/** Who was silent before is so since then. */
function sinceOf(
  silent: readonly NodeId[],
  before: EdgeReport | undefined,
  now: MonoMs,
): ReadonlyMap<NodeId, MonoMs> {
  return new Map(silent.map((nodeId) => [nodeId, before?.silent.get(nodeId) ?? now]));
}
