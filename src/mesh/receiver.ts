import {
  announcedModes,
  decodeEpochStart,
  decodeHeartbeat,
  decodeKeyChange,
  extendChain,
  idOfRecord,
  verifyKeyChangeProof,
  verifyRecord,
  type ChainedBody,
  type Heartbeat,
  type RecordBody,
  type RecordType,
  type Unverified,
  type Verified,
} from '../heartbeat/index.ts';
import { decodeEdgeVerdicts, decodeLeave, type Member, type SubjectRecord } from '../membership/index.ts';
import { equalBytes, err, fault, ok, toHex, type Fault, type Result } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import type { Accusations } from './accusations.ts';
import type { Authorities } from './authorities.ts';
import { trustedNow, type Core } from './core.ts';
import type { Gossip } from './gossip.ts';
import { intervalFault } from './interval.ts';
import { MAX_KEY_CHANGES_PER_EPOCH } from './limits.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import type { OwnRecords } from './own-records.ts';
import type { Reachability } from './reachability.ts';
import type { Revocations } from './revocations.ts';
import type { Rosters } from './rosters.ts';
import { warnOfSkew } from './skew.ts';

/** What became of a record: whether others must hear of it too. */
type Outcome = Result<{ readonly forward: boolean }, Fault>;

const KEEP = ok({ forward: false });
const FORWARD = ok({ forward: true });

/**
 * Takes records off the links: strict decoding, certificate, signature, order, and only then an effect. Nothing that
 * fails any of these changes anything.
 */
export class Receiver {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #gossip: Gossip;
  readonly #accusations: Accusations;
  readonly #rosters: Rosters;
  readonly #own: OwnRecords;
  readonly #revocations: Revocations;
  readonly #authorities: Authorities;
  readonly #reachability: Reachability;

  constructor(
    core: Core,
    links: LinkTable,
    gossip: Gossip,
    parts: {
      readonly accusations: Accusations;
      readonly rosters: Rosters;
      readonly own: OwnRecords;
      readonly revocations: Revocations;
      readonly authorities: Authorities;
      readonly reachability: Reachability;
    },
  ) {
    this.#core = core;
    this.#links = links;
    this.#gossip = gossip;
    this.#accusations = parts.accusations;
    this.#rosters = parts.rosters;
    this.#own = parts.own;
    this.#revocations = parts.revocations;
    this.#authorities = parts.authorities;
    this.#reachability = parts.reachability;
  }

  record(link: Link, type: RecordType, bytes: Uint8Array): void {
    const id = idOfRecord(bytes, this.#core.crypto);
    if (this.#gossip.hasSeen(id)) {
      if (type === 'heartbeat') this.#overtaken(link, bytes);
      return;
    }
    if (type !== 'heartbeat') this.#core.affected.all();
    const outcome = this.#take(link, type, bytes);
    if (!outcome.ok) {
      this.#core.out.report('debug', outcome.error, link.peer.nodeId);
      return;
    }
    this.#gossip.markSeen(id);
    if (outcome.value.forward) this.#gossip.push(type, bytes, link.peer.nodeId);
  }

  /** The accusations in a down certificate are heard as if they had come alone, so that the subject learns of them. */
  down(link: Link, bytes: Uint8Array): void {
    const outcome = this.#accusations.takeDown(bytes);
    if (!outcome.ok) {
      this.#core.out.report('debug', outcome.error, link.peer.nodeId);
      return;
    }
    for (const accusation of outcome.value) this.record(link, 'accusation', accusation);
  }

  /** A relay was faster than the subject's own link: only the latter says that we hear it. */
  #overtaken(link: Link, bytes: Uint8Array): void {
    const { table, directory, now } = this.#core;
    const { nodeId } = link.peer;
    const member = table.get(nodeId);
    const decoded = decodeHeartbeat(bytes);
    if (member === undefined || !decoded.ok) return;
    const { certId, epoch, seq, intervalMs } = decoded.value.body;
    if (directory.current(nodeId)?.key.certId !== certId || epoch !== member.epoch) return;
    member.heardDirectly(seq, intervalMs, now.mono);
    this.#core.affected.member(nodeId);
  }

  #take(link: Link, type: RecordType, bytes: Uint8Array): Outcome {
    switch (type) {
      case 'heartbeat':
        return this.#heartbeat(link, bytes);
      case 'epoch-start':
        return this.#epochStart(bytes);
      case 'key-change':
        return this.#keyChange(bytes);
      case 'leave':
        return this.#leave(bytes);
      case 'accusation':
        return this.#accusations.take(bytes);
      case 'edge-verdicts':
        return this.#edgeVerdicts(bytes);
      case 'roster':
        return this.#roster(bytes);
      case 'successor':
        return err(fault('LS_MESH_UNEXPECTED_RECORD', 'a successor statement never travels alone'));
      case 'log-key':
        return err(fault('LS_MESH_UNEXPECTED_RECORD', 'the log key of the CA does not travel'));
    }
  }

  #roster(bytes: Uint8Array): Outcome {
    const taken = this.#rosters.take(bytes);
    if (!taken.ok) return taken;
    if (taken.value) this.#revocations.rosterTaken(bytes);
    return ok({ forward: taken.value });
  }

  #epochStart(bytes: Uint8Array): Outcome {
    const core = this.#core;
    const decoded = decodeEpochStart(bytes);
    if (!decoded.ok) return decoded;
    const { body } = decoded.value;
    this.#authorities.presented(body.chain);
    const peer = core.directory.admit(body.chain, trustedNow(core));
    if (!peer.ok) return peer;
    const verified = verifyRecord(core.crypto, core.domainId, decoded.value, peer.value.key);
    if (!verified.ok) return verified;
    if (peer.value.nodeId === core.own.nodeId) return this.#own.epochStartSeen(verified.value);
    const member = this.#member(peer.value);
    if (!member.ok) return member;
    const stale = this.#staleEpoch(member.value, verified.value);
    if (stale !== undefined) return err(stale);
    const adopted = core.directory.adopt(peer.value, body.epoch, body.succession);
    if (!adopted.ok) return adopted;
    const { id, structureHash } = verified.value;
    const start = { type: 'epoch-start', bytes, id, seq: 0, structureHash } as const;
    const goesOn = isOfProcess(member.value, body.nonce);
    // Until it says what its interval is now, it may be what it was.
    const intervalMs = Math.max(core.config.intervalMs, member.value.intervalMs);
    member.value.startEpoch(body.epoch, start, intervalMs, core.now.mono, goesOn);
    member.value.flags = announcedModes(body) ?? 0;
    core.table.placeAnew(member.value, core.now.mono);
    this.#links.dialer.signedAddresses(member.value.nodeId, body.addresses);
    core.journal.later({ type: 'epoch-start', record: bytes }, core.now);
    return FORWARD;
  }

  #staleEpoch(member: Member, start: Verified<RecordBody & { readonly epoch: number }>): Fault | undefined {
    const { epoch } = start.body;
    const pinned = this.#core.keeper.pin(member.nodeId)?.epoch ?? 0;
    const place = `epoch ${epoch} of ${member.name}; known is ${Math.max(member.epoch, pinned)}`;
    if (epoch < member.epoch || epoch < pinned) return fault('LS_HEARTBEAT_OLD_EPOCH', place);
    if (epoch > member.epoch) return undefined;
    const same =
      member.epochStart !== undefined &&
      toHex(member.epochStart.structureHash) === toHex(start.structureHash);
    if (same) return fault('LS_HEARTBEAT_REPLAYED', place);
    const clone = fault(
      'LS_MESH_CLONE',
      `two processes use the identity of ${member.name} in epoch ${epoch}`,
    );
    this.#core.out.report('warn', clone, member.nodeId);
    return clone;
  }

  #heartbeat(link: Link, bytes: Uint8Array): Outcome {
    const opened = this.#open(decodeHeartbeat(bytes));
    if (!opened.ok) return opened;
    const { record, peer } = opened.value;
    if (peer.nodeId === this.#core.own.nodeId) {
      this.#core.affected.all();
      return this.#own.recordSeen(record.body);
    }
    this.#core.affected.member(peer.nodeId);
    const wrong = intervalFault(this.#core, peer.name, record.body.intervalMs);
    if (wrong !== undefined) return err(wrong);
    const member = this.#inOrder(peer, record);
    if (!member.ok) return this.#late(peer, record, member.error);
    const { body, id, structureHash } = record;
    const core = this.#core;
    const heard = { type: 'heartbeat', bytes: record.bytes, id, seq: body.seq, structureHash } as const;
    const direct = link.peer.nodeId === peer.nodeId;
    member.value.heard(heard, body.intervalMs, direct, core.now.mono);
    member.value.flags = body.flags;
    core.journal.later({ type: 'heartbeat-received', record: record.bytes }, core.now);
    warnOfSkew(core, member.value, body);
    if (direct) {
      this.#revocations.serve(link, body.crlNumber, body.rosterNumber);
      this.#gossip.heardView(link, body.viewDigest);
    }
    return ok({ forward: tellAll(member.value, heard, body) || body.rebuts !== null });
  }

  /**
   * What is for all counts even when newer heartbeats have overtaken it: whoever came too late to hear an answer to
   * accusations would suspect the subject for as long as that epoch lasts.
   */
  #late(peer: VerifiedPeer, record: Verified<Heartbeat>, refusal: Fault): Outcome {
    const member = this.#core.table.get(peer.nodeId);
    if (refusal.code !== 'LS_HEARTBEAT_REPLAYED' || !isForAll(record.body) || member === undefined) {
      return err(refusal);
    }
    const { bytes, id, structureHash } = record;
    const late = { type: 'heartbeat', bytes, id, seq: record.body.seq, structureHash } as const;
    return ok({ forward: tellAll(member, late, record.body) });
  }

  #keyChange(bytes: Uint8Array): Outcome {
    const core = this.#core;
    const opened = this.#open(decodeKeyChange(bytes));
    if (!opened.ok) return opened;
    const { record, peer } = opened.value;
    if (peer.nodeId === core.own.nodeId) return this.#own.recordSeen(record.body);
    const member = this.#inOrder(peer, record);
    if (!member.ok) return member;
    if (member.value.keyChanges.length >= MAX_KEY_CHANGES_PER_EPOCH) {
      return err(
        fault('LS_MESH_TOO_MANY_KEYS', `${peer.name} renewed too often in epoch ${record.body.epoch}`),
      );
    }
    this.#authorities.presented(record.body.chain);
    const next = core.directory.admit(record.body.chain, trustedNow(core));
    if (!next.ok) return next;
    if (next.value.nodeId !== peer.nodeId) {
      return err(
        fault('LS_MESH_KEY_CHANGE_SUBJECT', `${peer.name} announces a certificate of ${next.value.name}`),
      );
    }
    const proven = verifyKeyChangeProof(core.crypto, core.domainId, record, next.value.key);
    if (!proven.ok) return proven;
    const adopted = core.directory.adopt(next.value, record.body.epoch, [record.body.successor]);
    if (!adopted.ok) return adopted;
    const { id, structureHash } = record;
    member.value.rekeyed({ type: 'key-change', bytes, id, seq: record.body.seq, structureHash });
    core.journal.later({ type: 'key-change', record: bytes }, core.now);
    return FORWARD;
  }

  #leave(bytes: Uint8Array): Outcome {
    const opened = this.#open(decodeLeave(bytes));
    if (!opened.ok) return opened;
    const { record, peer } = opened.value;
    if (peer.nodeId === this.#core.own.nodeId) return this.#own.recordSeen(record.body);
    const member = this.#inOrder(peer, record);
    if (!member.ok) return member;
    member.value.leave = bytes;
    this.#core.table.placeAnew(member.value, this.#core.now.mono);
    this.#core.journal.later({ type: 'leave', record: bytes }, this.#core.now);
    return FORWARD;
  }

  #edgeVerdicts(bytes: Uint8Array): Outcome {
    const opened = this.#open(decodeEdgeVerdicts(bytes));
    if (!opened.ok) return opened;
    const { record, peer } = opened.value;
    // Our own come back to us after a restart: they say nothing that we need to know.
    if (peer.nodeId === this.#core.own.nodeId) return KEEP;
    const member = this.#member(peer);
    return member.ok ? this.#reachability.take(member.value, record, bytes) : member;
  }

  /** Certificate and signature of a record by a member that is known already. */
  #open<T extends RecordBody>(
    decoded: Result<Unverified<T>, Fault>,
  ): Result<{ readonly record: Verified<T>; readonly peer: VerifiedPeer }, Fault> {
    if (!decoded.ok) return decoded;
    const { directory, crypto, domainId, own } = this.#core;
    const { certId } = decoded.value.body;
    const known = directory.byCertId(certId);
    if (known === undefined)
      return err(fault('LS_MESH_UNKNOWN_CERTIFICATE', `${decoded.value.type} by ${certId}`));
    if (known.nodeId !== own.nodeId && directory.current(known.nodeId)?.key.certId !== certId) {
      return err(fault('LS_MESH_OLD_CERTIFICATE', `${known.name} has renewed ${certId}`));
    }
    const peer = directory.recheck(known, trustedNow(this.#core));
    if (!peer.ok) return peer;
    const record = verifyRecord(crypto, domainId, decoded.value, peer.value.key);
    return record.ok ? ok({ record: record.value, peer: peer.value }) : record;
  }

  #inOrder(peer: VerifiedPeer, record: Verified<ChainedBody>): Result<Member, Fault> {
    const member = this.#member(peer);
    if (!member.ok) return member;
    const { head } = member.value;
    if (head === undefined) {
      return err(fault('LS_HEARTBEAT_UNKNOWN_EPOCH', `no epoch-start of ${peer.name} is held`));
    }
    const step = extendChain(head, record);
    if (step.ok) return member;
    if (step.error.code === 'LS_HEARTBEAT_FORK') this.#core.out.report('warn', step.error, peer.nodeId);
    return step;
  }

  #member(peer: VerifiedPeer): Result<Member, Fault> {
    const member = this.#core.table.get(peer.nodeId);
    return member === undefined
      ? err(fault('LS_MESH_NOT_MEMBER', `${peer.name} is not in roster ${this.#rosters.number}`))
      : ok(member);
  }
}

/** Heartbeats that answer accusations or announce modes reach all members, not observers only. */
function isForAll(body: Heartbeat): boolean {
  return body.rebuts !== null || announcedModes(body) !== undefined;
}

/** Keeps such a heartbeat, so that who missed it can ask for it; true when it is news to anyone. */
function tellAll(member: Member, record: SubjectRecord<'heartbeat'>, body: Heartbeat): boolean {
  const answers = body.rebuts !== null && member.rebutted(record, body.rebuts);
  const announces = announcedModes(body) !== undefined && member.announced(record);
  return answers || announces;
}

/** A process keeps its nonce through all its epochs. */
function isOfProcess({ epochStart }: Member, nonce: Uint8Array): boolean {
  const before = epochStart === undefined ? undefined : decodeEpochStart(epochStart.bytes);
  return before?.ok === true && equalBytes(before.value.body.nonce, nonce);
}
