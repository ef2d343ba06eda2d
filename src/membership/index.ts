export {
  AccusationBook,
  MAX_REMEMBERED_REBUTTALS,
  REBUTTAL_WAIT_MS,
  type AccusationQuorum,
  type HeldAccusation,
} from './accusation-book.ts';
export { ArrivalDetector, DEFAULT_DETECTOR, type DetectorConfig } from './detector.ts';
export { DEFAULT_HEALTH, LocalHealth, MAX_LOCAL_HEALTH, type HealthConfig } from './health.ts';
export {
  DEFAULT_JUDGEMENT,
  DEFAULT_RECOVERY,
  type JudgementConfig,
  type RecoveryConfig,
} from './judgement.ts';
export {
  countsAsAlive,
  decideState,
  MEMBER_STATES,
  type MemberEvidence,
  type MemberState,
  type StateReason,
  type StateVerdict,
} from './lattice.ts';
export {
  type IntervalBounds,
  MAX_ROSTER_HISTORY,
  MemberTable,
  type MemberTableOptions,
  PREVIOUS_ROSTER_VALID_MS,
  type RosterView,
} from './member-table.ts';
export { Member, type EdgeReport, type SubjectRecord, type SubjectRecordType } from './member.ts';
export { observerNumbers, type ObserverNumbers } from './observer-numbers.ts';
export { isInquorate, type RosterSight } from './quorum.ts';
export * from './records/index.ts';
export { assignObservers, type AssignObservers, type ObserverAssignment, type RingRoster } from './rings.ts';
export { viewDigest, type ViewRow } from './view.ts';
