export { AckBook, MAX_ACKING_NODES, MAX_WAITERS, type Enforced } from './ack-book.ts';
export { controlApp, crlApp, endedApp, tlsApp, type ListenerOptions } from './apps.ts';
export type {
  CaApiContext,
  IssuingRequest,
  PeerGate,
  Refusal,
  RolloverDesk,
  SpreadTimes,
} from './context.ts';
export {
  FEED_KEEPALIVE_MS,
  FeedHub,
  MAX_FEED_BACKLOG_BYTES,
  MAX_FEEDS,
  type FeedEvent,
  type FeedListener,
  type PendingFeed,
} from './feed-hub.ts';
export type { OperatorJson } from './operator-routes.ts';
export { OCSP_MAX_AGE_SECONDS } from './ocsp-routes.ts';
export { tlsPeerGate, type GateTrust } from './peer-gate.ts';
export { publicationEvents } from './publication-events.ts';
export { MAX_TRACKED_ADDRESSES, RateLimiter, type RateLimit } from './rate-limit.ts';
export type { Adoption, IssuingJson, Renewal, RolloverJson, RootJson } from './rollover-status.ts';
export { MAX_BODY_BYTES } from './schemas.ts';
export type {
  CertificateJson,
  CreatedTokenJson,
  CrlsJson,
  EnrollmentJson,
  NodeJson,
  ReleaseJson,
  RemovalJson,
  RequestJson,
  RevocationJson,
  TokenJson,
} from './wire.ts';
