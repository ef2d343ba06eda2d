export {
  accusationFormat,
  decodeAccusation,
  signAccusation,
  type Accusation,
  type AccusationReason,
  type EmbeddedRecord,
} from './accusation.ts';
export * from './bounds.ts';
export { decodeDownCertificate, encodeDownCertificate, type DownCertificate } from './down-certificate.ts';
export {
  decodeEdgeVerdicts,
  edgeVerdictsFormat,
  signEdgeVerdicts,
  type EdgeVerdicts,
} from './edge-verdicts.ts';
export { decodeLeave, leaveFormat, signLeave, type Leave } from './leave.ts';
export {
  decodeRoster,
  rosterFormat,
  signRoster,
  verifyRoster,
  type Roster,
  type RosterMember,
  type RosterMemberState,
  type VerifiedRoster,
} from './roster.ts';
export {
  embeddedCertId,
  verifyAccusation,
  type VerifiedAccusation,
  type VerifiedLast,
} from './verify-accusation.ts';
export {
  verifyDownCertificate,
  type DownCertificateContext,
  type VerifiedDownCertificate,
} from './verify-down-certificate.ts';
