import { rm } from 'node:fs/promises';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import {
  AckBook,
  controlApp,
  crlApp,
  endedApp,
  FeedHub,
  publicationEvents,
  RateLimiter,
  tlsApp,
  tlsPeerGate,
  type CaApiContext,
  type ListenerOptions,
} from '../../api/ca/index.ts';
import { readOnlyFault, type Authority, type OcspResponder } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { controlSocketPath, ensurePrivateDir } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { stapleTo } from '../../io/transport/index.ts';
import { LsError, toHex, type Fault, type UnixMs } from '../../std/index.ts';
import { Closers } from '../closers.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Log } from '../log.ts';
import { Ended } from './ended.ts';
import { ackWord, followReplicas } from './follow.ts';
import { keepLedger } from './ledger-keeper.ts';
import { publishWhenDue } from './publication.ts';
import { limitConnections, listenOn, listenOnSocket } from './listen.ts';
import { watchKeys } from './key-watch.ts';
import { openCa, type OpenCa } from './open.ts';
import { startResponder } from './ocsp.ts';
import { ownStatus } from './own-status.ts';
import { OwnTrust } from './own-trust.ts';
import { refusalLog } from './refusal-log.ts';
import { makeServerIdentity, type ServerIdentity } from './server-identity.ts';
import { schedule } from './schedule.ts';
import { noteControlSocket } from './control-place.ts';
import { hostOfUrl } from './url.ts';

export interface ServeRequest {
  readonly home: string;
  /** Instead of what ca.yaml says. */
  readonly listen?: Endpoint;
  readonly crlListen?: Endpoint;
  readonly passphrase: PassphraseSources;
  readonly log: Log;
}

/** A CA that serves. */
export interface RunningCa {
  readonly home: string;
  readonly trustDomain: string;
  readonly rootSha256: string;
  readonly urls: readonly string[];
  readonly crlUrl: string;
  /** Where it really listens: the port found when 0 was asked for. Null for a CA that its root has revoked. */
  readonly listening: Endpoint | null;
  readonly crlListening: Endpoint;
  readonly controlSocket: string;
  /** The home was restored from a backup: this server changes nothing. */
  readonly readOnly: boolean;
  /** The root has revoked the issuing CA: this server only says so, and serves what was signed. */
  readonly revoked: boolean;
  /** Stops taking calls, ends feeds, closes the store. Further calls do nothing. */
  close(): Promise<void>;
}

/** `revoke` waits this long for h members, and with `--wait` for all. */
const SPREAD = { enoughMs: 1_000, everyoneMs: 30_000 };
const SERVER_CERTIFICATE_USED_UP = 2 / 3;
const RETRY_MS = 60_000;

/**
 * Opens the CA and serves it: TLS, plain HTTP for CRLs and OCSP, control socket, timers.
 * Throws what openCa throws, LS_PORT_IN_USE and LS_PORT_UNAVAILABLE; nothing is left open then.
 */
export async function serveCa(request: ServeRequest): Promise<RunningCa> {
  const ca = await openCa(request.home, request.passphrase);
  const closers = new Closers();
  closers.add(() => ca.close());
  try {
    return await start(ca, request, closers);
  } catch (cause) {
    await closers.close();
    throw cause;
  }
}

async function start(ca: OpenCa, request: ServeRequest, closers: Closers): Promise<RunningCa> {
  const { log } = request;
  const now = (): UnixMs => systemClock.now().wall;
  const { authority, config } = ca;
  const ended = await Ended.of(authority, log);
  if (ended.reason !== undefined) return startEnded(ca, request, ended, closers);
  const readOnly = await isReadOnly(authority, log);
  closers.add(await publishWhenDue(authority, config.fullCrlEveryMs, now, log));
  const trust = await OwnTrust.of(authority, nodeCrypto, now());
  const ocsp = await startResponder(authority, now, log, closers);
  const keeper = keepLedger(ca, now, log);
  closers.add(() => keeper.close());
  const ledgerFault = (): Fault | undefined => keeper.fault;
  closers.add(watchKeys(ca.keys, log));
  const keyFault = (): Fault | undefined => ca.keys?.fault;
  const context = {
    ...makeContext(ca, { trust, ocsp, ended }, now, log, closers),
    ledgerFault,
    keyFault,
    onRefusal: refusalLog(log),
  };
  const options = listenerOptions(ca, log);
  const identity = await makeServerIdentity(authority, serverHosts(ca), now());
  const listeners = {
    crl: crlApp(context, options),
    control: controlApp(context, log),
    tls: tlsApp(context, tlsPeerGate(trust, now, config.enrollment), tlsOptions(identity), options),
  };
  for (const app of Object.values(listeners)) closers.add(() => app.close());
  stapleTo(listeners.tls.server, ownStatus(authority, ocsp, systemClock));
  limitConnections(listeners.tls.server, config.limits, context.onRefusal);
  limitConnections(listeners.crl.server, config.limits, context.onRefusal);
  const crlListening = await listenOn(listeners.crl, request.crlListen ?? config.crlListen, 'plain HTTP');
  const controlSocket = await openControlSocket(ca, listeners.control, closers);
  const listening = await listenOn(listeners.tls, request.listen ?? config.listen, 'TLS');
  closers.add(renewServerCertificate(ca, listeners.tls, identity, now, log));
  const facts = { listening, crlListening, controlSocket, readOnly, revoked: false };
  return { ...whatIsServed(ca), ...facts, close: () => closers.close() };
}

/** What is left of a CA that its root has revoked: the CRLs that say so, and a control socket to go on from. */
async function startEnded(
  ca: OpenCa,
  request: ServeRequest,
  ended: Ended,
  closers: Closers,
): Promise<RunningCa> {
  const { log } = request;
  const now = (): UnixMs => systemClock.now().wall;
  const { authority, config } = ca;
  const readOnly = await isReadOnly(authority, log);
  const keeper = keepLedger(ca, now, log);
  closers.add(() => keeper.close());
  const feeds = new FeedHub(() => undefined);
  const acks = new AckBook();
  const context = { authority, ocsp: null, now, feeds, acks, spread: SPREAD, ended: () => ended.reason };
  const listeners = { crl: endedApp(context, listenerOptions(ca, log)), control: controlApp(context, log) };
  for (const app of Object.values(listeners)) closers.add(() => app.close());
  limitConnections(listeners.crl.server, config.limits, refusalLog(log));
  const crlListening = await listenOn(listeners.crl, request.crlListen ?? config.crlListen, 'plain HTTP');
  const controlSocket = await openControlSocket(ca, listeners.control, closers);
  const facts = { listening: null, crlListening, controlSocket, readOnly, revoked: true };
  return { ...whatIsServed(ca), ...facts, close: () => closers.close() };
}

function whatIsServed({ home: { home }, authority, config: { urls, crlUrl } }: OpenCa) {
  const { trustDomain } = authority;
  const [root = new Uint8Array()] = authority.bundle().roots;
  return { home, trustDomain, rootSha256: toHex(nodeCrypto.sha256(root)), urls, crlUrl };
}

async function isReadOnly(authority: Authority, log: Log): Promise<boolean> {
  const since = await authority.readOnlySince();
  if (!since.ok) throw new LsError(since.error);
  if (since.value === null) return false;
  const { code, detail } = readOnlyFault();
  log.warn({ event: 'read-only', code, since: new Date(since.value).toISOString() }, detail);
  return true;
}

/** Ties publications to feeds and to our own verdicts: a node revoked now is cut before anybody hears of it. */
function makeContext(
  ca: OpenCa,
  parts: { readonly trust: OwnTrust; readonly ocsp: OcspResponder; readonly ended: Ended },
  now: () => UnixMs,
  log: Log,
  closers: Closers,
): CaApiContext {
  const { trust, ocsp, ended } = parts;
  const feeds = new FeedHub((listener, reason) =>
    log.info({ event: 'feed-cut', code: reason.code, nodeId: listener.nodeId }, 'feed of a node was cut'),
  );
  const { exchange } = ca.store;
  const acks = new AckBook((nodeId, said) => exchange?.tell(ackWord(nodeId, said)));
  const unsubscribe = ca.authority.onPublication(({ rootCrl, ...publication }) => {
    // It may revoke this very CA, and with it every listener: all hear of it before they are cut.
    if (rootCrl !== undefined) {
      feeds.publish(publicationEvents({ rootCrl }));
      trust.absorb({ rootCrl }, now());
      ended.look(rootCrl.der);
    }
    if (Object.keys(publication).length === 0) return;
    trust.absorb(publication, now());
    feeds.publish(publicationEvents(publication));
  });
  const unfollow = followReplicas(ca.authority, exchange, acks, log);
  closers.add(() => {
    unfollow();
    unsubscribe();
    acks.close();
    feeds.close();
  });
  return {
    ...{ authority: ca.authority, ocsp, now, feeds, acks },
    spread: SPREAD,
    ended: () => ended.reason,
  };
}

function listenerOptions({ config }: OpenCa, log: Log): ListenerOptions {
  const { requestsPerSecond, burst } = config.limits;
  return {
    log,
    limiter: new RateLimiter({ perSecond: requestsPerSecond, burst }),
    monotonicMs: () => systemClock.now().mono,
  };
}

/** A client certificate is asked for and judged call by call, since anybody may enroll. */
function tlsOptions({ tls }: ServerIdentity) {
  return { ...tls, requestCert: true, rejectUnauthorized: false };
}

async function openControlSocket(ca: OpenCa, app: FastifyInstance, closers: Closers): Promise<string> {
  const place = controlSocketPath(ca.home.home, process.env, process.getuid?.() ?? 0);
  if (place.moved) await ensurePrivateDir(place.directory);
  await listenOnSocket(app, place.path);
  closers.add(() => rm(place.path, { force: true }));
  await noteControlSocket(ca.home, place);
  return place.path;
}

function renewServerCertificate(
  ca: OpenCa,
  app: FastifyInstance,
  first: ServerIdentity,
  now: () => UnixMs,
  log: Log,
): () => void {
  const renewal = {
    retryMs: RETRY_MS,
    async run() {
      const identity = await makeServerIdentity(ca.authority, serverHosts(ca), now());
      if (app.server instanceof TlsServer) app.server.setSecureContext(tlsOptions(identity));
      log.info({ event: 'server-certificate', serial: identity.serial }, 'server certificate renewed');
      return dueAt(identity);
    },
    onError: (cause: unknown) =>
      log.error({ event: 'server-certificate', err: cause }, 'server certificate could not be renewed'),
  };
  return schedule(renewal, dueAt(first), now);
}

function dueAt({ notBefore, notAfter }: ServerIdentity): number {
  return notBefore + (notAfter - notBefore) * SERVER_CERTIFICATE_USED_UP;
}

function serverHosts({ config }: OpenCa): readonly string[] {
  return [...new Set(config.urls.map(hostOfUrl))];
}
