import type { Explanation, NodeStatus, Transition } from '../../mesh/index.ts';

/** A running node as its API needs it. */
export interface NodeView {
  status(): NodeStatus;
  /** By name or nodeId. */
  explain(name: string): Explanation | undefined;
  /** Newest last; a bounded number. */
  recent(): readonly Transition[];
  /** Calls `listener` with every change from now on; returns the function that ends it. */
  subscribe(listener: (transition: Transition) => void): () => void;
  /** Begins a graceful leave; the process ends by itself afterwards. */
  leave(reason: string): void;
}
