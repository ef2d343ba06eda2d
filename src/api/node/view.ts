import type { SerialNumber, UnixMs } from '../../std/index.ts';
import type { Explanation, Matrix, NodeModes, NodeStatus, Transition } from '../../mesh/index.ts';

/** Keys of node.yaml with other values than before: in force now, or after the next start. */
export interface Reloaded {
  readonly changed: readonly object[];
  readonly restart: readonly object[];
}

/** A running node as its API needs it. */
export interface NodeView {
  status(): NodeStatus;
  /** By name or nodeId. */
  explain(name: string): Explanation | undefined;
  matrix(): Matrix;
  /** Newest last; a bounded number. */
  recent(): readonly Transition[];
  /** Calls `listener` with every change from now on; returns the function that ends it. */
  subscribe(listener: (transition: Transition) => void): () => void;
  /** Changes what is named, durably; answers the modes in force afterwards. */
  setModes(change: Partial<NodeModes>): Promise<NodeModes>;
  /** Reads node.yaml again. Rejects, and changes nothing, when it cannot be used. */
  reload(): Promise<Reloaded>;
  /** Begins a graceful leave; the process ends by itself afterwards. */
  leave(reason: string): void;
  /** Gets a new certificate for a new key and puts it into force. Rejects with the reason when it cannot. */
  renew(): Promise<{ readonly serial: SerialNumber; readonly notAfter: UnixMs }>;
}
