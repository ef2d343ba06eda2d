export { DEFAULT_CORE_CONFIG, type CoreConfig } from './config.ts';
export type { Effect, PersistentState, Pin, TimedEntry, Transition, WriteClass } from './effects.ts';
export type { AuthoritiesTold, ConnectionId, NodeEvent, Seed, Token } from './events.ts';
export type { NodeCoreOptions } from './assemble.ts';
export { MAX_KNOWN_ISSUERS } from './issuers.ts';
export type { EdgeState, Matrix } from './matrix.ts';
export type { ModeReason, NodeModes } from './modes.ts';
export { NodeCore } from './node-core.ts';
export type { Explanation, NodeStatus, PeerStatus } from './status.ts';
