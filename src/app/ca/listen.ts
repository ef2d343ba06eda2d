import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Refusal } from '../../api/ca/index.ts';
import { errnoOf } from '../../io/files/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { formatEndpoint, type Endpoint } from '../endpoint.ts';

const CONTROL_SOCKET_MODE = 0o600;
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];
const BACKLOG = 1_024;

/** Starts listening and says where: the port that was given, or the free one found for port 0. */
export async function listenOn(app: FastifyInstance, endpoint: Endpoint, what: string): Promise<Endpoint> {
  try {
    return await bind(app, endpoint, what);
  } catch (cause) {
    if (endpoint.host === '::' && NO_IPV6.includes(errnoOf(cause) ?? '')) {
      return listenOn(app, { host: '0.0.0.0', port: endpoint.port }, what);
    }
    throw listenError(cause, formatEndpoint(endpoint));
  }
}

/** Listens on a Unix socket that only this user may open. Requires: no other process uses it (the home is locked). */
export async function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  try {
    await rm(path, { force: true });
    await app.listen({ path, listenTextResolver: textFor('control socket') });
    await chmod(path, CONTROL_SOCKET_MODE);
  } catch (cause) {
    throw listenError(cause, path);
  }
}

/** Caps open connections, altogether and from one address; one too many is closed at once, and told of. */
export function limitConnections(
  server: Server,
  limits: { readonly connections: number; readonly connectionsPerAddress: number },
  onRefusal?: (refusal: Refusal) => void,
): void {
  const refuse = (from: string, detail: string): void =>
    onRefusal?.({
      of: 'connection',
      reason: fault('LS_API_CONNECTION_LIMIT', detail),
      from,
      subject: 'connection',
    });
  const open = new Map<string, number>();
  server.maxConnections = limits.connections;
  // One line for all, not one for each address: it is the same bound that everybody meets.
  server.on('drop', (from) =>
    refuse(
      'anybody',
      `${limits.connections} connections are open; one of ${from?.remoteAddress ?? 'unknown'} was closed`,
    ),
  );
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    if (count > limits.connectionsPerAddress) {
      refuse(address, `${limits.connectionsPerAddress} connections of this address are open`);
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

async function bind(app: FastifyInstance, { host, port }: Endpoint, what: string): Promise<Endpoint> {
  await app.listen({ host, port, backlog: BACKLOG, listenTextResolver: textFor(what) });
  const address = app.server.address();
  return { host, port: typeof address === 'object' && address !== null ? address.port : port };
}

function listenError(cause: unknown, where: string): LsError {
  const errno = errnoOf(cause);
  if (errno === 'EADDRINUSE') {
    return new LsError(fault('LS_PORT_IN_USE', `another process listens on ${where}`), { cause });
  }
  return new LsError(fault('LS_PORT_UNAVAILABLE', `cannot listen on ${where} (${errno ?? String(cause)})`), {
    cause,
  });
}

/** The log line of a listener; fastify names every server that it did not make itself http. */
function textFor(what: string): (address: string) => string {
  return (address) => `${what} listens on ${address.replace(/^https?:\/\//, '')}`;
}
