import { toHex } from '../std/index.ts';
import type { FaultCode, NodeId } from '../std/index.ts';
import type { TreeHead } from '../ledger/index.ts';
import { LogTree, wholeLog } from './log-tree.ts';
import type { Evidence } from './evidence.ts';
import type { AuditedHome, FindingDetails, Place } from './report.ts';
import { OwnSequence, PeerSequences } from './sequence.ts';
import type { LedgerSource, SourceFile } from './source.ts';

/** Doubts about one log that wait for what follows. */
export const MAX_DOUBTS = 1_024;

interface Doubt {
  readonly code: FaultCode;
  readonly place: Place;
  readonly details: FindingDetails;
}

/** A jump in the owner's numbers that a gap entry may still explain. */
interface Jump extends Doubt {
  readonly missing: number;
}

/** A record of a log's owner, as another log has it. */
interface Heard {
  readonly epoch: number;
  readonly seq: number;
  readonly place: Place;
}

/** One log while it is being audited. */
export class HomeState {
  readonly home: number;
  readonly source: LedgerSource;
  readonly tree: LogTree;
  readonly own = new OwnSequence();
  readonly peers = new PeerSequences();
  /** The note as it lies there, and what it claims; unverified. */
  readonly checkpoint: SourceFile | undefined;
  readonly claimed: (TreeHead & { readonly origin: string }) | undefined;
  /** Whose log it is, as the checkpoint says; it counts only because the checkpoint is verified in the end. */
  owner: NodeId | undefined;
  records = 0;
  signatures = 0;
  firstMs: number | null = null;
  lastMs: number | null = null;
  /** The first byte after the last entry. */
  end: Place;
  readonly #evidence: Evidence;
  #heard: Heard | undefined;
  #credit = 0;
  #jumps: Jump[] = [];
  #doubts: Doubt[] = [];

  constructor(
    home: number,
    source: LedgerSource,
    evidence: Evidence,
    checkpoint: SourceFile | undefined,
    claimed: (TreeHead & { readonly origin: string }) | undefined,
  ) {
    this.home = home;
    this.source = source;
    this.#evidence = evidence;
    this.checkpoint = checkpoint;
    this.claimed = claimed;
    this.end = { ...wholeLog(source, home), index: 0 };
    this.tree = new LogTree(source, evidence.findings, evidence.hasher);
  }

  get ownerName(): string | null {
    return this.owner === undefined ? null : this.#evidence.certificates.nameOf(this.owner);
  }

  /** For a log without a checkpoint: who sent the first heartbeat in it. What came before was not followed. */
  inferOwner(nodeId: NodeId): void {
    if (this.owner !== undefined) return;
    this.owner = nodeId;
    this.own.forgive();
  }

  /** Another log holds a record of this log's owner, sent as durable: it must be here too. */
  heardElsewhere(record: Heard): void {
    const newest = this.#heard;
    const later = newest === undefined || record.epoch > newest.epoch;
    if (later || (record.epoch === newest.epoch && record.seq > newest.seq)) this.#heard = record;
  }

  /** A gap entry says that `count` records were lost: so many numbers of the owner may be missing. */
  gap(count: number): void {
    this.#credit += count;
    this.peers.lostEntries();
    this.#jumps = this.#jumps.filter((jump) => !this.#settle(jump.missing));
  }

  /** Numbers of the owner are missing. It is a fault unless gap entries account for them. */
  jump(missing: number, doubt: Doubt): void {
    if (this.#settle(missing) || this.#jumps.length >= MAX_DOUBTS) return;
    this.#jumps.push({ ...doubt, missing });
  }

  /**
   * Something was heard out of order. A node that starts again may hear old records before its first own one, so
   * what the owner signs next decides.
   */
  doubt(doubt: Doubt): void {
    if (this.#doubts.length < MAX_DOUBTS) this.#doubts.push(doubt);
  }

  /** The owner began an epoch: it has started, or started anew. */
  ownEpochBegan(): void {
    this.#doubts = [];
    this.peers.rebooted();
  }

  /** The owner went on in its epoch. */
  ownEpochGoesOn(): void {
    this.#report(this.#doubts);
    this.#doubts = [];
  }

  /** Call after the last entry. */
  finish(): void {
    this.#report(this.#doubts);
    this.#report(this.#jumps);
    if (!this.tree.finish()) this.#comparePeers();
  }

  /** What peers heard beyond the end of the log. */
  #comparePeers(): void {
    const heard = this.#heard;
    if (heard === undefined || this.own.reached(heard)) return;
    this.#evidence.findings.add('LS_AUDIT_LOG_SHORT', heard.place, {
      node: this.ownerName,
      epoch: heard.epoch,
      seq: heard.seq,
      expected: `this record in ${this.source.place}`,
    });
  }

  summary(): AuditedHome {
    const root = this.tree.root();
    return {
      home: this.source.name,
      node: this.ownerName,
      nodeId: this.owner ?? null,
      records: this.records,
      signatures: this.signatures,
      size: this.tree.size,
      root: root === undefined ? null : toHex(root),
      firstMs: this.firstMs,
      lastMs: this.lastMs,
    };
  }

  #settle(missing: number): boolean {
    if (this.#credit < missing) return false;
    this.#credit -= missing;
    return true;
  }

  #report(doubts: readonly Doubt[]): void {
    for (const { code, place, details } of doubts) this.#evidence.findings.add(code, place, details);
  }
}
