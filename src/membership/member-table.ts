import { monoMs, type CryptoPort, type MonoMs, type NodeId } from '../std/index.ts';
import { DEFAULT_JUDGEMENT, type JudgementConfig } from './judgement.ts';
import { Member } from './member.ts';
import { observerNumbers } from './observer-numbers.ts';
import { isInquorate } from './quorum.ts';
import type { Roster } from './records/index.ts';
import { assignObservers, type AssignObservers, type ObserverAssignment } from './rings.ts';

/** Accusations under the previous roster stay valid this long after a new one. Source: DESIGN "Topology". */
export const PREVIOUS_ROSTER_VALID_MS = 30_000;
/** Rosters remembered to check down certificates that others made under them. */
export const MAX_ROSTER_HISTORY = 64;

/** Within which members' heartbeat intervals lie. Milliseconds, both inclusive. */
export interface IntervalBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** One roster with the rings it implies. */
export interface RosterView {
  readonly number: number;
  readonly h: number;
  readonly intervals: IntervalBounds;
  readonly observers: ObserverAssignment;
}

export interface MemberTableOptions {
  readonly judgement?: JudgementConfig | undefined;
  /** Default assignObservers. One that remembers saves many nodes of one process the same work. */
  readonly assign?: AssignObservers | undefined;
}

/** All members of the roster but ourselves, and who may speak about whom. */
export class MemberTable {
  readonly #self: NodeId;
  readonly #crypto: CryptoPort;
  #judgement: JudgementConfig;
  readonly #assign: AssignObservers;
  readonly #members = new Map<NodeId, Member>();
  #history: RosterView[] = [];
  #rosterChanged: MonoMs = monoMs(-Infinity);
  #roster: Roster | undefined;
  /** Those whose place as observers goes to others: we hold evidence that they are down or have left. */
  #skipped: ReadonlySet<NodeId> = new Set();
  #neighbours: ReadonlySet<NodeId> = new Set();
  #ownObservers: ReadonlySet<NodeId> = new Set();

  constructor(self: NodeId, crypto: CryptoPort, { judgement, assign }: MemberTableOptions = {}) {
    this.#self = self;
    this.#crypto = crypto;
    this.#judgement = judgement ?? DEFAULT_JUDGEMENT;
    this.#assign = assign ?? assignObservers;
  }

  configure(judgement: JudgementConfig): void {
    this.#judgement = judgement;
    for (const member of this.#members.values()) member.configure(judgement);
  }

  /** Takes a verified roster with a higher number. Nobody is forgotten: who is removed, or missing, stays to be shown as removed. */
  applyRoster(roster: Roster, now: MonoMs): void {
    this.#roster = roster;
    const intervals = { minMs: roster.intervalMinMs, maxMs: roster.intervalMaxMs };
    const observers = this.#assign(roster, this.#crypto);
    this.#history = [
      ...this.#history.slice(-(MAX_ROSTER_HISTORY - 1)),
      { number: roster.number, h: roster.h, intervals, observers },
    ];
    this.#rosterChanged = now;
    for (const member of this.#members.values()) member.roster = 'removed';
    for (const entry of roster.members) {
      if (entry.nodeId === this.#self) continue;
      const member = this.#members.get(entry.nodeId) ?? new Member(entry, this.#judgement);
      member.roster = entry.state;
      member.name = entry.name;
      this.#members.set(entry.nodeId, member);
    }
    this.#assignAnew(now);
    for (const member of this.#members.values()) {
      member.book.retain(({ accuser, rosterNumber, ring }) =>
        this.mayAccuse(accuser, member.nodeId, ring, rosterNumber, now),
      );
    }
  }

  get roster(): Roster | undefined {
    return this.#roster;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  get(nodeId: NodeId): Member | undefined {
    return this.#members.get(nodeId);
  }

  /**
   * How many accusers it takes under roster `number`: its H, but never less than today's, so that nobody can go back
   * to a roster in which fewer were enough. Infinity for one we do not know.
   */
  quorumOf(number: number): number {
    const view = this.rosterView(number);
    return view === undefined ? Infinity : Math.max(view.h, this.#history.at(-1)?.h ?? Infinity);
  }

  rosterView(number: number): RosterView | undefined {
    return this.#history.find((view) => view.number === number);
  }

  /**
   * What a heartbeat may declare now: for a while also what the roster before allowed, since its signer may not have the
   * new one. Undefined before the first roster.
   */
  intervalBounds(now: MonoMs): IntervalBounds | undefined {
    const current = this.#history.at(-1)?.intervals;
    const before = this.#isChanging(now) ? this.#history.at(-2)?.intervals : undefined;
    if (current === undefined || before === undefined) return current;
    return {
      minMs: Math.min(current.minMs, before.minMs),
      maxMs: Math.max(current.maxMs, before.maxMs),
    };
  }

  isActive(nodeId: NodeId): boolean {
    return this.#current?.isMember(nodeId) ?? false;
  }

  /** Whose links we want: those that observe us and those we observe, also with whoever is down in its place. */
  isNeighbour(nodeId: NodeId): boolean {
    return this.#neighbours.has(nodeId);
  }

  /** To whom our heartbeats go: for a while also to who observed us under the roster before, and may not have the new one. */
  observesUs(nodeId: NodeId, now: MonoMs): boolean {
    if (this.#ownObservers.has(nodeId)) return true;
    return this.#isChanging(now) && this.#history.at(-2)?.observers.ringOf(nodeId, this.#self) !== undefined;
  }

  /** Who observes `subject` now. */
  observersOf(subject: NodeId): readonly NodeId[] {
    return this.#current?.observersOf(subject, this.#skipped) ?? [];
  }

  /** The ring on which we observe `subject` under the present roster. */
  ownRing(subject: NodeId): number | undefined {
    return this.#current?.ringOf(this.#self, subject, this.#skipped);
  }

  /** Whether `observer` may accuse `subject` on `ring` under roster `number`: the present one, or for a while the one before. */
  mayAccuse(observer: NodeId, subject: NodeId, ring: number, number: number, now: MonoMs): boolean {
    if (!this.isActive(observer)) return false;
    const view = this.rosterView(number);
    const isCurrent = view !== undefined && view === this.#history.at(-1);
    const isPrevious = view !== undefined && view === this.#history.at(-2);
    const isOpen = isCurrent || (isPrevious && this.#isChanging(now));
    return isOpen && this.mayHaveAccused(observer, subject, ring, number);
  }

  /** As {@link mayAccuse}, for a roster of any time. */
  mayHaveAccused(observer: NodeId, subject: NodeId, ring: number, number: number): boolean {
    return this.rosterView(number)?.observers.mayObserve(observer, subject, ring, this.#skipped) ?? false;
  }

  /** To be called when a member went down, left, or came back: others take its place as an observer, or give it back. */
  placeAnew(member: Member, now: MonoMs): void {
    if (cannotObserve(member) !== this.#skipped.has(member.nodeId)) this.#assignAnew(now);
  }

  /**
   * True when what we lost covers at least half of the roster, or half of those whom we ourselves should hear. An
   * accusation counts once it was not answered in time: else one member that accuses everybody could take the quorum
   * from all.
   */
  isInquorate(now: MonoMs): boolean {
    const members = this.#current?.members ?? [];
    const lost = members.filter((nodeId) => this.#isLost(this.#members.get(nodeId), now)).length;
    if (isInquorate({ members: members.length, lost })) return true;
    const observed = this.members.filter((member) => member.isObserved && !cannotObserve(member));
    const silent = observed.filter((member) => member.isSilent(now)).length;
    // Where all observe all, this is what was counted before.
    return this.#current?.isAllToAll === false && isInquorate({ members: observed.length + 1, lost: silent });
  }

  #isChanging(now: MonoMs): boolean {
    return now - this.#rosterChanged <= PREVIOUS_ROSTER_VALID_MS;
  }

  get #current(): ObserverAssignment | undefined {
    return this.#history.at(-1)?.observers;
  }

  /** Says who observes whom now. */
  #assignAnew(now: MonoMs): void {
    const observers = this.#current;
    if (observers === undefined) return;
    this.#skipped = new Set(
      this.members.filter((member) => cannotObserve(member)).map(({ nodeId }) => nodeId),
    );
    const subjects = new Set(observers.subjectsOf(this.#self, this.#skipped));
    for (const member of this.#members.values()) member.observe(subjects.has(member.nodeId), now);
    this.#ownObservers = new Set(this.#around((each, skipped) => each.observersOf(this.#self, skipped)));
    const observed = this.#around((each, skipped) => each.subjectsOf(this.#self, skipped));
    this.#neighbours = new Set([...this.#ownObservers, ...observed]);
  }

  /**
   * With those who are down in their places and without: they may come back. And with all who were enrolled in theirs:
   * our roster may be older than their first start, or ours.
   */
  #around(
    those: (observers: ObserverAssignment, skipped?: ReadonlySet<NodeId>) => readonly NodeId[],
  ): readonly NodeId[] {
    const current = this.#current;
    if (current === undefined) return [];
    return [...those(current), ...those(current, this.#skipped), ...those(this.#prospect(current))];
  }

  /** Who is not active yet takes the place that it will have. */
  #prospect(current: ObserverAssignment): ObserverAssignment {
    const roster = this.#roster;
    if (roster?.members.some(({ state }) => state === 'enrolled') !== true) return current;
    const members = roster.members.map((entry) =>
      entry.state === 'enrolled' ? { ...entry, state: 'active' as const } : entry,
    );
    const { k } = observerNumbers(members.filter(({ state }) => state === 'active').length);
    return this.#assign({ ...roster, k: Math.max(roster.k, k), members }, this.#crypto);
  }

  #isLost(member: Member | undefined, now: MonoMs): boolean {
    if (member === undefined || member.leave !== undefined) return false;
    const { rebuttalWaitMs } = this.#judgement;
    const isUnanswered = member.book.isUnanswered(now, rebuttalWaitMs);
    return member.downCertificate !== undefined || isUnanswered || member.isSilent(now);
  }
}

/** By evidence that can be shown to others. */
function cannotObserve(member: Member): boolean {
  return member.downCertificate !== undefined || member.leave !== undefined;
}
