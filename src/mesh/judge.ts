import {
  encodeDownCertificate,
  signAccusation,
  type Accusation,
  type AccusationQuorum,
  type HeldAccusation,
  type Member,
} from '../membership/index.ts';
import { fault, monoMs, type Fault, type MonoMs, type NodeId } from '../std/index.ts';
import type { Core } from './core.ts';
import type { Gossip } from './gossip.ts';
import type { LinkTable } from './link-table.ts';
import { isTerminal, type StatusBoard } from './status-board.ts';

/** Between accusations of one that answers: up to eight intervals. */
const MAX_DOUBLINGS = 3;

/** A death that another has concluded, while its subject may still answer us. */
interface ReportedDeath {
  readonly epoch: number;
  readonly certificate: Uint8Array;
  readonly evidence: readonly Pick<HeldAccusation, 'id' | 'lastSeq'>[];
  readonly since: MonoMs;
}

/**
 * Turns silence into accusations and accusations into DOWN. An accusation is durable before anyone sees it; a
 * node that has lost half of its roster accuses and concludes nothing, since it may be the one that is cut off.
 */
export class Judge {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #gossip: Gossip;
  readonly #board: StatusBoard;
  #notBefore: MonoMs;
  /** Accusations that are being made durable. */
  readonly #accusing = new Set<NodeId>();
  /** Whom we accused since we last heard it: a subject that answers each time through others is not accused in a loop. */
  readonly #accused = new Map<NodeId, { readonly at: MonoMs; readonly times: number }>();
  readonly #reported = new Map<NodeId, ReportedDeath>();

  constructor(core: Core, links: LinkTable, gossip: Gossip, board: StatusBoard) {
    this.#core = core;
    this.#links = links;
    this.#gossip = gossip;
    this.#board = board;
    this.#notBefore = core.now.mono;
  }

  /** We did not run for `stolenMs`: read what has arrived meanwhile before judging anyone. */
  stalled(stolenMs: number): void {
    for (const member of this.#core.table.members) member.extendDeadline(stolenMs);
    this.#notBefore = monoMs(this.#core.now.mono + this.#core.config.drainMs);
  }

  tick(): void {
    const { now, table, own } = this.#core;
    if (own.epoch === 0 || own.silenced || now.mono < this.#notBefore) return;
    for (const [nodeId, death] of this.#reported) this.#believeIfDue(nodeId, death);
    if (table.isInquorate(now.mono)) return;
    for (const member of table.members) {
      if (!member.isSilent(now.mono)) this.#accused.delete(member.nodeId);
      else if (this.#shouldAccuse(member)) this.#accuse(member);
      this.#concludeIfDue(member);
    }
  }

  get nextDeadline(): MonoMs | undefined {
    const { table, now } = this.#core;
    const times: number[] = table.members
      .map((member) => this.#quorum(member))
      .filter((quorum) => quorum !== undefined)
      .map((quorum) => this.#concludeAt(quorum.since));
    for (const death of this.#reported.values()) times.push(this.#concludeAt(death.since));
    // What is past and was not done cannot be done now: asking to be woken for it would never end.
    const ahead = [...times, this.#notBefore].filter((time) => time > now.mono);
    return ahead.length === 0 ? undefined : monoMs(Math.min(...ahead));
  }

  /** Puts a verified accusation by an entitled observer into its subject's book. */
  admit(member: Member, accusation: HeldAccusation): boolean {
    return member.book.add(accusation, this.#core.now.mono);
  }

  /** Takes a verified down certificate of another's making, whose accusations stand as far as we know. */
  weigh(member: Member, certificate: Uint8Array, evidence: ReportedDeath['evidence']): void {
    const { epoch, nodeId } = member;
    if (this.#reported.get(nodeId)?.epoch === epoch) return;
    this.#reported.set(nodeId, { epoch, certificate, evidence, since: this.#core.now.mono });
  }

  /** Final for the epoch. */
  #bury(member: Member, certificate: Uint8Array): void {
    if (member.downCertificate !== undefined) return;
    member.downCertificate = certificate;
    this.#core.table.placeAnew(member, this.#core.now.mono);
    this.#core.journal.record({ type: 'down-certificate', certificate }, this.#core.now.wall);
    this.#gossip.pushDown(certificate);
  }

  #believeIfDue(nodeId: NodeId, { epoch, certificate, evidence, since }: ReportedDeath): void {
    if (this.#core.now.mono < this.#concludeAt(since)) return;
    this.#reported.delete(nodeId);
    const member = this.#core.table.get(nodeId);
    if (member?.epoch !== epoch || !evidence.every((accusation) => member.book.stands(accusation))) return;
    this.#bury(member, certificate);
  }

  #shouldAccuse(member: Member): boolean {
    const { table, own } = this.#core;
    if (member.last === undefined || this.#isTooSoon(member)) return false;
    const rosterNumber = table.roster?.number ?? 0;
    if (member.book.accusedBy(own.nodeId, rosterNumber) || this.#accusing.has(member.nodeId)) return false;
    if (isTerminal(this.#board.verdict(member.nodeId).state)) return false;
    if (member.last.seq < member.book.rebuttedSeq) return false;
    return table.ownRing(member.nodeId) !== undefined;
  }

  /**
   * A process that runs late trusts its own ears less (Lifeguard §4.1), and one that was answered waits twice as long
   * each time: unless others accuse too, it is our link that is broken. Else a machine that is overloaded would load
   * all others with the accusations of those that it could not listen to.
   */
  #isTooSoon(member: Member): boolean {
    const { now, config } = this.#core;
    const patience = this.#board.localHealth * config.patienceIntervals * config.intervalMs;
    const isPatient = !member.isRefused() && now.mono < (member.deadline ?? 0) + patience;
    if (isPatient) return true;
    const { at, times } = this.#accused.get(member.nodeId) ?? { at: -Infinity, times: 0 };
    const factor = member.book.count > 0 ? 1 : 2 ** Math.min(times - 1, MAX_DOUBLINGS);
    return times > 0 && now.mono - at < config.intervalMs * factor;
  }

  #accuse(member: Member): void {
    const { own, crypto, domainId, table, now, journal } = this.#core;
    const rosterNumber = table.roster?.number ?? 0;
    const ring = table.ownRing(member.nodeId);
    const last = member.last;
    if (ring === undefined || last === undefined) return;
    const body: Accusation = {
      certId: own.credential.certId,
      tMs: now.wall,
      subject: member.nodeId,
      epoch: member.epoch,
      rosterNumber,
      ring,
      reason: member.isRefused() ? 'closed' : 'silent',
      last: { type: last.type, bytes: last.bytes },
      ext: new Map(),
    };
    const { bytes, id } = signAccusation(body, own.credential.signer, domainId, crypto);
    const epoch = member.epoch;
    this.#accusing.add(member.nodeId);
    const times = (this.#accused.get(member.nodeId)?.times ?? 0) + 1;
    this.#accused.set(member.nodeId, { at: now.mono, times });
    journal.later({ type: 'miss', nodeId: member.nodeId, epoch, lastSeq: last.seq }, now);
    journal.strict(
      { type: 'accusation', record: bytes },
      now.wall,
      () => {
        this.#accusing.delete(member.nodeId);
        if (member.epoch !== epoch) return;
        this.#publish(member, bytes);
        this.admit(member, { id, accuser: own.nodeId, rosterNumber, ring, bytes, lastSeq: last.seq });
      },
      (reason) => {
        this.#accusing.delete(member.nodeId);
        this.#core.out.report('warn', notDurable(member, reason), member.nodeId);
      },
    );
  }

  /** The subject hears it first, so that it can answer before anyone has concluded anything. */
  #publish(member: Member, bytes: Uint8Array): void {
    const link = this.#links.get(member.nodeId);
    if (link !== undefined) this.#links.send(link, { kind: 'record', type: 'accusation', bytes });
    this.#gossip.push('accusation', bytes, member.nodeId);
  }

  #quorum(member: Member): AccusationQuorum | undefined {
    // Nearly always nobody accuses anybody, and every event asks.
    if (member.book.count === 0 || isTerminal(this.#board.verdict(member.nodeId).state)) return undefined;
    return member.book.quorum((rosterNumber) => this.#core.table.quorumOf(rosterNumber));
  }

  /** Long enough for the subject to hear of it and answer, through whichever of our links is slowest. */
  #concludeAt(since: MonoMs): MonoMs {
    const roundTrip = Math.max(0, ...this.#links.up.map((link) => link.roundTripMs));
    return monoMs(since + this.#core.config.judgement.rebuttalWaitMs + 2 * roundTrip);
  }

  #concludeIfDue(member: Member): void {
    const quorum = this.#quorum(member);
    if (quorum === undefined || this.#core.now.mono < this.#concludeAt(quorum.since)) return;
    const certificate = encodeDownCertificate({
      subject: member.nodeId,
      epoch: member.epoch,
      rosterNumber: quorum.rosterNumber,
      accusations: quorum.accusations.map(({ bytes }) => bytes),
    });
    this.#bury(member, certificate);
  }
}

function notDurable(member: Member, reason: Fault | undefined): Fault {
  return fault('LS_MESH_ACCUSATION_NOT_DURABLE', `not accusing ${member.name} for now`, reason);
}
