export type {
  BundleAnswer,
  CrlAnswer,
  IssuingCrlAnswer,
  EnrollmentAnswer,
  FeedEvent,
  IssuedAnswer,
  RosterAnswer,
  SeedAnswer,
} from './answers.ts';
export type { AuthoritiesAnswer } from './authorities.ts';
export type { CaIdentity } from './ca-agent.ts';
export {
  CaClient,
  type CaClientOptions,
  type EnforcedNumbers,
  type EnrollRequest,
  type RenewalRequest,
} from './ca-client.ts';
export { makeCsr, type CsrRequest } from './csr.ts';
export type { PendingAnswer } from './pending.ts';
export { FEED_SILENCE_MS, type FeedOptions } from './feed.ts';
export { RetryLater } from './retry-after.ts';
export { fetchPresentedChain } from './presented-chain.ts';
export { MAX_FEED_EVENT_CHARS } from './sse-parser.ts';
