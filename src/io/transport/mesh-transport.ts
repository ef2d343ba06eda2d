import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { encodeMessage, type SendClass } from '../../link/index.ts';
import type { ConnectionId } from '../../mesh/index.ts';
import { LsError, type Fault, type NodeId } from '../../std/index.ts';
import { parseAddress, type SocketPlace } from './address.ts';
import { Connection, refuse } from './connection.ts';
import { contextOptions, type TlsCredentials } from './credentials.ts';
import type { TransportEvent } from './events.ts';
import { DEFAULT_INBOUND_LIMITS, type InboundLimits } from './inbound-limits.ts';
import { dialTls } from './mesh-dial.ts';
import { MeshListener } from './mesh-listener.ts';
import { checkPeer } from './peer-check.ts';
import type { StapleFor } from './staple.ts';
import { connectionFault, isRefusal } from './tls-fault.ts';

export interface MeshTransportOptions {
  readonly credentials: TlsCredentials;
  /** Called from the event loop, never from inside a call into the transport. */
  readonly onEvent: (event: TransportEvent) => void;
  readonly limits?: InboundLimits;
  /** OCSP answers for callers that ask for one. Default: none. */
  readonly stapleFor?: StapleFor;
}

/**
 * Mutual TLS 1.3 connections of one node, as a set of numbered byte streams. A connection is handed up only when
 * OpenSSL found a path from the peer's certificate to a trusted root; who the peer is and whether it is revoked is
 * for the core to judge.
 */
export class MeshTransport {
  readonly #onEvent: (event: TransportEvent) => void;
  readonly #listener: MeshListener;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #dialing = new Set<TLSSocket>();
  readonly #idle = new Set<() => void>();
  #clientContext: SecureContext;
  #lastId = 0;
  #isStopped = false;

  constructor(options: MeshTransportOptions) {
    const { credentials } = options;
    this.#onEvent = options.onEvent;
    this.#clientContext = createSecureContext(contextOptions(credentials));
    this.#listener = new MeshListener({
      credentials,
      limits: options.limits ?? DEFAULT_INBOUND_LIMITS,
      stapleFor: options.stapleFor,
      onHandshake: (socket, address) => {
        const reason = this.#admit(socket, address, 'listener');
        if (reason !== undefined) this.#emit({ kind: 'inbound-refused', address, fault: reason });
      },
      onRefused: (address, reason) => this.#emit({ kind: 'inbound-refused', address, fault: reason }),
    });
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Throws LS_PORT_IN_USE and LS_PORT_UNAVAILABLE. A node that only dials does not call it. */
  listen(place: SocketPlace): Promise<SocketPlace> {
    return this.#listener.listen(place);
  }

  /** Connects to HOST:PORT. Answered by `connected` with the role dialer, or by `dial-failed` for `peer`. */
  dial(peer: NodeId, address: string): void {
    if (this.#isStopped) return;
    try {
      const socket = dialTls(parseAddress(address), this.#clientContext, {
        secured: () => {
          this.#dialing.delete(socket);
          const reason = this.#admit(socket, address, 'dialer');
          if (reason !== undefined) this.#dialFailed(peer, address, new LsError(reason));
        },
        failed: (cause) => {
          this.#dialing.delete(socket);
          this.#dialFailed(peer, address, cause);
        },
      });
      this.#dialing.add(socket);
    } catch (cause) {
      setImmediate(() => this.#dialFailed(peer, address, cause));
    }
  }

  /** Queues bytes for a connection; for one that is gone it does nothing. */
  write(connection: ConnectionId, bytes: Uint8Array, sendClass: SendClass): void {
    this.#connections.get(connection)?.write(bytes, sendClass);
  }

  /** Flushes, then closes, within a bounded time; nothing more is received. `disconnected` follows. */
  close(connection: ConnectionId): void {
    this.#connections.get(connection)?.close();
  }

  /** New connections use these from now on; those that stand are left alone. */
  replaceCredentials(credentials: TlsCredentials): void {
    this.#clientContext = createSecureContext(contextOptions(credentials));
    this.#listener.replaceCredentials(credentials);
  }

  /** Closes everything, in order where the peers let it. Resolves when no connection is left; no events after that. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#listener.close();
    for (const socket of this.#dialing) socket.destroy();
    for (const connection of this.#connections.values()) connection.close();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#idle.add(resolve));
    this.#listener.destroyRest();
  }

  /** Takes a connection in, or refuses it and answers why. */
  #admit(socket: TLSSocket, address: string, role: 'dialer' | 'listener'): Fault | undefined {
    const check = checkPeer(socket);
    if (!check.ok) {
      const { code, detail } = check.reason;
      refuse(socket, check.speaks ? encodeMessage({ kind: 'bye', code, detail }) : undefined);
      return check.reason;
    }
    if (this.#isStopped) {
      socket.destroy();
      return undefined;
    }
    this.#lastId += 1;
    const id = this.#lastId as ConnectionId;
    this.#connections.set(
      id,
      new Connection(socket, address, {
        received: (bytes) => this.#emit({ kind: 'received', connection: id, bytes }),
        ended: (reason) => this.#ended(id, reason),
      }),
    );
    this.#emit({ kind: 'connected', connection: id, role, address, ...check.peer });
    return undefined;
  }

  #ended(connection: ConnectionId, reason: Fault | undefined): void {
    this.#connections.delete(connection);
    const detail = reason === undefined ? 'closed' : `${reason.code} ${reason.detail}`;
    this.#emit({ kind: 'disconnected', connection, detail, fault: reason });
    if (this.#connections.size === 0) for (const wake of this.#idle) wake();
  }

  #dialFailed(peer: NodeId, address: string, cause: unknown): void {
    if (this.#isStopped) return;
    const reason = connectionFault(cause, address);
    this.#emit({ kind: 'dial-failed', peer, refused: isRefusal(cause), fault: reason });
  }

  #emit(event: TransportEvent): void {
    this.#onEvent(event);
  }
}
