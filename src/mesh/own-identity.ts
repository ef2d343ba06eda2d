import type { SignedRecord } from '../heartbeat/index.ts';
import type { EdgeReport, SubjectRecord } from '../membership/index.ts';
import type { CertId, MonoMs, NodeId, NodeName, Signer, UnixMs } from '../std/index.ts';
import { NO_MODES, type NodeModes } from './modes.ts';

/** The certificate and key this node signs with now. */
export interface Credential {
  readonly signer: Signer;
  readonly certId: CertId;
  /** DER, leaf first, without the root. */
  readonly chain: readonly Uint8Array[];
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

/** What this node is and has said of itself in its present epoch. */
export class OwnIdentity {
  readonly nodeId: NodeId;
  readonly name: NodeName;
  /** Raw Ed25519 public key of the ledger. 32 bytes. */
  readonly logKey: Uint8Array;
  readonly addresses: readonly string[];
  readonly bootedAt: MonoMs;
  credential: Credential;
  /** Successor statements of earlier keys, oldest first. */
  succession: readonly Uint8Array[];
  epoch = 0;
  /** Seq of the newest record signed in this epoch; the epoch-start has 0. */
  seq = 0;
  /** Hash of the newest record's Sig_structure. 32 bytes. */
  prev: Uint8Array = new Uint8Array(32);
  epochStart: SubjectRecord<'epoch-start'> | undefined;
  keyChanges: readonly SubjectRecord<'key-change'>[] = [];
  heartbeat: SubjectRecord<'heartbeat'> | undefined;
  /** The newest heartbeat that rebuts something: kept so that late listeners can still be told. */
  rebuttal: SubjectRecord<'heartbeat'> | undefined;
  /** The newest heartbeat that announces a change of modes to all. */
  announcement: SubjectRecord<'heartbeat'> | undefined;
  leave: SignedRecord | undefined;
  edges: EdgeReport | undefined;
  /** What its operator has put it into. */
  modes: NodeModes = NO_MODES;
  /** Set once this node is revoked or removed: nothing it could say counts any more, so it says nothing. */
  silenced = false;

  constructor(identity: {
    readonly nodeId: NodeId;
    readonly name: NodeName;
    readonly logKey: Uint8Array;
    readonly addresses: readonly string[];
    readonly credential: Credential;
    readonly succession: readonly Uint8Array[];
    readonly bootedAt: MonoMs;
    readonly modes?: NodeModes | undefined;
  }) {
    this.nodeId = identity.nodeId;
    this.name = identity.name;
    this.logKey = identity.logKey;
    this.addresses = identity.addresses;
    this.credential = identity.credential;
    this.succession = identity.succession;
    this.bootedAt = identity.bootedAt;
    this.modes = identity.modes ?? NO_MODES;
  }

  /** Begins `epoch` with its durable epoch-start. */
  beginEpoch(epoch: number, start: SignedRecord): void {
    this.epoch = epoch;
    this.seq = 0;
    this.prev = start.structureHash;
    this.epochStart = { type: 'epoch-start', seq: 0, ...start };
    this.keyChanges = [];
    this.heartbeat = undefined;
    this.rebuttal = undefined;
    this.announcement = undefined;
    this.edges = undefined;
  }

  /** Takes the next sequence number for a record just signed; a number is never used for two records. */
  signed(record: SignedRecord): void {
    this.seq += 1;
    this.prev = record.structureHash;
  }
}
