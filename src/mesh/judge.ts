import {
  encodeDownCertificate,
  REBUTTAL_WAIT_MS,
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
    if (own.epoch === 0 || now.mono < this.#notBefore) return;
    if (table.isInquorate(now.mono)) return;
    for (const member of table.members) {
      if (this.#shouldAccuse(member)) this.#accuse(member);
      this.#concludeIfDue(member);
    }
  }

  get nextDeadline(): MonoMs | undefined {
    const { table, now } = this.#core;
    const times: number[] = table.members
      .map((member) => this.#quorum(member))
      .filter((quorum) => quorum !== undefined)
      .map((quorum) => this.#concludeAt(quorum));
    if (this.#notBefore > now.mono) times.push(this.#notBefore);
    return times.length === 0 ? undefined : monoMs(Math.min(...times));
  }

  /** Puts a verified accusation by an entitled observer into its subject's book. */
  admit(member: Member, accusation: HeldAccusation): boolean {
    return member.book.add(accusation, this.#core.now.mono);
  }

  /** Applies a down certificate that was verified or that we have concluded ourselves: final for the epoch. */
  bury(member: Member, certificate: Uint8Array, except?: NodeId): void {
    if (member.downCertificate !== undefined) return;
    member.downCertificate = certificate;
    this.#core.journal.record({ type: 'down-certificate', certificate }, this.#core.now.wall);
    this.#gossip.pushDown(certificate, except);
  }

  #shouldAccuse(member: Member): boolean {
    const { table, own, now } = this.#core;
    if (!member.isSilent(now.mono) || member.last === undefined) return false;
    const rosterNumber = table.roster?.number ?? 0;
    if (member.book.accusedBy(own.nodeId, rosterNumber) || this.#accusing.has(member.nodeId)) return false;
    if (isTerminal(this.#board.verdict(member.nodeId).state)) return false;
    if (member.last.seq < member.book.rebuttedSeq) return false;
    return this.#ring(member, rosterNumber) !== undefined;
  }

  #ring(member: Member, rosterNumber: number): number | undefined {
    return this.#core.table.ringOf(this.#core.own.nodeId, member.nodeId, rosterNumber, this.#core.now.mono);
  }

  #accuse(member: Member): void {
    const { own, crypto, domainId, table, now, journal } = this.#core;
    const rosterNumber = table.roster?.number ?? 0;
    const ring = this.#ring(member, rosterNumber);
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
    journal.record({ type: 'miss', nodeId: member.nodeId, epoch, lastSeq: last.seq }, now.wall);
    journal.strict(
      { type: 'accusation', record: bytes },
      now.wall,
      () => {
        this.#accusing.delete(member.nodeId);
        if (member.epoch !== epoch) return;
        this.#publish(member, bytes);
        this.admit(member, { id, accuser: own.nodeId, rosterNumber, bytes, lastSeq: last.seq });
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
    if (isTerminal(this.#board.verdict(member.nodeId).state)) return undefined;
    return member.book.quorum((rosterNumber) => this.#core.table.quorumOf(rosterNumber));
  }

  /** Long enough for the subject to hear of it and answer, through whichever of our links is slowest. */
  #concludeAt(quorum: AccusationQuorum): MonoMs {
    const roundTrip = Math.max(0, ...this.#links.up.map((link) => link.roundTripMs));
    return monoMs(quorum.since + REBUTTAL_WAIT_MS + 2 * roundTrip);
  }

  #concludeIfDue(member: Member): void {
    const quorum = this.#quorum(member);
    if (quorum === undefined || this.#core.now.mono < this.#concludeAt(quorum)) return;
    const certificate = encodeDownCertificate({
      subject: member.nodeId,
      epoch: member.epoch,
      rosterNumber: quorum.rosterNumber,
      accusations: quorum.accusations.map(({ bytes }) => bytes),
    });
    this.bury(member, certificate);
  }
}

function notDurable(member: Member, reason: Fault | undefined): Fault {
  return fault('LS_MESH_ACCUSATION_NOT_DURABLE', `not accusing ${member.name} for now`, reason);
}
