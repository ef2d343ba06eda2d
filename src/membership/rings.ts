import { compareBytes, fromHex, type CryptoPort, type NodeId } from '../std/index.ts';
import type { Roster } from './records/index.ts';

/** What a ring computation needs of a roster. */
export type RingRoster = Pick<Roster, 'salt' | 'k' | 'members'>;

const NOBODY: ReadonlySet<NodeId> = new Set();

/** Places the members of one roster on its rings. Costs a hash and a place in a sorted list for each member and ring. */
export type AssignObservers = (roster: RingRoster, crypto: CryptoPort) => ObserverAssignment;

/**
 * Who observes whom under one roster: the active members on K rings ordered by SHA-256(ring ‖ salt ‖ nodeId). Ring r's
 * observer of X is the first predecessor of X not already chosen on rings 0…r−1, so X has min(K, N−1) distinct
 * observers. Whom the CA adds or ends moves the observers of about K members; a renewal, an epoch or an address nobody's.
 *
 * `skipped` are members that cannot observe for now, each by evidence that can be shown (a down certificate, a signed
 * leave): the next predecessor on the same ring that has no place yet takes theirs. They themselves are observed as before.
 *
 * Source: DESIGN "Topology"; Fireflies (Johansen et al., 2015) §3.2.
 */
export class ObserverAssignment {
  /** Active ones. */
  readonly members: readonly NodeId[];
  readonly #k: number;
  readonly #rings: readonly Ring[];
  readonly #active: ReadonlySet<NodeId>;
  readonly #observers = new Map<NodeId, readonly NodeId[]>();
  #subjects: ReadonlyMap<NodeId, readonly NodeId[]> | undefined;

  constructor(roster: RingRoster, crypto: CryptoPort) {
    this.members = roster.members.filter(({ state }) => state === 'active').map(({ nodeId }) => nodeId);
    this.#active = new Set(this.members);
    this.#k = Math.min(roster.k, Math.max(0, this.members.length - 1));
    this.#rings = Array.from({ length: this.#k }, (_, number) =>
      orderRing(this.members, number, roster.salt, crypto),
    );
  }

  isMember(nodeId: NodeId): boolean {
    return this.#active.has(nodeId);
  }

  /** Everybody observes everybody: nobody can take another's place. */
  get isAllToAll(): boolean {
    return this.#k >= this.members.length - 1;
  }

  /** In the order of the rings; none when `subject` is no active member. */
  observersOf(subject: NodeId, skipped = NOBODY): readonly NodeId[] {
    return this.#places(subject, skipped).filter((observer) => observer !== undefined);
  }

  /** The ring on which `observer` observes `subject`: the number an accusation must carry. Undefined when it does not. */
  ringOf(observer: NodeId, subject: NodeId, skipped = NOBODY): number | undefined {
    const ring = this.#places(subject, skipped).indexOf(observer);
    return ring === -1 ? undefined : ring;
  }

  /**
   * Whether `observer` may speak of `subject` on `ring` as far as we can tell: on its usual one, or where all between
   * the two are skipped or have a place elsewhere. Who has seen less of the evidence than we have may have taken a
   * place that we give to another.
   */
  mayObserve(observer: NodeId, subject: NodeId, ring: number, skipped = NOBODY): boolean {
    const usual = this.#usualObserversOf(subject);
    const owner = usual[ring];
    if (owner === observer) return true;
    if (owner === undefined || !skipped.has(owner) || !this.isMember(observer)) return false;
    const heirs = this.#places(subject, skipped).slice(0, ring);
    const mayStandBetween = (nodeId: NodeId): boolean =>
      skipped.has(nodeId) || usual.includes(nodeId) || heirs.includes(nodeId);
    const isNext = (nodeId: NodeId): boolean => nodeId === observer || !mayStandBetween(nodeId);
    return this.#rings[ring]?.predecessorOf(subject, isNext) === observer && !usual.includes(observer);
  }

  /** Whom `observer` observes. */
  subjectsOf(observer: NodeId, skipped = NOBODY): readonly NodeId[] {
    const usual = this.#usualSubjects().get(observer) ?? [];
    if (skipped.size === 0) return usual;
    // Places change only with those whom somebody skipped observes.
    const moved = [...skipped].flatMap((nodeId) => this.#usualSubjects().get(nodeId) ?? []);
    return [...new Set([...usual, ...moved])].filter(
      (subject) => this.ringOf(observer, subject, skipped) !== undefined,
    );
  }

  #usualObserversOf(subject: NodeId): readonly NodeId[] {
    const known = this.#observers.get(subject);
    if (known !== undefined) return known;
    const chosen = new Set<NodeId>();
    for (const ring of this.isMember(subject) ? this.#rings : []) {
      const found = ring.predecessorOf(subject, (nodeId) => !chosen.has(nodeId));
      if (found !== undefined) chosen.add(found);
    }
    const observers = [...chosen];
    this.#observers.set(subject, observers);
    return observers;
  }

  #usualSubjects(): ReadonlyMap<NodeId, readonly NodeId[]> {
    if (this.#subjects !== undefined) return this.#subjects;
    const subjects = new Map<NodeId, NodeId[]>(this.members.map((nodeId) => [nodeId, []]));
    for (const subject of this.members) {
      for (const observer of this.#usualObserversOf(subject)) subjects.get(observer)?.push(subject);
    }
    this.#subjects = subjects;
    return subjects;
  }

  /** By ring. Who is not skipped keeps its own: so two that have seen different evidence agree on all others. */
  #places(subject: NodeId, skipped: ReadonlySet<NodeId>): readonly (NodeId | undefined)[] {
    const usual = this.#usualObserversOf(subject);
    if (skipped.size === 0 || !usual.some((observer) => skipped.has(observer))) return usual;
    const taken = new Set(usual);
    return usual.map((observer, number) => {
      if (!skipped.has(observer)) return observer;
      const isFree = (nodeId: NodeId): boolean => !taken.has(nodeId) && !skipped.has(nodeId);
      const heir = this.#rings[number]?.predecessorOf(subject, isFree);
      if (heir !== undefined) taken.add(heir);
      return heir;
    });
  }
}

/** Source: as {@link ObserverAssignment}. */
export const assignObservers: AssignObservers = (roster, crypto) => new ObserverAssignment(roster, crypto);

/** Members in the order of one ring. */
class Ring {
  readonly #order: readonly NodeId[];
  readonly #places: ReadonlyMap<NodeId, number>;

  constructor(order: readonly NodeId[]) {
    this.#order = order;
    this.#places = new Map(order.map((nodeId, place) => [nodeId, place]));
  }

  /** The nearest one before `subject` that is allowed, and not the subject. */
  predecessorOf(subject: NodeId, isAllowed: (nodeId: NodeId) => boolean): NodeId | undefined {
    const place = this.#places.get(subject);
    if (place === undefined) return undefined;
    const size = this.#order.length;
    for (let step = 1; step < size; step++) {
      const candidate = this.#order[(place - step + size) % size];
      if (candidate !== undefined && isAllowed(candidate)) return candidate;
    }
    return undefined;
  }
}

function orderRing(members: readonly NodeId[], ring: number, salt: Uint8Array, crypto: CryptoPort): Ring {
  const prefix = Uint8Array.of(ring >>> 8, ring & 0xff);
  const placed = members.map((nodeId) => ({
    nodeId,
    place: crypto.sha256(prefix, salt, fromHex(nodeId) ?? new Uint8Array()),
  }));
  placed.sort((a, b) => compareBytes(a.place, b.place));
  return new Ring(placed.map(({ nodeId }) => nodeId));
}
