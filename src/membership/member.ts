import type { ChainHead } from '../heartbeat/index.ts';
import { monoMs, type Digest, type MonoMs, type NodeId, type NodeName } from '../std/index.ts';
import { AccusationBook } from './accusation-book.ts';
import { ArrivalDetector } from './detector.ts';
import { DEFAULT_JUDGEMENT, type JudgementConfig } from './judgement.ts';
import type { MemberEvidence } from './lattice.ts';
import type { RosterMember } from './records/index.ts';

/** A verified record of the subject, kept because it may have to be shown to others. */
export interface SubjectRecord<T extends SubjectRecordType = SubjectRecordType> {
  readonly type: T;
  readonly bytes: Uint8Array;
  readonly id: Digest;
  /** 0 for an epoch-start. */
  readonly seq: number;
  readonly structureHash: Uint8Array;
}

export type SubjectRecordType = 'epoch-start' | 'heartbeat' | 'key-change';

/** Whom a node says that it does not hear, in its present epoch. */
export interface EdgeReport {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Since when, as far as we were told. Of whom is not a member nothing is known; it does no harm. */
  readonly silent: ReadonlyMap<NodeId, MonoMs>;
}

/** What one node holds about one other member, in that member's present epoch. */
export class Member {
  readonly nodeId: NodeId;
  name: NodeName;
  roster: RosterMember['state'];
  /** 0 until an epoch-start is held. */
  epoch = 0;
  epochStart: SubjectRecord<'epoch-start'> | undefined;
  /** The newest heartbeat of this epoch, or its epoch-start: what an accusation embeds. */
  last: SubjectRecord<'epoch-start' | 'heartbeat'> | undefined;
  /** The newest record of any kind in this epoch: where the next one has to continue. */
  head: ChainHead | undefined;
  /** Its renewals in this epoch, in order: whoever learns the epoch-start must learn these too. */
  keyChanges: readonly SubjectRecord<'key-change'>[] = [];
  /** Its newest heartbeat that rebuts something. */
  rebuttal: SubjectRecord<'heartbeat'> | undefined;
  /** Its newest heartbeat that announces a change of modes to all. */
  announcement: SubjectRecord<'heartbeat'> | undefined;
  /** When the subject was last heard, on our own link or relayed. */
  lastHeard: MonoMs | undefined;
  /** Sum of HEARTBEAT_FLAGS, as it last said. */
  flags = 0;
  /** Its wall clock was far from ours when it was last heard. */
  clockSkewed = false;
  book = new AccusationBook();
  downCertificate: Uint8Array | undefined;
  leave: Uint8Array | undefined;
  /** Its newest word on whom it does not hear. */
  edges: EdgeReport | undefined;
  #detector: ArrivalDetector | undefined;
  /** As last declared. */
  #intervalMs = 0;
  /** Seq of the newest heartbeat that its subject itself sent us; 0 before the first of this epoch. */
  #directSeq = 0;
  /** While none of this epoch has come: until when one of the epoch before counts. */
  #heardUntil: MonoMs | undefined;
  #closedAndRefused = false;
  /** Ours to observe; else its observers' word is what we go by. */
  #observed = false;
  /** It was active while it was not ours to observe. */
  #hadObservers = false;
  /** Others observed it before we did: then it was there, whether or not we ever heard it. */
  #vouchedFor = false;
  #recovery: { heartbeats: number; readonly until: MonoMs } | undefined;
  #judgement: JudgementConfig;

  constructor(entry: RosterMember, judgement: JudgementConfig = DEFAULT_JUDGEMENT) {
    this.nodeId = entry.nodeId;
    this.name = entry.name;
    this.roster = entry.state;
    this.#judgement = judgement;
  }

  /** Judges it by other parameters from now on; a recovery under way goes on as it began. */
  configure(judgement: JudgementConfig): void {
    this.#judgement = judgement;
    this.#detector?.configure(judgement.detector);
  }

  /** As last declared in a heartbeat; 0 before the first epoch. Milliseconds. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /**
   * Begins a higher epoch; everything said about the lower one is history. `goesOn`: by the same process, as after a
   * renewal: if it was heard, that counts until silence would have counted before.
   */
  startEpoch(
    epoch: number,
    start: SubjectRecord<'epoch-start'>,
    intervalMs: number,
    now: MonoMs,
    goesOn = false,
  ): void {
    if (epoch <= this.epoch) throw new RangeError(`epoch ${epoch} does not follow ${this.epoch}`);
    const heardUntil = this.#directSeq === 0 ? this.#heardUntil : this.deadline;
    this.#heardUntil = goesOn && !this.#closedAndRefused ? heardUntil : undefined;
    if (this.downCertificate !== undefined) {
      const { riseHeartbeats, delayMs } = this.#judgement.recovery;
      this.#recovery = { heartbeats: riseHeartbeats, until: monoMs(now + delayMs) };
    }
    this.epoch = epoch;
    this.epochStart = start;
    this.last = start;
    this.head = { epoch, seq: 0, hash: start.structureHash };
    this.keyChanges = [];
    this.rebuttal = undefined;
    this.announcement = undefined;
    this.book = new AccusationBook();
    this.downCertificate = undefined;
    this.leave = undefined;
    this.edges = undefined;
    this.#directSeq = 0;
    this.#closedAndRefused = false;
    this.#vouchedFor = false;
    this.#intervalMs = intervalMs;
    this.#detector = new ArrivalDetector(intervalMs, now, this.#judgement.detector);
  }

  /** Takes a verified heartbeat of the present epoch with a higher seq; `direct` when its subject sent it to us. */
  heard(record: SubjectRecord<'heartbeat'>, intervalMs: number, direct: boolean, now: MonoMs): void {
    this.last = record;
    this.#advance(record);
    this.lastHeard = now;
    this.#intervalMs = intervalMs;
    if (direct) this.heardDirectly(record.seq, intervalMs, now);
  }

  /**
   * Its own link delivered heartbeat `seq`, be it that a relay was faster and the record is known already: else
   * whoever relays quickly could make us deaf to it. The same number again is no new sign of life.
   */
  heardDirectly(seq: number, intervalMs: number, now: MonoMs): void {
    if (seq <= this.#directSeq) return;
    this.#directSeq = seq;
    this.#heardUntil = undefined;
    this.#closedAndRefused = false;
    this.#detector?.arrived(seq, intervalMs, now);
    if (this.#recovery !== undefined) this.#recovery.heartbeats -= 1;
  }

  get isObserved(): boolean {
    return this.#observed;
  }

  /** Says whether we observe it from now on. Who comes to us from others has the time that a heartbeat may take. */
  observe(observed: boolean, now: MonoMs): void {
    const isNew = observed && !this.#observed;
    this.#observed = observed;
    if (!observed) this.#hadObservers = this.roster === 'active';
    if (!isNew || this.#detector === undefined) return;
    this.#vouchedFor = this.#hadObservers;
    this.#closedAndRefused = false;
    this.#detector = new ArrivalDetector(this.#intervalMs, now, this.#judgement.detector);
  }

  /** Takes a verified heartbeat of the present epoch that answers accusations. True when it is news to anyone. */
  rebutted(record: SubjectRecord<'heartbeat'>, ids: readonly Digest[]): boolean {
    const standing = this.book.count;
    const isNewest = record.seq > (this.rebuttal?.seq ?? 0);
    if (isNewest) this.rebuttal = record;
    this.book.rebut(ids, record.seq);
    return isNewest || this.book.count < standing;
  }

  /** Takes a verified heartbeat of the present epoch that announces modes. True when it is news to anyone. */
  announced(record: SubjectRecord<'heartbeat'>): boolean {
    if (record.seq <= (this.announcement?.seq ?? 0)) return false;
    this.announcement = record;
    return true;
  }

  /** Takes a verified renewal; the certificate itself is the directory's. */
  rekeyed(record: SubjectRecord<'key-change'>): void {
    this.keyChanges = [...this.keyChanges, record];
    this.#advance(record);
  }

  /** The fast path: its connection closed without a leave and a new one was refused. */
  connectionRefused(): void {
    if (this.epoch > 0 && this.#observed) this.#closedAndRefused = true;
  }

  /** Gives back time that our own process did not run. */
  extendDeadline(ms: number): void {
    this.#detector?.extend(ms);
  }

  /** When silence starts to count; undefined before the first epoch-start. */
  get deadline(): MonoMs | undefined {
    return this.#detector?.deadline();
  }

  isRefused(): boolean {
    return this.#closedAndRefused;
  }

  /** To our own ears; never for one that others observe. */
  isSilent(now: MonoMs): boolean {
    if (this.#detector === undefined || !this.#observed) return false;
    return this.#closedAndRefused || now >= this.#detector.deadline();
  }

  /** When {@link evidence} may change by the passing of time alone. */
  nextChange(): MonoMs | undefined {
    const times = [
      this.#observed ? this.deadline : undefined,
      this.#heardUntil,
      this.#recovery?.until,
    ].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : monoMs(Math.min(...times));
  }

  /** What the precedence function needs, given the verdict on the certificate and what we know of ourselves. */
  evidence(
    certificate: MemberEvidence['certificate'],
    own: Pick<MemberEvidence, 'inquorate' | 'viewStale'>,
    now: MonoMs,
  ): MemberEvidence {
    return {
      roster: this.roster,
      certificate: this.epoch === 0 && certificate === 'good' ? 'none' : certificate,
      left: this.leave !== undefined,
      down: this.downCertificate !== undefined,
      accusations: this.book.count,
      hearing: this.#hearing(now),
      recovering: this.#isRecovering(now),
      ...own,
    };
  }

  #advance({ seq, structureHash }: SubjectRecord): void {
    this.head = { epoch: this.epoch, seq, hash: structureHash };
  }

  #hearing(now: MonoMs): MemberEvidence['hearing'] {
    if (!this.#observed) return 'by-others';
    if (this.#directSeq > 0 || this.#vouchedFor) return this.isSilent(now) ? 'silent' : 'fresh';
    return now < (this.#heardUntil ?? -Infinity) ? 'fresh' : 'never';
  }

  #isRecovering(now: MonoMs): boolean {
    if (this.#recovery === undefined) return false;
    const isToBeHeard = this.#observed && this.#recovery.heartbeats > 0;
    if (isToBeHeard || now < this.#recovery.until) return true;
    this.#recovery = undefined;
    return false;
  }
}
