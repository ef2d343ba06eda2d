export { KEY_CACHE_MAX_KEYS } from './crypto/key-cache.ts';
export { makeCsr, type CsrRequest } from './csr.ts';
export { nodeCrypto } from './crypto/node-crypto.ts';
export {
  generateKey,
  privateKeyFromPkcs8,
  signerFromKeyObject,
  signerFromPkcs8,
  type GeneratedKey,
} from './crypto/signer.ts';
export {
  CONTROL_SOCKET_MAX_BYTES,
  controlSocketPath,
  type ControlSocketPlace,
} from './files/control-socket.ts';
export { syncDirectory, writeFileDurably, type DurableFileOptions } from './files/durable-file.ts';
export { errnoOf, fileError, type FileAction } from './files/file-fault.ts';
export { HomeLock } from './files/home-lock.ts';
export { ensurePrivateDir, type PrivateDirOptions } from './files/private-dir.ts';
export { readFileCapped } from './files/read-file.ts';
export { MAX_KEY_FILE_BYTES, readKeyFile, writeKeyFile, type LoadedKey } from './keys/key-file.ts';
export {
  findPassphrase,
  makePassphrase,
  MAX_PASSPHRASE_BYTES,
  PASSPHRASE_CREDENTIAL,
  PASSPHRASE_VARIABLE,
  requirePassphrase,
  type Passphrase,
  type PassphrasePrompt,
  type PassphraseSources,
} from './keys/passphrase.ts';
export { encryptPkcs8, PBKDF2_ITERATIONS } from './keys/pbes2.ts';
export { terminalPrompt, type PromptInput, type PromptOutput } from './keys/terminal-prompt.ts';
export { jsonCheck } from './json-check.ts';
export { systemClock, systemRandom } from './system.ts';
export { LOCK_WAIT_MS, MAX_WAITING_TRANSACTIONS, openSqliteStore } from './sqlite/index.ts';
export * from './ledger/index.ts';
export { formatAddress, parseAddress, plainAddress, type SocketPlace } from './transport/address.ts';
export { CLOSE_FLUSH_MS } from './transport/connection.ts';
export {
  contextOptions,
  HAS_HYBRID_KEY_EXCHANGE,
  MESH_ALPN,
  TLS_BASE,
  type TlsCredentials,
} from './transport/credentials.ts';
export type { TransportEvent } from './transport/events.ts';
export { DEFAULT_INBOUND_LIMITS, type InboundLimits } from './transport/inbound-limits.ts';
export { DIAL_TIMEOUT_MS } from './transport/mesh-dial.ts';
export { HANDSHAKE_TIMEOUT_MS } from './transport/mesh-listener.ts';
export { MeshTransport, type MeshTransportOptions } from './transport/mesh-transport.ts';
export type {
  BundleAnswer,
  CrlAnswer,
  EnrollmentAnswer,
  FeedEvent,
  IssuedAnswer,
  RosterAnswer,
  SeedAnswer,
} from './ca-client/answers.ts';
export type { CaIdentity } from './ca-client/ca-agent.ts';
export {
  CaClient,
  type CaClientOptions,
  type EnforcedNumbers,
  type EnrollRequest,
  type RenewalRequest,
} from './ca-client/ca-client.ts';
export { FEED_SILENCE_MS, type FeedOptions } from './ca-client/feed.ts';
export { fetchPresentedChain } from './ca-client/presented-chain.ts';
export { MAX_FEED_EVENT_CHARS } from './ca-client/sse-parser.ts';
