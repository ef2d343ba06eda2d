import type { Message } from '../link/index.ts';
import type { NodeId } from '../std/index.ts';

/**
 * Whose verdict the event being handled may have changed. Most events are heartbeats, and each of them says something
 * about its subject alone; whatever is not known to be as harmless is about everybody.
 */
export class Affected {
  readonly #members = new Set<NodeId>();
  #isAll = false;

  /** A new event begins. */
  clear(): void {
    this.#members.clear();
    this.#isAll = false;
  }

  /** The receiver knows whom a record is about, and whether it is news; what a peer holds and asks for changes nothing. */
  by({ kind }: Message): void {
    if (kind !== 'record' && kind !== 'digest' && kind !== 'want') this.#isAll = true;
  }

  all(): void {
    this.#isAll = true;
  }

  member(nodeId: NodeId): void {
    this.#members.add(nodeId);
  }

  get isAll(): boolean {
    return this.#isAll;
  }

  get members(): ReadonlySet<NodeId> {
    return this.#members;
  }
}
