import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { fault, LsError } from '../../std/index.ts';
import type { SocketPlace } from './address.ts';
import { MESH_ALPN } from './credentials.ts';

/** From looking up the name to the end of the handshake; as long as the other end gives it. */
export const DIAL_TIMEOUT_MS = 6_000;

export interface DialListener {
  /** A completed handshake, not yet checked. */
  secured(): void;
  /** Called once, instead of `secured`. */
  failed(cause: unknown): void;
}

/**
 * Starts a TLS connection. It never offers an earlier session, and sends no server name: peers are matched by
 * their SPIFFE id, and an address tells an onlooker enough. Throws LS_NET_ADDRESS for port 0.
 */
export function dialTls(place: SocketPlace, context: SecureContext, listener: DialListener): TLSSocket {
  if (place.port === 0) throw new LsError(fault('LS_NET_ADDRESS', 'port 0 cannot be dialled'));
  const socket = connect({
    ...place,
    secureContext: context,
    ALPNProtocols: [MESH_ALPN],
    servername: '',
    // checkPeer refuses, so that the peer can be told why; names are checked by the mesh.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  const late = new LsError(fault('LS_NET_TIMEOUT', `no answer within ${String(DIAL_TIMEOUT_MS)} ms`));
  const timer = setTimeout(() => socket.destroy(late), DIAL_TIMEOUT_MS);
  const settle = (): void => {
    clearTimeout(timer);
    socket.off('error', onError);
    socket.off('close', onClose);
    socket.off('secureConnect', onSecure);
  };
  const onSecure = (): void => {
    settle();
    listener.secured();
  };
  const onError = (cause: Error): void => {
    settle();
    socket.on('error', () => undefined);
    listener.failed(cause);
  };
  const onClose = (): void =>
    onError(new Error('the connection was closed before the handshake was complete'));
  socket.on('secureConnect', onSecure);
  socket.on('error', onError);
  socket.on('close', onClose);
  return socket;
}
