import { REBUTTAL_WAIT_MS } from './accusation-book.ts';
import { DEFAULT_DETECTOR, type DetectorConfig } from './detector.ts';

/** keepalived's rise count and delay, for a member that was down. */
export interface RecoveryConfig {
  readonly riseHeartbeats: number;
  readonly delayMs: number;
}

export const DEFAULT_RECOVERY: RecoveryConfig = { riseHeartbeats: 2, delayMs: 1_000 };

/** How members are judged: by when their heartbeats come, after a death, and once they are accused. */
export interface JudgementConfig {
  readonly detector: DetectorConfig;
  readonly recovery: RecoveryConfig;
  /** How long an accused member may answer, before round trips. At least REBUTTAL_WAIT_MS. */
  readonly rebuttalWaitMs: number;
}

export const DEFAULT_JUDGEMENT: JudgementConfig = {
  detector: DEFAULT_DETECTOR,
  recovery: DEFAULT_RECOVERY,
  rebuttalWaitMs: REBUTTAL_WAIT_MS,
};
