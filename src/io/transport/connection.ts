import type { TLSSocket } from 'node:tls';
import { SendQueue, type SendClass } from '../../link/index.ts';
import { fault, type Fault } from '../../std/index.ts';
import { plain } from '../crypto/node-crypto.ts';
import { connectionFault } from './tls-fault.ts';

/** After a close, what is queued and the peer's own end are waited for this long. */
export const CLOSE_FLUSH_MS = 1_000;

/** The operating system's probe of an idle connection starts after this long. */
const KEEPALIVE_AFTER_MS = 15_000;

export interface ConnectionListener {
  received(bytes: Uint8Array): void;
  /** The connection is gone: in order when there is no fault. Called once. */
  ended(reason: Fault | undefined): void;
}

/**
 * An authenticated connection with its send queue. Writing never blocks and never buffers more than the queue's
 * bounds: while the peer does not read, old heartbeats are dropped, and when that does not help the connection is.
 */
export class Connection {
  readonly address: string;
  readonly #socket: TLSSocket;
  readonly #queue = new SendQueue();
  readonly #listener: ConnectionListener;
  #isBlocked = false;
  #isClosing = false;
  #reason: Fault | undefined;

  constructor(socket: TLSSocket, address: string, listener: ConnectionListener) {
    this.address = address;
    this.#socket = socket;
    this.#listener = listener;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
    socket.on('data', (chunk: Buffer) => {
      if (!this.#isClosing) this.#listener.received(plain(chunk));
    });
    socket.on('drain', () => this.#drained());
    socket.on('error', (cause) => (this.#reason ??= connectionFault(cause, address)));
    socket.on('close', () => this.#listener.ended(this.#reason));
  }

  write(bytes: Uint8Array, sendClass: SendClass): void {
    if (this.#isClosing) return;
    if (this.#queue.push(bytes, sendClass) === 'overflow') {
      this.destroy(fault('LS_LINK_OVERFLOW', `${this.address} does not read what it is sent`));
      return;
    }
    this.#pump();
  }

  /** Sends what is queued, then ends; after {@link CLOSE_FLUSH_MS} the rest is dropped. Nothing is received any more. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    closeLater(this.#socket);
    this.#pump();
  }

  /** Ends at once. */
  destroy(reason?: Fault): void {
    this.#isClosing = true;
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #drained(): void {
    this.#isBlocked = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#isBlocked) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      this.#isBlocked = !this.#socket.write(next);
    }
    if (this.#isClosing && this.#queue.frames === 0) this.#socket.end();
  }
}

/** Says a last word to a peer that is refused, and closes. What it sends is read and thrown away: unread data would
 * turn the end into a reset, which can overtake the last word. */
export function refuse(socket: TLSSocket, lastWord: Uint8Array | undefined): void {
  socket.on('error', () => undefined);
  socket.resume();
  closeLater(socket);
  if (lastWord === undefined) socket.end();
  else socket.end(lastWord);
}

function closeLater(socket: TLSSocket): void {
  const timer = setTimeout(() => socket.destroy(), CLOSE_FLUSH_MS);
  socket.once('close', () => clearTimeout(timer));
}
