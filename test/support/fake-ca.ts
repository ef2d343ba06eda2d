import { createServer, type ServerOptions } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { encodePem } from '../../src/codec/index.ts';
import type { TestIdentity, TestPki } from './pki.ts';

export type FakeRoute = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** An HTTPS server that answers as a CA might, or as it never should. */
export class FakeCa {
  readonly url: string;
  /** `METHOD /path` of every request, with its body. */
  readonly requests: {
    readonly line: string;
    readonly body: string;
    readonly hasClientCertificate: boolean;
  }[] = [];
  readonly #routes = new Map<string, FakeRoute>();

  private constructor(url: string) {
    this.url = url;
  }

  /** Listens on a free port of loopback with leaf, issuing CA and root; closed when the test has finished. */
  static async start(pki: TestPki, identity: TestIdentity, tls: ServerOptions = {}): Promise<FakeCa> {
    const server = createServer({
      key: identity.key.privateKey.export({ format: 'pem', type: 'pkcs8' }),
      cert: [...identity.chain, pki.root.der].map((der) => encodePem('CERTIFICATE', der)).join(''),
      ca: encodePem('CERTIFICATE', pki.root.der),
      requestCert: true,
      rejectUnauthorized: false,
      ...tls,
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const place = server.address();
    const fake = new FakeCa(`https://127.0.0.1:${String(typeof place === 'object' ? place?.port : 0)}`);
    server.on('request', (request, response) => void fake.#answer(request, response));
    return fake;
  }

  on(line: string, route: FakeRoute): this {
    this.#routes.set(line, route);
    return this;
  }

  /** Answers with a JSON body. */
  json(line: string, body: unknown, status = 200): this {
    return this.on(line, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const line = `${request.method ?? ''} ${request.url ?? ''}`;
    const socket = request.socket as IncomingMessage['socket'] & { readonly authorized?: boolean };
    this.requests.push({ line, body, hasClientCertificate: socket.authorized === true });
    const route = this.#routes.get(line.replace(/\?.*$/, ''));
    if (route === undefined) response.writeHead(404).end('not json');
    else route(request, response, body);
  }
}
