/*
 * The door for the command line. It loads nothing heavy itself: what does the work is loaded when it is called, so
 * that a command which only asks a running daemon starts at once.
 */
import type { AuditJson, AuditRequest } from './audit.ts';
import type { AdminRequest } from './ca/admin.ts';
import type { OcspQuestion, OcspReply } from './ca/ask-ocsp.ts';
import type { BackupRequest, MadeBackup } from './ca/backup.ts';
import type { CompromiseReport, CompromiseRequest } from './ca/compromised.ts';
import type { ExportedKey, ExportRequest } from './ca/export.ts';
import type { ImportCaRequest, ImportedCa } from './ca/import.ts';
import type { InitCaRequest, InitialisedCa } from './ca/init.ts';
import type { RequestedCa } from './ca/init-request.ts';
import type {
  DestroyedKey,
  DestroyKeyRequest,
  NewPassphraseRequest,
  ReencryptedKeys,
} from './ca/key-lifecycle.ts';
import type { CaKeyList } from './ca/key-list.ts';
import type { CreatedOperator, CreateOperatorRequest } from './ca/operator.ts';
import type { DrilledBackup, DrillRequest, RestoredCa, RestoreRequest } from './ca/restore.ts';
import type { RunningCa, ServeRequest } from './ca/serve.ts';
import type { SetConfig, SetConfigRequest } from './ca/set-config.ts';
import type { DemoCluster, DemoObservation, startDemo as StartDemo } from './demo/index.ts';
import type { EnrolledNode, EnrollNodeRequest, RenewedNode } from './enroll/index.ts';
import type { Log, openLog as OpenLog } from './log.ts';
import type { CheckRequest } from './node/check.ts';
import type { queryNode as QueryNode, readEvents as ReadEvents } from './node/control.ts';
import type { RunningNode, RunNodeRequest } from './node/run-node.ts';
import type { setModes as SetModes } from './node/set-modes.ts';
import type { passphraseSources as PassphraseSourcesOf } from './passphrase.ts';
import type { Sharing } from '../io/backup/index.ts';
import type { PassphraseSources } from '../io/keys/index.ts';
import type {
  CrossCertified,
  CrossCertifyRequest,
  InitialisedRoot,
  InitRootRequest,
  SignedIssuing,
  SignedRootCrl,
  SignIssuingRequest,
  SignRootCrlRequest,
} from './root/index.ts';
import type { SimulatedJson, SimulateRequest } from './sim.ts';
import { LsError } from '../std/index.ts';

export type { AcceptedLoss, CaRevocationReason } from '../authority/index.ts';
export type { CertificateJson, CreatedTokenJson, CrlsJson, NodeJson } from '../api/ca/index.ts';
export type { ReleaseJson, RemovalJson, RequestJson, RevocationJson, TokenJson } from '../api/ca/index.ts';
export type { IssuingJson, RolloverJson, RootJson } from '../api/ca/index.ts';
export type {
  ExplanationJson,
  MatrixJson,
  NodeStatusJson,
  PeerStatusJson,
  TransitionJson,
} from '../api/node/index.ts';
export type { PassphraseSources } from '../io/keys/index.ts';
export type { AuditedHomeJson, AuditFindingJson, AuditJson, AuditRequest } from './audit.ts';
export type { AdminRequest } from './ca/admin.ts';
export type { OcspQuestion, OcspReply } from './ca/ask-ocsp.ts';
export type { BackupRequest, MadeBackup } from './ca/backup.ts';
export type { ShareSources } from './ca/backup-shares.ts';
export type { DrilledBackup, DrillRequest, RestoredCa, RestoreRequest } from './ca/restore.ts';
export type { CompromiseReport, CompromiseRequest } from './ca/compromised.ts';
export type { AdminCall } from './ca/control-client.ts';
export type { ExportedKey, ExportRequest } from './ca/export.ts';
export type { ImportCaRequest, ImportedCa } from './ca/import.ts';
export type { InitCaRequest, InitialisedCa } from './ca/init.ts';
export type { RequestedCa } from './ca/init-request.ts';
export type { CreatedOperator, CreateOperatorRequest } from './ca/operator.ts';
export type { SetConfig, SetConfigRequest } from './ca/set-config.ts';
export type { RunningCa, ServeRequest } from './ca/serve.ts';
export type { DemoCluster, DemoObservation } from './demo/index.ts';
export type { EnrolledNode, EnrollNodeRequest, RenewedNode } from './enroll/index.ts';
export { formatEndpoint, parseEndpoint, type Endpoint } from './endpoint.ts';
export type { Log } from './log.ts';
export type { CheckedStep } from './node/check.ts';
export type { ChangedSetting, ReloadedSettings } from './node/reloader.ts';
export type { ModesChange } from './node/modes-file.ts';
export type { RunningNode, RunNodeRequest } from './node/run-node.ts';
export type { InitialisedRoot, SignedIssuing, SignedRootCrl } from './root/index.ts';
export type { SimulatedJson, SimulateRequest } from './sim.ts';
export { announceReady } from './ready.ts';

/** See audit.ts. */
export async function auditHomes(request: AuditRequest): Promise<AuditJson> {
  return (await import('./audit.ts')).auditHomes(request);
}

/** See ca/operator.ts. */
export async function createOperator(request: CreateOperatorRequest): Promise<CreatedOperator> {
  return (await import('./ca/operator.ts')).createOperator(request);
}

/** `3/5`. Throws LS_SHARE_NUMBERS. */
export async function parseSharing(text: string): Promise<Sharing> {
  const parsed = (await import('../io/backup/index.ts')).parseSharing(text);
  if (parsed.ok) return parsed.value;
  throw new LsError(parsed.error);
}

/** See ca/backup.ts. */
export async function backupCa(request: BackupRequest): Promise<MadeBackup> {
  return (await import('./ca/backup.ts')).backupCa(request);
}

/** See ca/restore.ts. */
export async function restoreCa(request: RestoreRequest): Promise<RestoredCa> {
  return (await import('./ca/restore.ts')).restoreCa(request);
}

/** See ca/restore.ts. */
export async function drillBackup(request: DrillRequest): Promise<DrilledBackup> {
  return (await import('./ca/restore.ts')).drillBackup(request);
}

/** See ca/admin.ts. */
export async function administerCa(request: AdminRequest): Promise<unknown> {
  return (await import('./ca/admin.ts')).administerCa(request);
}

/** See ca/ask-ocsp.ts. */
export async function askOcsp(question: OcspQuestion): Promise<OcspReply> {
  return (await import('./ca/ask-ocsp.ts')).askOcsp(question);
}

/** See ca/compromised.ts. */
export async function leaveCompromised(request: CompromiseRequest): Promise<CompromiseReport> {
  return (await import('./ca/compromised.ts')).leaveCompromised(request);
}

/** See ca/key-list.ts. */
export async function listKeys(home: string): Promise<CaKeyList> {
  return (await import('./ca/key-list.ts')).listKeys(home);
}

/** See ca/key-lifecycle.ts. */
export async function destroyKey(request: DestroyKeyRequest): Promise<DestroyedKey> {
  return (await import('./ca/key-lifecycle.ts')).destroyKey(request);
}

/** See ca/key-lifecycle.ts. */
export async function changePassphrase(request: NewPassphraseRequest): Promise<ReencryptedKeys> {
  return (await import('./ca/key-lifecycle.ts')).changePassphrase(request);
}

/** See ca/init.ts. */
export async function initCa(request: InitCaRequest): Promise<InitialisedCa> {
  return (await import('./ca/init.ts')).initCa(request);
}

/** See ca/init-request.ts. */
export async function initCaRequest(request: Omit<InitCaRequest, 'now'>): Promise<RequestedCa> {
  return (await import('./ca/init-request.ts')).initCaRequest(request);
}

/** See ca/import.ts. */
export async function importCa(request: ImportCaRequest): Promise<ImportedCa> {
  return (await import('./ca/import.ts')).importCa(request);
}

/** See ca/set-config.ts. */
export async function setCaConfig(request: SetConfigRequest): Promise<SetConfig> {
  return (await import('./ca/set-config.ts')).setCaConfig(request);
}

/** See ca/export.ts. */
export async function exportPkcs12(request: ExportRequest): Promise<ExportedKey> {
  return (await import('./ca/export.ts')).exportPkcs12(request);
}

/** See root/init.ts. */
export async function initRoot(request: InitRootRequest): Promise<InitialisedRoot> {
  return (await import('./root/index.ts')).initRoot(request);
}

/** See root/cross.ts. */
export async function crossCertify(request: CrossCertifyRequest): Promise<CrossCertified> {
  return (await import('./root/index.ts')).crossCertify(request);
}

/** See root/sign.ts. */
export async function signIssuingCa(request: SignIssuingRequest): Promise<SignedIssuing> {
  return (await import('./root/index.ts')).signIssuingCa(request);
}

/** See root/crl.ts. */
export async function signNewRootCrl(request: SignRootCrlRequest): Promise<SignedRootCrl> {
  return (await import('./root/index.ts')).signNewRootCrl(request);
}

/** See ca/serve.ts. */
export async function serveCa(request: ServeRequest): Promise<RunningCa> {
  return (await import('./ca/serve.ts')).serveCa(request);
}

/** See enroll/enroll.ts. */
export async function enrollNode(request: EnrollNodeRequest): Promise<EnrolledNode> {
  return (await import('./enroll/index.ts')).enrollNode(request);
}

/** See enroll/renew.ts. */
export async function renewNode(home: string): Promise<RenewedNode> {
  return (await import('./enroll/index.ts')).renewNode(home);
}

/** See node/check.ts. */
export async function checkNode(request: CheckRequest): Promise<void> {
  return (await import('./node/check.ts')).checkNode(request);
}

/** See node/control.ts. */
export async function queryNode(...request: Parameters<typeof QueryNode>): Promise<unknown> {
  return (await import('./node/control.ts')).queryNode(...request);
}

/** See node/control.ts. */
export async function readEvents(...request: Parameters<typeof ReadEvents>): Promise<void> {
  return (await import('./node/control.ts')).readEvents(...request);
}

/** See node/set-modes.ts. */
export async function setModes(...request: Parameters<typeof SetModes>): ReturnType<typeof SetModes> {
  return (await import('./node/set-modes.ts')).setModes(...request);
}

/** See node/run-node.ts. */
export async function runNode(request: RunNodeRequest): Promise<RunningNode> {
  return (await import('./node/run-node.ts')).runNode(request);
}

/** See demo/start.ts. */
export async function startDemo(...request: Parameters<typeof StartDemo>): ReturnType<typeof StartDemo> {
  return (await import('./demo/index.ts')).startDemo(...request);
}

/** See demo/check.ts. */
export async function checkDemo(
  cluster: DemoCluster,
  tell: (observation: DemoObservation) => void,
): Promise<void> {
  return (await import('./demo/index.ts')).checkDemo(cluster, tell);
}

/** See sim.ts. */
export async function simulate(request: SimulateRequest): Promise<SimulatedJson> {
  return (await import('./sim.ts')).simulate(request);
}

/** See log.ts. */
export async function openLog(env: Parameters<typeof OpenLog>[0]): Promise<Log> {
  return (await import('./log.ts')).openLog(env);
}

/** See named-file.ts. */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  return (await import('./named-file.ts')).readTextFile(path, maxBytes);
}

/** See named-file.ts. */
export async function readBinaryFile(path: string, maxBytes: number): Promise<Uint8Array> {
  return (await import('./named-file.ts')).readBinaryFile(path, maxBytes);
}

/** See named-file.ts. */
export async function writeOutput(path: string, content: Uint8Array | string): Promise<void> {
  return (await import('./named-file.ts')).writeOutput(path, content);
}

/** See passphrase.ts. */
export async function passphraseSources(
  ...request: Parameters<typeof PassphraseSourcesOf>
): Promise<PassphraseSources> {
  return (await import('./passphrase.ts')).passphraseSources(...request);
}
