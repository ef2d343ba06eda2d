export { markRestored } from './accept-loss.ts';
export type {
  AcceptLossRequest,
  Authority,
  CertificateFilter,
  CreatedToken,
  EnrollRequest,
  OperatorRequest,
  ReenrollRequest,
  RequestVerdict,
  RevokeRequest,
  ServerRequest,
  TokenRequest,
} from './authority.ts';
export type {
  AcceptedLoss,
  Authorities,
  CertificateFacts,
  CertificateRole,
  CertificateStatus,
  CrlPublication,
  CurrentCrls,
  CurrentRoster,
  IssuingCrls,
  Enrollment,
  IssuedCertificate,
  NodeFacts,
  NodeState,
  Publication,
  ReleaseFacts,
  RemovalFacts,
  RequestFacts,
  RevocationFacts,
  RevocationReason,
  RootCrlFacts,
  RootCrlPublication,
  Seed,
  TokenFacts,
  TrustFacts,
} from './facts.ts';
export type {
  AuthorityConfig,
  AuthorityDeps,
  AuthorityKeys,
  InitialiseRequest,
  InitialisedAuthority,
} from './deps.ts';
export { keyIdOf, type KeyEvent } from './key-events.ts';
export { LEDGER_BATCH_BYTES, LEDGER_BATCH_ROWS, ledgerBatches } from './ledger-rows.ts';
export * from './limits.ts';
export type {
  AddressRow,
  BelowIssuer,
  CertificateQuery,
  CertificateRow,
  CrlHead,
  CrlIssuer,
  CrlKey,
  CrlRow,
  Genesis,
  IssuerRow,
  RootRow,
  IssuingState,
  LedgerRow,
  NodeRow,
  ReleaseRow,
  RequestDecision,
  RequestRow,
  RevocationRow,
  RosterHead,
  RosterNode,
  RosterRow,
  TokenRow,
} from './rows.ts';
export type {
  AuthorityStore,
  NodeEnd,
  StoreExchange,
  StoreListener,
  StoreReader,
  StoreTransaction,
} from './store.ts';
export { readOnlyFault } from './context.ts';
export { issuingCrlName, rootCrlName, rootCrlUrl } from './certify.ts';
export { crlsInOrder } from './crl.ts';
export { hasEnded, MAX_LIVING_ISSUERS } from './issuing-ca.ts';
export { MAX_IMPORTED, type ImportedFiles } from './ceremony/check.ts';
export { importAuthority, type ImportRequest } from './ceremony/import.ts';
export { makeIssuingRequest, readIssuingRequest } from './ceremony/issuing-request.ts';
export {
  CA_REVOCATION_REASONS,
  caRevocation,
  signRootCrl,
  type CaRevocationReason,
} from './ceremony/root-crl.ts';
export {
  generationOfName,
  makeRoot,
  nameOfRoot,
  signCross,
  signIssuing,
  type CaMaker,
  type CrossWish,
  type IssuingWish,
} from './hierarchy.ts';
export { MAX_ROOTS, type RootAtHand } from './root-ca.ts';
export { initialiseAuthority, MAX_PERMITTED_DNS } from './initialise.ts';
export { MAX_SETTING_TEXT, type SettingNote } from './note-config.ts';
export type { OcspAnswer, OcspTimes } from './ocsp/held-answers.ts';
export type { OcspHealth, OcspResponder, ResponderOptions } from './ocsp/interface.ts';
export { openAuthority } from './open.ts';
export {
  parseProfiles,
  profilesWith,
  PROFILE_NAMES,
  shippedProfiles,
  type AuthorityProfiles,
  type ProfileName,
} from './profiles.ts';
export type {
  IssuingFacts,
  MadeRoot,
  PrepareRequest,
  PrepareRootRequest,
  Rollover,
  RootFacts,
} from './rollover/interface.ts';
export { isRevokedBy } from './rollover/end-revoked.ts';
export { REVOCATION_REASONS } from './revoke.ts';
export {
  decodeToken,
  encodeToken,
  MAX_TOKEN_CHARACTERS,
  MAX_TOKEN_URL_BYTES,
  MAX_TOKEN_URLS,
  TOKEN_ID_BYTES,
  TOKEN_SECRET_BYTES,
  tokenBinding,
  type EnrollmentToken,
} from './token.ts';
