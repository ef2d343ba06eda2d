import {
  countsAsAlive,
  type HeldAccusation,
  type MemberState,
  type StateReason,
} from '../membership/index.ts';
import type { CertId, Digest, NodeId, NodeName, SerialNumber, UnixMs } from '../std/index.ts';
import { issuerKeyOf, type VerifiedPeer } from '../trust/index.ts';
import { enforcedCrlNumber, type Core } from './core.ts';
import type { LinkTable } from './link-table.ts';
import { flagNames, modeFlags } from './modes.ts';
import type { StatusBoard } from './status-board.ts';

/** One peer as this node sees it. */
export interface PeerStatus {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly alive: boolean;
  readonly state: MemberState;
  readonly reason: StateReason;
  /** Null while nothing was ever known of it. */
  readonly since: UnixMs | null;
  readonly serial: SerialNumber | null;
  readonly epoch: number;
  readonly seq: number;
  /** This node is one of its observers, and gets its heartbeats. */
  readonly observed: boolean;
  readonly lastHeartbeatAgoMs: number | null;
  readonly flags: readonly string[];
}

/** A node's own view: nobody else's. */
export interface NodeStatus {
  readonly self: NodeName;
  readonly nodeId: NodeId;
  readonly state: string;
  /** Names of the modes that it is in. */
  readonly flags: readonly string[];
  readonly epoch: number;
  readonly quorate: boolean;
  /** Too few neighbours have lately agreed with this node's view to go by it where it does not observe itself. */
  readonly viewStale: boolean;
  readonly crlNumber: number;
  readonly crlNextUpdate: UnixMs | null;
  readonly rosterNumber: number;
  readonly members: number;
  readonly h: number;
  readonly k: number;
  readonly certificateNotAfter: UnixMs;
  /** False while records are being lost: disk full or too slow. */
  readonly ledgerHealthy: boolean;
  /** By name: the order of random ids would mean nothing to anyone. */
  readonly peers: readonly PeerStatus[];
}

/** Why a peer is in its state: everything the verdict rests on. */
export interface Explanation {
  readonly peer: PeerStatus;
  readonly roster: { readonly state: string; readonly number: number };
  readonly certificate: {
    readonly verdict: string;
    readonly serial: SerialNumber;
    readonly certId: CertId;
    readonly notAfter: UnixMs;
    readonly crlNumber: number;
  } | null;
  readonly link: { readonly up: boolean; readonly roundTripMs: number | null };
  /** Null when this node does not observe it. */
  readonly deadlineInMs: number | null;
  /** Names of those that observe it now. */
  readonly observers: readonly string[];
  readonly accusations: readonly {
    readonly id: Digest;
    readonly accuser: string;
    readonly rosterNumber: number;
    readonly lastSeq: number;
  }[];
  readonly accusationsNeeded: number;
  readonly downCertificate: boolean;
  readonly inquorate: boolean;
  readonly viewStale: boolean;
}

/** Reads the core for people and programs. Changes nothing. */
export class StatusReader {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #board: StatusBoard;
  readonly #selfState: () => string;

  constructor(core: Core, links: LinkTable, board: StatusBoard, selfState: () => string) {
    this.#core = core;
    this.#links = links;
    this.#board = board;
    this.#selfState = selfState;
  }

  status(): NodeStatus {
    const { own, table, issuers, journal } = this.#core;
    const roster = table.roster;
    return {
      self: own.name,
      nodeId: own.nodeId,
      state: this.#selfState(),
      flags: flagNames(modeFlags(own.modes)),
      epoch: own.epoch,
      quorate: this.#board.quorate,
      viewStale: this.#board.viewStale,
      crlNumber: enforcedCrlNumber(this.#core),
      crlNextUpdate: issuers.ownRevocation?.nextUpdate ?? null,
      rosterNumber: roster?.number ?? 0,
      members: roster?.members.filter((member) => member.state === 'active').length ?? 0,
      h: roster?.h ?? 0,
      k: roster?.k ?? 0,
      certificateNotAfter: own.credential.notAfter,
      ledgerHealthy: !journal.failing && journal.lost === 0,
      peers: table.members
        .map((member) => this.#peer(member.nodeId))
        .filter((peer) => peer !== undefined)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    };
  }

  explain(name: string): Explanation | undefined {
    const { table, directory, now } = this.#core;
    const member = table.members.find((each) => each.name === name || each.nodeId === name);
    const peer = member === undefined ? undefined : this.#peer(member.nodeId);
    if (member === undefined || peer === undefined) return undefined;
    const certificate = directory.current(member.nodeId);
    const link = this.#links.get(member.nodeId);
    return {
      peer,
      roster: { state: member.roster, number: table.roster?.number ?? 0 },
      certificate:
        certificate === undefined
          ? null
          : {
              verdict: directory.verdict(member.nodeId, now.wall),
              serial: certificate.serial,
              certId: certificate.key.certId,
              notAfter: certificate.notAfter,
              crlNumber: this.#crlNumberOf(certificate),
            },
      link: { up: link !== undefined, roundTripMs: link?.roundTripMs ?? null },
      deadlineInMs: member.deadline === undefined || !member.isObserved ? null : member.deadline - now.mono,
      observers: table.observersOf(member.nodeId).map((nodeId) => this.#nameOf(nodeId)),
      accusations: member.book.accusations.map((accusation) => this.#accusation(accusation)),
      accusationsNeeded: table.quorumOf(table.roster?.number ?? 0),
      downCertificate: member.downCertificate !== undefined,
      inquorate: this.#board.inquorate,
      viewStale: this.#board.viewStale,
    };
  }

  /** Of the newest CRL that it is judged by. */
  #crlNumberOf({ chain: [, issuer] }: VerifiedPeer): number {
    const held = issuer === undefined ? undefined : this.#core.trust.held(issuerKeyOf(issuer));
    return held?.crlNumber ?? 0;
  }

  #peer(nodeId: NodeId): PeerStatus | undefined {
    const { table, directory, now } = this.#core;
    const member = table.get(nodeId);
    if (member === undefined) return undefined;
    const { state, reason, since } = this.#board.verdict(nodeId);
    const flags = flagNames(member.flags);
    return {
      name: member.name,
      nodeId,
      alive: countsAsAlive(state),
      state,
      reason,
      since: since === 0 ? null : since,
      serial: directory.current(nodeId)?.serial ?? null,
      epoch: member.epoch,
      seq: member.head?.seq ?? 0,
      observed: member.isObserved,
      lastHeartbeatAgoMs: member.lastHeard === undefined ? null : now.mono - member.lastHeard,
      flags: member.clockSkewed ? [...flags, 'clock-skew'] : flags,
    };
  }

  #accusation({ id, accuser, rosterNumber, lastSeq }: HeldAccusation): Explanation['accusations'][number] {
    return { id, accuser: this.#nameOf(accuser), rosterNumber, lastSeq };
  }

  #nameOf(nodeId: NodeId): string {
    const { own, table } = this.#core;
    return nodeId === own.nodeId ? own.name : (table.get(nodeId)?.name ?? nodeId);
  }
}
