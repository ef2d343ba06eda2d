import { connect, createServer, type Server, type Socket } from 'node:net';

export type Cut = 'request' | 'answer';

/**
 * A TCP proxy on loopback that can cut a connection at the worst moment: when a client sends a chunk that contains a
 * word, either before the server gets it (`request`) or instead of passing on what the server says next (`answer`).
 */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #next: { readonly word: string; readonly cut: Cut } | undefined;
  #cuts = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => this.#relay(client, connect(port, '127.0.0.1')));
  }

  static async to(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Connections cut so far. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Cuts once, at the next chunk with `word`. */
  cutAt(word: string, cut: Cut): void {
    this.#next = { word, cut };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #relay(client: Socket, server: Socket): void {
    let answersLost = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    client.on('data', (chunk) => {
      const planned = this.#next;
      if (planned === undefined || !chunk.includes(planned.word)) {
        server.write(chunk);
        return;
      }
      this.#next = undefined;
      this.#cuts++;
      answersLost = planned.cut === 'answer';
      if (answersLost) server.write(chunk);
      else client.destroy();
    });
    server.on('data', (chunk) => {
      if (answersLost) client.destroy();
      else client.write(chunk);
    });
  }
}
