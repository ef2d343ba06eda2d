import { request } from 'node:https';
import { TLSSocket } from 'node:tls';

export interface TlsCaller {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface CallOptions {
  readonly caller?: TlsCaller | undefined;
  readonly body?: unknown;
  readonly tls?: object;
}

export interface TlsAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** One HTTPS call to a CA on loopback, on a connection of its own; the server is not checked. */
export function callTls(
  port: number,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<TlsAnswer> {
  const { caller, body, tls } = options;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        rejectUnauthorized: false,
        headers: payload === undefined ? {} : { 'content-type': 'application/json' },
        ...caller,
        ...tls,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          // EST answers in base64.
          const isJson = text !== '' && response.headers['content-type']?.includes('json') === true;
          const json = isJson ? (JSON.parse(text) as TlsAnswer['json']) : {};
          resolve({ status: response.statusCode ?? 0, json });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(payload);
  });
}

/** A feed that is open, with all it has said. */
export interface OpenFeed {
  text(): string;
  /** Resolves when the feed has said something that matches. */
  said(pattern: RegExp): Promise<void>;
  readonly ended: Promise<void>;
  /** The session of its connection, for an attempt to resume it. */
  session(): Buffer | undefined;
  close(): void;
}

/** Opens GET /v1/feed as `caller`; rejects with the status when it is refused. */
export function openFeed(port: number, caller: TlsCaller, query = ''): Promise<OpenFeed> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: `/v1/feed${query}`,
        agent: false,
        rejectUnauthorized: false,
        ...caller,
      },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`status ${response.statusCode}`));
          return;
        }
        let text = '';
        const watchers = new Set<() => void>();
        const ended = new Promise<void>((done) => {
          response.on('close', done);
        });
        response.on('error', () => undefined);
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          for (const watcher of watchers) watcher();
        });
        resolve({
          text: () => text,
          said: (pattern) =>
            new Promise((done) => {
              const look = (): void => {
                if (pattern.test(text)) done();
              };
              watchers.add(look);
              look();
            }),
          ended,
          session: () => (response.socket instanceof TLSSocket ? response.socket.getSession() : undefined),
          close: () => sent.destroy(),
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
