import type { NodeId } from '../../std/index.ts';

/** What a node says it enforces. */
export interface Enforced {
  readonly crlNumber: number;
  readonly rosterNumber: number;
}

/** Same cap as the member list. */
export const MAX_ACKING_NODES = 10_000;
/** Revocations that may wait for acknowledgements at the same time; one more is answered with what is known. */
export const MAX_WAITERS = 256;

interface Waiter {
  readonly goal: Enforced;
  readonly members: ReadonlySet<NodeId>;
  readonly need: number;
  readonly resolve: (reached: ReadonlySet<NodeId>) => void;
  readonly timer: NodeJS.Timeout;
}

/** Who acknowledged which CRL and roster, and the revocations that wait for it. In memory only: a hint, never a verdict. */
export class AckBook {
  readonly #enforced = new Map<NodeId, Enforced>();
  readonly #waiters = new Set<Waiter>();
  readonly #share: (nodeId: NodeId, said: Enforced) => void;

  /** `share` tells whoever else keeps such a book what a node has newly said here. */
  constructor(share: (nodeId: NodeId, said: Enforced) => void = () => undefined) {
    this.#share = share;
  }

  /** Notes what `nodeId` says here that it enforces now; numbers only go forward. */
  record(nodeId: NodeId, said: Enforced): void {
    const held = this.#enforced.get(nodeId);
    this.learn(nodeId, said);
    if (said.crlNumber > (held?.crlNumber ?? -1) || said.rosterNumber > (held?.rosterNumber ?? -1))
      this.#share(nodeId, said);
  }

  /** Notes what `nodeId` has said elsewhere. */
  learn(nodeId: NodeId, said: Enforced): void {
    const held = this.#enforced.get(nodeId);
    this.#enforced.delete(nodeId);
    this.#enforced.set(nodeId, {
      crlNumber: Math.max(said.crlNumber, held?.crlNumber ?? 0),
      rosterNumber: Math.max(said.rosterNumber, held?.rosterNumber ?? 0),
    });
    if (this.#enforced.size > MAX_ACKING_NODES) this.#dropOldest();
    for (const waiter of [...this.#waiters]) this.#settleIfReached(waiter);
  }

  /** The members among `members` that said they enforce `goal` or newer. */
  reached(goal: Enforced, members: Iterable<NodeId>): ReadonlySet<NodeId> {
    const reached = new Set<NodeId>();
    for (const nodeId of members) {
      const said = this.#enforced.get(nodeId);
      if (said !== undefined && said.crlNumber >= goal.crlNumber && said.rosterNumber >= goal.rosterNumber) {
        reached.add(nodeId);
      }
    }
    return reached;
  }

  /** Waits until `need` of `members` enforce `goal`, at most `timeoutMs`; resolves with those that do. */
  wait(
    goal: Enforced,
    members: ReadonlySet<NodeId>,
    need: number,
    timeoutMs: number,
  ): Promise<ReadonlySet<NodeId>> {
    const reached = this.reached(goal, members);
    if (reached.size >= need || timeoutMs <= 0 || this.#waiters.size >= MAX_WAITERS) {
      return Promise.resolve(reached);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(waiter), timeoutMs);
      const waiter: Waiter = { goal, members, need, resolve, timer };
      this.#waiters.add(waiter);
    });
  }

  /** Answers everybody who waits with what is known: the server is about to stop. */
  close(): void {
    for (const waiter of [...this.#waiters]) this.#settle(waiter);
  }

  #settleIfReached(waiter: Waiter): void {
    if (this.reached(waiter.goal, waiter.members).size >= waiter.need) this.#settle(waiter);
  }

  #settle(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.delete(waiter);
    waiter.resolve(this.reached(waiter.goal, waiter.members));
  }

  #dropOldest(): void {
    const oldest = this.#enforced.keys().next();
    if (oldest.done !== true) this.#enforced.delete(oldest.value);
  }
}
