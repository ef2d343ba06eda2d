/** Bits of `Heartbeat.flags`; a record with another bit is refused. */
export const HEARTBEAT_FLAGS = {
  /** The record could not be made durable in the sender's ledger in time. */
  unlogged: 1,
  /** The operator works on the node; its absence is no news. */
  maintenance: 2,
  /** Alive, but to be given no new work. */
  draining: 4,
} as const;

export const ALL_HEARTBEAT_FLAGS = 7;
