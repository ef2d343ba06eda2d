export {
  auditCa,
  MAX_CA_SUBJECTS,
  type CaAudit,
  type CaAuditOptions,
  type CaSource,
  type CaTables,
} from './ca/index.ts';
export { MAX_TRACKED_CERTIFICATES } from './certificate-book.ts';
export { MAX_TRACKED_ROSTERS } from './evidence.ts';
export { MAX_TRACKED_NODES, WINDOW_EPOCHS, WINDOW_RECORDS } from './history.ts';
export { WINDOW_SIZES } from './log-tree.ts';
export { CLOCK_TOLERANCE_MS, SLOW_CLOCK_TOLERANCE_MS } from './record-check.ts';
export { MAX_FINDINGS, type AuditedHome, type AuditFinding, type AuditReport } from './report.ts';
export { MAX_TRACKED_CRLS } from './revocation-book.ts';
export type { LedgerSource, SourceFile, SourceSegment } from './source.ts';
export { auditVerify, type AuditOptions } from './verify.ts';
