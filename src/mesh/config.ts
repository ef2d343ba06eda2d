import {
  DEFAULT_HEALTH,
  DEFAULT_JUDGEMENT,
  type HealthConfig,
  type JudgementConfig,
} from '../membership/index.ts';

/** Parameters of a node's core. Defaults and their reasons; units are in the names. */
export interface CoreConfig {
  /** Time between heartbeats. */
  readonly intervalMs: number;
  /** A ledger slower than this share of the interval makes the heartbeat go out flagged `unlogged`. */
  readonly durableWithinShare: number;
  /** Digest exchange with one peer: heals what a push has missed. */
  readonly reconcileMs: number;
  /** First and longest pause between attempts to reach a peer. */
  readonly redialMinMs: number;
  readonly redialMaxMs: number;
  /** The node with the higher id waits this long for the other's connection before it dials itself. */
  readonly dialGraceMs: number;
  /** Share of the certificate's lifetime after which it is renewed, less or more the jitter share. */
  readonly renewAtShare: number;
  readonly renewJitterShare: number;
  /** Pause between attempts to renew while the CA does not answer, half of it sooner or later; less for short lifetimes. */
  readonly renewRetryMs: number;
  /** After a late wake-up: how long sockets are drained before anyone is judged. */
  readonly drainMs: number;
  /** Within this time after boot, an own record of a higher epoch means a lost disk; later it means a clone. */
  readonly bootWindowMs: number;
  /** A link without any byte for this long is closed and dialled anew. */
  readonly deadLinkMs: number;
  readonly judgement: JudgementConfig;
  readonly health: HealthConfig;
  /** For each step of our own health we wait so much longer before we accuse. */
  readonly patienceIntervals: number;
}

export const DEFAULT_CORE_CONFIG: CoreConfig = {
  intervalMs: 1_000,
  durableWithinShare: 0.5,
  reconcileMs: 3_000,
  redialMinMs: 200,
  redialMaxMs: 5_000,
  dialGraceMs: 300,
  renewAtShare: 2 / 3,
  renewJitterShare: 0.1,
  renewRetryMs: 60_000,
  drainMs: 100,
  bootWindowMs: 5_000,
  deadLinkMs: 20_000,
  judgement: DEFAULT_JUDGEMENT,
  health: DEFAULT_HEALTH,
  patienceIntervals: 0.5,
};
