export { MAX_KEPT_ROSTER_BYTES, RecentRosters } from './recent-rosters.ts';
export type { CaSource, CaTables } from './source.ts';
export { MAX_CA_SUBJECTS } from './state.ts';
export { auditCa, type CaAudit, type CaAuditOptions } from './verify.ts';
