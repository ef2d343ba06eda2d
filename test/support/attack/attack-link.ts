import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { contextOptions, MESH_ALPN, type TlsCredentials } from '../../../src/io/index.ts';
import {
  decodeMessage,
  encodeMessage,
  FrameReader,
  MAX_FRAME_BYTES,
  type Hello,
  type Message,
} from '../../../src/link/index.ts';

/** How an attacker's connection differs from a plain one. */
export interface LinkOptions {
  readonly tls?: ConnectionOptions;
  /** False: it never says hello. */
  readonly greets?: boolean;
  /** False: nothing that the node sends is read. */
  readonly reads?: boolean;
}

/** One connection of an attacker to a real node: TLS, frames and messages, and no rule that it keeps. */
export class AttackLink {
  readonly target: string;
  readonly socket: TLSSocket;
  readonly #hello: () => Hello;
  readonly #options: LinkOptions;
  readonly #heard: (message: Message, link: AttackLink) => void;
  readonly #frames = new FrameReader();
  /** Both have said hello. */
  isUp = false;
  /** The code of the node's goodbye. */
  bye: string | undefined;
  /** The node took up an earlier session, which none may. */
  hasResumed = false;
  /** The newest session ticket, which no node ought to hand out. */
  session: Buffer | undefined;

  constructor(
    target: { readonly name: string; readonly port: number },
    credentials: TlsCredentials,
    hello: () => Hello,
    heard: (message: Message, link: AttackLink) => void,
    options: LinkOptions = {},
  ) {
    this.target = target.name;
    this.#hello = hello;
    this.#heard = heard;
    this.#options = options;
    this.socket = connect({
      host: '127.0.0.1',
      port: target.port,
      ...contextOptions(credentials),
      ALPNProtocols: [MESH_ALPN],
      servername: '',
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...options.tls,
    });
    this.socket.on('error', () => undefined);
    this.socket.on('session', (session) => (this.session = session));
    this.socket.setNoDelay(true);
    if (options.reads === false) this.socket.pause();
    else this.socket.on('data', (chunk: Buffer) => this.#received(chunk));
    this.socket.once('secureConnect', () => this.#secured());
  }

  get isClosed(): boolean {
    return this.socket.destroyed || this.socket.closed;
  }

  /** Sends unless the connection is gone. True while the kernel takes more. */
  send(message: Message): boolean {
    return this.raw(encodeMessage(message));
  }

  raw(bytes: Uint8Array): boolean {
    return !this.isClosed && this.socket.writable && this.socket.write(bytes);
  }

  /** Resolves when the kernel has taken what was sent, or the connection is gone. */
  async drained(): Promise<void> {
    if (this.isClosed || !this.socket.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done);
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
  }

  /** Resolves true once both have said hello, false when the connection ends before. */
  async settled(): Promise<boolean> {
    while (!this.isUp && !this.isClosed) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.isUp;
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #secured(): void {
    this.hasResumed = this.socket.isSessionReused();
    if (this.#options.greets === false) return;
    this.send({ kind: 'hello', ...this.#hello() });
    // Who does not read learns nothing of the other's hello, and has no need to.
    if (this.#options.reads === false) this.isUp = true;
  }

  #received(chunk: Buffer): void {
    this.#frames.push(new Uint8Array(chunk));
    for (;;) {
      const body = this.#frames.next(MAX_FRAME_BYTES);
      if (!body.ok || body.value === null) return;
      const message = decodeMessage(body.value);
      if (message.ok) this.#take(message.value);
    }
  }

  #take(message: Message): void {
    if (message.kind === 'hello') this.isUp = true;
    if (message.kind === 'bye') this.bye = message.code;
    if (message.kind === 'ping') this.send({ kind: 'pong', token: message.token });
    this.#heard(message, this);
  }
}
