export type {
  CertificateJson,
  CreatedTokenJson,
  CrlsJson,
  ExplanationJson,
  NodeJson,
  NodeStatusJson,
  PeerStatusJson,
  RemovalJson,
  RevocationJson,
  TokenJson,
  TransitionJson,
} from '../api/index.ts';
export type { PassphraseSources } from '../io/index.ts';
export {
  auditHomes,
  type AuditedHomeJson,
  type AuditFindingJson,
  type AuditJson,
  type AuditRequest,
} from './audit.ts';
export { administerCa, type AdminRequest } from './ca/admin.ts';
export type { AdminCall } from './ca/control-client.ts';
export { initCa, type InitCaRequest, type InitialisedCa } from './ca/init.ts';
export { serveCa, type RunningCa, type ServeRequest } from './ca/serve.ts';
export { enrollNode, type EnrolledNode, type EnrollNodeRequest } from './enroll/index.ts';
export { formatEndpoint, parseEndpoint, type Endpoint } from './endpoint.ts';
export { openLog, type Log } from './log.ts';
export { readTextFile, writeOutput } from './named-file.ts';
export { passphraseSources } from './passphrase.ts';
export { announceReady } from './ready.ts';
export { queryNode, readEvents } from './node/control.ts';
export { runNode, type RunningNode, type RunNodeRequest } from './node/run-node.ts';
export { checkDemo, DemoCluster, startDemo, type DemoObservation } from './demo/index.ts';
