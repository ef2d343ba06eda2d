import { compareBytes, fromHex, type CryptoPort, type NodeId } from '../std/index.ts';
import type { Roster } from './records/index.ts';

/** What a ring computation needs of a roster. */
export type RingRoster = Pick<Roster, 'salt' | 'k' | 'members'>;

/** Who observes whom under one roster. `ring` is the number an accusation must carry. */
export interface ObserverAssignment {
  /** Ring number → observer of `subject`; empty when `subject` is not an active member. */
  observersOf(subject: NodeId): readonly NodeId[];
  /** The ring on which `observer` observes `subject`, or undefined when it is not entitled to. */
  ringOf(observer: NodeId, subject: NodeId): number | undefined;
  readonly members: readonly NodeId[];
}

/**
 * Places the active members on K rings ordered by SHA-256(ring ‖ salt ‖ nodeId). Ring r's observer of X is
 * the first predecessor of X not already chosen on rings 0…r−1, so X has min(K, N−1) distinct observers.
 *
 * Source: DESIGN "Topology"; Fireflies (Johansen et al., 2015) §3.2.
 */
export function assignObservers(roster: RingRoster, crypto: CryptoPort): ObserverAssignment {
  const members = roster.members.filter((member) => member.state === 'active').map((member) => member.nodeId);
  const count = Math.min(roster.k, Math.max(0, members.length - 1));
  const rings = Array.from({ length: count }, (_, ring) => orderRing(members, ring, roster.salt, crypto));
  const cache = new Map<NodeId, readonly NodeId[]>();
  const active = new Set(members);
  const observersOf = (subject: NodeId): readonly NodeId[] => {
    if (!active.has(subject)) return [];
    const known = cache.get(subject);
    if (known !== undefined) return known;
    const observers = chooseObservers(rings, subject);
    cache.set(subject, observers);
    return observers;
  };
  return {
    members,
    observersOf,
    ringOf: (observer, subject) => {
      const ring = observersOf(subject).indexOf(observer);
      return ring === -1 ? undefined : ring;
    },
  };
}

function orderRing(
  members: readonly NodeId[],
  ring: number,
  salt: Uint8Array,
  crypto: CryptoPort,
): readonly NodeId[] {
  const prefix = Uint8Array.of(ring >>> 8, ring & 0xff);
  return members
    .map((nodeId) => ({
      nodeId,
      place: crypto.sha256(prefix, salt, fromHex(nodeId) ?? new Uint8Array()),
    }))
    .sort((a, b) => compareBytes(a.place, b.place))
    .map(({ nodeId }) => nodeId);
}

function chooseObservers(rings: readonly (readonly NodeId[])[], subject: NodeId): readonly NodeId[] {
  const chosen = new Set<NodeId>();
  for (const ring of rings) {
    const at = ring.indexOf(subject);
    for (let step = 1; step < ring.length; step++) {
      const candidate = ring[(at - step + ring.length) % ring.length];
      if (candidate === undefined || chosen.has(candidate)) continue;
      chosen.add(candidate);
      break;
    }
  }
  return [...chosen];
}
