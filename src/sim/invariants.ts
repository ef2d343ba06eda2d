import { countsAsAlive } from '../membership/index.ts';
import type { Transition } from '../mesh/index.ts';
import { GRACE_MS } from './authority.ts';
import type { SeenPeer, SimNode } from './node.ts';
import type { WorldWatcher } from './shell.ts';
import { InvariantViolation, type Promised } from './violation.ts';
import type { World } from './world.ts';

/** So long after it ended trouble may still have effects: accusations under way, pauses before dialling again. */
export const AFTERMATH_MS = 20_000;
/** Within which revocation is enforced by every node that can hear of it. Source: DESIGN P2. */
export const ENFORCED_WITHIN_MS = 1_000;
/** Silence of a peer is known to all that can judge it within so many intervals, at the latest. */
const FOUND_WITHIN_INTERVALS = 12;

interface Revocation {
  readonly node: SimNode;
  readonly crlNumber: number;
  readonly at: number;
}

/**
 * Compares, at every step of every correct node, what it believes with what is so: the promises P1, P2, P3 and P6 of
 * DESIGN section 1, and that the dead are found. Throws {@link InvariantViolation}.
 */
export class Invariants implements WorldWatcher {
  readonly #world: World;
  readonly #revocations: Revocation[] = [];
  /** Highest epoch that each node ever prepared to use. */
  readonly #epochs = new Map<SimNode, number>();
  readonly #renewals = new Map<SimNode, number>();
  /** Epochs that were rightly called over. */
  readonly #over = new Set<string>();
  readonly #left = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    world.watchers.push(this);
  }

  /** Requires: called right after the CA has revoked `node`. */
  revoked(node: SimNode): void {
    this.#revocations.push({ node, crlNumber: this.#world.ca.crl.number, at: this.#world.now });
  }

  stepped(node: SimNode): void {
    this.#checkEpoch(node);
    if (node.hasLeft) this.#noteLeft(node);
    if (!this.#isJudge(node) || !node.isUp) return;
    for (const revocation of this.#revocations) this.#checkRevoked(node, revocation);
    this.#checkValidity(node);
    for (const other of this.#world.nodes)
      if (other.stoodStillSince !== undefined) this.#checkFound(node, other);
  }

  changed(node: SimNode, transition: Transition): void {
    const subject = this.#world.byId(transition.nodeId);
    if (!this.#isJudge(node) || subject === undefined || subject.isHostile) return;
    switch (transition.to) {
      case 'alive':
      case 'suspect':
        this.#checkAlive(node, subject, transition);
        return;
      case 'down':
        this.#checkDown(node, subject, transition.epoch);
        return;
      case 'left':
        if (!this.#left.has(lifeOf(subject, transition.epoch)))
          this.#broken('P1-no-impostor', node, `${subject.name} left, it is said, and has not`);
        return;
      case 'revoked':
      case 'removed':
        if (this.#world.ca.stateOf(subject.nodeId) !== 'revoked')
          this.#broken(
            'P1-no-impostor',
            node,
            `${subject.name} is ${transition.to}, which the CA has not said`,
          );
        return;
      case 'expired':
        if (this.#wallOf(node) <= lastNotAfter(this.#world, subject, 'oldest'))
          this.#broken('P1-no-impostor', node, `${subject.name} expired, it is said, and has not`);
        return;
      case 'unknown':
        return;
    }
  }

  /** It says goodbye in the epoch that it speaks in: the highest one that it prepared, or the one before. */
  #noteLeft(node: SimNode): void {
    const epoch = this.#epochs.get(node) ?? 0;
    for (const spoken of [epoch, epoch - 1]) this.#left.add(lifeOf(node, spoken));
  }

  /** What an adversary believes, or somebody whom the CA has ended, harms nobody. */
  #isJudge(node: SimNode): boolean {
    return !node.isHostile && this.#world.ca.stateOf(node.nodeId) === 'active';
  }

  /** Nobody is alive of whom there is no word of its own: not of an epoch that never was, and not of a dead process. */
  #checkAlive(node: SimNode, subject: SimNode, { epoch, from }: Transition): void {
    if (epoch > (this.#epochs.get(subject) ?? 0))
      this.#broken('P1-no-impostor', node, `${subject.name} never began epoch ${epoch}`);
    if (epoch === 0) this.#broken('P6-fail-closed', node, `${subject.name} counts without a word of its own`);
    const since = subject.stoodStillSince;
    if (since === undefined || countsAsAlive(from)) return;
    if (this.#world.now - since < this.#foundWithinMs || this.#isTroubled(node, subject)) return;
    this.#broken(
      'P1-no-impostor',
      node,
      `${subject.name} comes alive, and has not run since ${seconds(since)}`,
    );
  }

  /** Nobody makes a member that runs begin a new epoch, unless it could be called dead as well. */
  #checkEpoch(node: SimNode): void {
    const before = this.#epochs.get(node) ?? 0;
    const { epoch } = node.disk.state;
    if (epoch <= before) return;
    this.#epochs.set(node, epoch);
    const renewed = this.#renewals.get(node) ?? 0;
    this.#renewals.set(node, node.renewals);
    if (before === 0 || !this.#isJudge(node) || node.renewals > renewed) return;
    this.#checkDown(node, node, before);
  }

  /** A member that runs, and that fewer than H others can have had a reason to accuse, is not called dead. */
  #checkDown(node: SimNode, subject: SimNode, epoch: number): void {
    const life = lifeOf(subject, epoch);
    if (this.#over.has(life)) return;
    const { nodes, ca } = this.#world;
    const accusers = nodes.filter(
      (other) => other !== subject && (other.isHostile || this.#isPathTroubled(other, subject)),
    );
    if (!this.#isUnwell(subject) && accusers.length < ca.quorum.h) {
      const detail = `${subject.name} is called dead in epoch ${epoch}, runs, and ${accusers.length} of ${ca.quorum.h} had a reason`;
      this.#broken('P3-no-false-death', node, detail);
    }
    this.#over.add(life);
  }

  #checkRevoked(node: SimNode, { node: subject, crlNumber, at }: Revocation): void {
    if (subject === node) return;
    const { network, now } = this.#world;
    if (node.crlNumber >= crlNumber) {
      if (countsAsAlive(this.#seen(node, subject).state))
        this.#broken('P2-no-zombie', node, `${subject.name} counts, and CRL ${node.crlNumber} is enforced`);
      if (
        now - at > ENFORCED_WITHIN_MS &&
        now - node.ranAgainAt > ENFORCED_WITHIN_MS &&
        !this.#isPathTroubled(node, subject) &&
        network.isConnected(node, subject)
      )
        this.#broken('P2-no-zombie', node, `a connection to ${subject.name} is open, which is revoked`);
      return;
    }
    const isTold = node.reachesCa && now - node.ranAgainAt > ENFORCED_WITHIN_MS && !this.#isUnwell(node);
    if (isTold && now - at > ENFORCED_WITHIN_MS)
      this.#broken('P2-no-zombie', node, `CRL ${crlNumber} is not enforced after ${ENFORCED_WITHIN_MS} ms`);
  }

  /** By the node's own clock: nobody counts beyond the end of its last certificate, or of what is known of revocations. */
  #checkValidity(node: SimNode): void {
    const { ca } = this.#world;
    const wall = this.#wallOf(node);
    const crl = ca.crls[node.crlNumber - 1];
    const isStale = crl !== undefined && wall > crl.nextUpdate + GRACE_MS;
    for (const [nodeId, { state }] of node.seen) {
      const subject = this.#world.byId(nodeId);
      if (subject === undefined || !countsAsAlive(state)) continue;
      if (isStale) this.#broken('P6-fail-closed', node, `${subject.name} counts by a CRL that is too old`);
      if (wall > lastNotAfter(this.#world, subject, 'newest'))
        this.#broken('P2-no-zombie', node, `${subject.name} counts, and its last certificate has ended`);
    }
  }

  /** Whoever can judge, together with enough others, knows of a process that stands still. */
  #checkFound(node: SimNode, subject: SimNode): void {
    const { stoodStillSince = Infinity } = subject;
    if (this.#world.now - stoodStillSince < this.#foundWithinMs) return;
    if (!countsAsAlive(this.#seen(node, subject).state) || !this.#canJudge(node)) return;
    const detail = `${subject.name} counts and has stood still since ${seconds(stoodStillSince)}`;
    this.#broken('P4-the-dead-are-found', node, detail);
  }

  /** True when more than half of all, and at least H, have run for long without trouble among themselves. */
  #canJudge(node: SimNode): boolean {
    const { nodes, ca } = this.#world;
    if (ca.stateOf(node.nodeId) !== 'active' || this.#isUnwell(node)) return false;
    const sound = nodes.filter((other) => other.isUp && !other.isHostile && !this.#isUnwell(other));
    const group = sound.filter(
      (other) =>
        ca.stateOf(other.nodeId) === 'active' &&
        sound.every((third) => third === other || !this.#isPathTroubled(third, other)),
    );
    const active = nodes.filter((other) => ca.stateOf(other.nodeId) === 'active').length;
    return group.includes(node) && group.length >= ca.quorum.h && 2 * group.length > active;
  }

  get #foundWithinMs(): number {
    return FOUND_WITHIN_INTERVALS * this.#world.config.intervalMs;
  }

  #seen(node: SimNode, subject: SimNode): SeenPeer {
    return node.seen.get(subject.nodeId) ?? { state: 'unknown', epoch: 0, at: 0 };
  }

  #isTroubled(node: SimNode, subject: SimNode): boolean {
    return this.#isUnwell(node) || this.#isPathTroubled(node, subject);
  }

  #isUnwell(node: SimNode): boolean {
    return this.#world.isNoticed(node) || this.#isRecent(node.troubledUntil);
  }

  #isPathTroubled(a: SimNode, b: SimNode): boolean {
    return this.#isRecent(this.#world.network.troubledUntil(a, b));
  }

  #isRecent(troubledUntil: number): boolean {
    return this.#world.now - troubledUntil < AFTERMATH_MS;
  }

  #wallOf(node: SimNode): number {
    return node.clock.read(this.#world.now).wall;
  }

  #broken(promise: Promised, node: SimNode, detail: string): never {
    const { seed, now: at, history } = this.#world;
    throw new InvariantViolation({ promise, seed, at, node: node.name, detail, history: history.lines });
  }
}

function lastNotAfter(world: World, subject: SimNode, which: 'oldest' | 'newest'): number {
  const ends = world.ca.issuedTo(subject.nodeId).map(({ notAfter }) => notAfter);
  return which === 'oldest' ? Math.min(...ends) : Math.max(...ends);
}

function lifeOf(node: SimNode, epoch: number): string {
  return `${node.index}/${epoch}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}
