import { monoMs, type CryptoPort, type MonoMs, type NodeId } from '../std/index.ts';
import { Member, type RecoveryConfig } from './member.ts';
import { isInquorate } from './quorum.ts';
import type { Roster } from './records/index.ts';
import { assignObservers, type ObserverAssignment } from './rings.ts';

/** Accusations under the previous roster stay valid this long after a new one. Source: DESIGN "Topology". */
export const PREVIOUS_ROSTER_VALID_MS = 30_000;
/** Rosters remembered to check down certificates that others made under them. */
export const MAX_ROSTER_HISTORY = 64;

/** One roster with the rings it implies. */
export interface RosterView {
  readonly number: number;
  readonly h: number;
  readonly observers: ObserverAssignment;
}

/** All members of the roster but ourselves, and who may speak about whom. */
export class MemberTable {
  readonly #self: NodeId;
  readonly #crypto: CryptoPort;
  readonly #recovery: RecoveryConfig | undefined;
  readonly #members = new Map<NodeId, Member>();
  #history: RosterView[] = [];
  #rosterChanged: MonoMs = monoMs(-Infinity);
  #roster: Roster | undefined;

  constructor(self: NodeId, crypto: CryptoPort, recovery?: RecoveryConfig) {
    this.#self = self;
    this.#crypto = crypto;
    this.#recovery = recovery;
  }

  /** Takes a verified roster with a higher number. Nobody is forgotten: who is removed, or missing, stays to be shown as removed. */
  applyRoster(roster: Roster, now: MonoMs): void {
    this.#roster = roster;
    this.#history = [
      ...this.#history.slice(-(MAX_ROSTER_HISTORY - 1)),
      { number: roster.number, h: roster.h, observers: assignObservers(roster, this.#crypto) },
    ];
    this.#rosterChanged = now;
    for (const member of this.#members.values()) member.roster = 'removed';
    for (const entry of roster.members) {
      if (entry.nodeId === this.#self) continue;
      const member = this.#members.get(entry.nodeId) ?? new Member(entry, this.#recovery);
      member.roster = entry.state;
      member.name = entry.name;
      this.#members.set(entry.nodeId, member);
    }
    for (const member of this.#members.values()) {
      member.book.retain(
        ({ accuser, rosterNumber }) => this.ringOf(accuser, member.nodeId, rosterNumber, now) !== undefined,
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

  isActive(nodeId: NodeId): boolean {
    return this.#history.at(-1)?.observers.members.includes(nodeId) ?? false;
  }

  /**
   * The ring on which `observer` may accuse `subject` under roster `number`: the present one, or the one
   * before it for {@link PREVIOUS_ROSTER_VALID_MS}.
   */
  ringOf(observer: NodeId, subject: NodeId, number: number, now: MonoMs): number | undefined {
    const current = this.#history.at(-1);
    const previous = this.#history.at(-2);
    if (current === undefined || !current.observers.members.includes(observer)) return undefined;
    if (number === current.number) return current.observers.ringOf(observer, subject);
    const fresh = now - this.#rosterChanged <= PREVIOUS_ROSTER_VALID_MS;
    return previous?.number === number && fresh ? previous.observers.ringOf(observer, subject) : undefined;
  }

  /**
   * True when what we lost covers at least half of the roster. An accusation counts once it was not answered in time:
   * else one member that accuses everybody could take the quorum from all.
   */
  isInquorate(now: MonoMs): boolean {
    const members = this.#history.at(-1)?.observers.members ?? [];
    const lost = members.filter((nodeId) => this.#isLost(this.#members.get(nodeId), now)).length;
    return isInquorate({ members: members.length, lost });
  }

  #isLost(member: Member | undefined, now: MonoMs): boolean {
    if (member === undefined || member.leave !== undefined) return false;
    return member.downCertificate !== undefined || member.book.isUnanswered(now) || member.isSilent(now);
  }
}
