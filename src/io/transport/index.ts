export { formatAddress, parseAddress, plainAddress, type SocketPlace } from './address.ts';
export { CLOSE_FLUSH_MS } from './connection.ts';
export {
  contextOptions,
  HAS_HYBRID_KEY_EXCHANGE,
  MESH_ALPN,
  TLS_BASE,
  type TlsCredentials,
} from './credentials.ts';
export type { TransportEvent } from './events.ts';
export { DEFAULT_INBOUND_LIMITS, type InboundLimits } from './inbound-limits.ts';
export { DIAL_TIMEOUT_MS } from './mesh-dial.ts';
export { HANDSHAKE_TIMEOUT_MS } from './mesh-listener.ts';
export { stapleTo, type StapleFor } from './staple.ts';
export { MeshTransport, type MeshTransportOptions } from './mesh-transport.ts';
