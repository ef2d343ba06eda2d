export type {
  Authority,
  CertificateFilter,
  CreatedToken,
  EnrollRequest,
  OperatorRequest,
  ReenrollRequest,
  RevokeRequest,
  ServerRequest,
  TokenRequest,
} from './authority.ts';
export type {
  CertificateFacts,
  CertificateRole,
  CertificateStatus,
  CurrentCrls,
  CurrentRoster,
  Enrollment,
  IssuedCertificate,
  NodeFacts,
  NodeState,
  Publication,
  RemovalFacts,
  RevocationFacts,
  RevocationReason,
  Seed,
  TokenFacts,
  TrustFacts,
} from './facts.ts';
export type {
  AuthorityConfig,
  AuthorityDeps,
  AuthorityKeys,
  InitialiseAuthority,
  InitialiseRequest,
  InitialisedAuthority,
  OpenAuthority,
} from './deps.ts';
export * from './limits.ts';
export type {
  AddressRow,
  CertificateQuery,
  CertificateRow,
  CrlIssuer,
  CrlRow,
  Genesis,
  LedgerRow,
  NodeRow,
  RevocationRow,
  RosterRow,
  TokenRow,
} from './rows.ts';
export type { AuthorityStore, DroppedEntries, NodeEnd, StoreReader, StoreTransaction } from './store.ts';
