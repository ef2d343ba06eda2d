import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { fault, LsError, type Fault } from '../../std/index.ts';
import { errnoOf } from '../files/file-fault.ts';
import { formatAddress, plainAddress, type SocketPlace } from './address.ts';
import { contextOptions, MESH_ALPN, type TlsCredentials } from './credentials.ts';
import { InboundCounter, type InboundLimits } from './inbound-limits.ts';
import { stapleTo, type StapleFor } from './staple.ts';
import { connectionFault } from './tls-fault.ts';

/** A stranger that has not finished its handshake by then is cut: half-open connections cost a slot. As long as a hello has. */
export const HANDSHAKE_TIMEOUT_MS = 6_000;
const BACKLOG = 1_024;

export interface MeshListenerOptions {
  readonly credentials: TlsCredentials;
  readonly limits: InboundLimits;
  /** A completed handshake, not yet checked. */
  readonly onHandshake: (socket: TLSSocket, address: string) => void;
  readonly onRefused: (address: string, reason: Fault) => void;
  /** Default: nothing is stapled. */
  readonly stapleFor?: StapleFor | undefined;
}

/** Accepts TLS connections, within limits that count from the TCP connection on. */
export class MeshListener {
  readonly #options: MeshListenerOptions;
  readonly #counter: InboundCounter;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  readonly #sockets = new Set<Socket>();

  constructor(options: MeshListenerOptions) {
    this.#options = options;
    this.#counter = new InboundCounter(options.limits);
    this.#tls = createTlsServer({
      ...contextOptions(options.credentials),
      ALPNProtocols: [MESH_ALPN],
      requestCert: true,
      // checkPeer refuses, so that the peer can be told why.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#tls.on('secureConnection', (socket: TLSSocket) => options.onHandshake(socket, addressOf(socket)));
    this.#tls.on('tlsClientError', (cause: Error, socket: TLSSocket) => {
      const address = addressOf(socket);
      // Node reports a handshake that takes too long and leaves the connection open.
      socket.destroy();
      options.onRefused(address, connectionFault(cause, address));
    });
    if (options.stapleFor !== undefined) stapleTo(this.#tls, options.stapleFor);
    this.#tcp = createTcpServer((socket) => this.#accept(socket));
  }

  /** Throws LS_PORT_IN_USE and LS_PORT_UNAVAILABLE. Answers where it listens: the port found when 0 was asked for. */
  async listen(place: SocketPlace): Promise<SocketPlace> {
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', (cause) => reject(listenError(cause, place)));
      this.#tcp.listen({ ...place, backlog: BACKLOG }, resolve);
    });
    this.#tcp.removeAllListeners('error');
    // Running out of file descriptors must not end the node: the connection is lost, the next may succeed.
    this.#tcp.on('error', (cause) => this.#options.onRefused('', connectionFault(cause, 'a new connection')));
    return { host: place.host, port: portOf(this.#tcp) };
  }

  /** For connections from now on. */
  replaceCredentials(credentials: TlsCredentials): void {
    this.#tls.setSecureContext(contextOptions(credentials));
  }

  /** Takes no more connections; those that stand are left alone. */
  close(): void {
    if (this.#tcp.listening) this.#tcp.close();
  }

  /** Ends what is still in its handshake. */
  destroyRest(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    const host = plainAddress(socket.remoteAddress ?? '');
    if (!this.#counter.enter(host)) {
      socket.destroy();
      const address = formatAddress(host, socket.remotePort ?? 0);
      this.#options.onRefused(
        address,
        fault('LS_NET_LIMIT', `too many connections, or too many from ${host}`),
      );
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#counter.leave(host);
    });
    this.#tls.emit('connection', socket);
  }
}

function addressOf(socket: TLSSocket): string {
  return formatAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function listenError(cause: Error, { host, port }: SocketPlace): LsError {
  const where = formatAddress(host, port);
  const errno = errnoOf(cause);
  const reason =
    errno === 'EADDRINUSE'
      ? fault('LS_PORT_IN_USE', `another process listens on ${where}`)
      : fault('LS_PORT_UNAVAILABLE', `cannot listen on ${where} (${errno ?? cause.message})`);
  return new LsError(reason, { cause });
}
