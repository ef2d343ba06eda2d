import { onTestFinished } from 'vitest';
import {
  MeshTransport,
  type InboundLimits,
  type TlsCredentials,
  type TransportEvent,
} from '../../src/io/index.ts';
import { freshNodeId, type TestIdentity, type TestPki } from './pki.ts';

const EVENT_TIMEOUT_MS = 10_000;

type Kind = TransportEvent['kind'];
type EventOf<K extends Kind> = Extract<TransportEvent, { readonly kind: K }>;

export function credentialsOf(pki: TestPki, identity: TestIdentity): TlsCredentials {
  return { key: identity.key.privateKey, chain: identity.chain, roots: [pki.root.der] };
}

/** A MeshTransport on loopback with its events kept; stopped when the test has finished. */
export class MeshEnd {
  readonly transport: MeshTransport;
  readonly events: TransportEvent[] = [];
  address = '';
  readonly #watchers = new Set<() => void>();

  constructor(credentials: TlsCredentials, limits?: InboundLimits) {
    this.transport = new MeshTransport({
      credentials,
      onEvent: (event) => {
        this.events.push(event);
        for (const watcher of this.#watchers) watcher();
      },
      ...(limits === undefined ? {} : { limits }),
    });
    onTestFinished(() => this.transport.stop());
  }

  /** Listens on a free port of 127.0.0.1 or the host given. */
  async listening(host = '127.0.0.1'): Promise<this> {
    const { port } = await this.transport.listen({ host, port: 0 });
    this.address = host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
    return this;
  }

  get port(): number {
    return Number(this.address.slice(this.address.lastIndexOf(':') + 1));
  }

  dial(address: string): void {
    this.transport.dial(freshNodeId(), address);
  }

  /** The `count`-th event of a kind, waited for. */
  async event<K extends Kind>(kind: K, count = 1): Promise<EventOf<K>> {
    return this.until(() => this.all(kind)[count - 1], `event ${kind} number ${String(count)}`);
  }

  all<K extends Kind>(kind: K): readonly EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  get receivedLength(): number {
    return this.all('received').reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** All bytes received so far. */
  get received(): Uint8Array {
    return Buffer.concat(this.all('received').map(({ bytes }) => bytes));
  }

  /** Waits until `find` finds something, looking again at every event. */
  until<T>(find: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        this.#watchers.delete(look);
        clearTimeout(timer);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`no ${what}; seen: ${this.events.map(({ kind }) => kind).join(' ')}`));
      }, EVENT_TIMEOUT_MS);
      this.#watchers.add(look);
      look();
    });
  }
}
