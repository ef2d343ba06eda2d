import { rm } from 'node:fs/promises';
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
import { followGenerations } from './follow-generations.ts';
import { keepLedger } from './ledger-keeper.ts';
import { publishWhenDue } from './publication.ts';
import { limitConnections, listenOn, listenOnSocket } from './listen.ts';
import { watchKeys } from './key-watch.ts';
import { openCa, type OpenCa } from './open.ts';
import { startResponder } from './ocsp.ts';
import { ownStatus } from './own-status.ts';
import { OwnTrust } from './own-trust.ts';
import { refusalLog } from './refusal-log.ts';
import { openDesk, type HomeRolloverDesk } from './rollover-desk.ts';
import { ServerCertificate } from './server-certificate.ts';
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

/** For the answer of the call that has another CA active. */
const REVIVED_AFTER_MS = 500;
/** `revoke` waits this long for h members, and with `--wait` for all. */
const SPREAD = { enoughMs: 1_000, everyoneMs: 30_000 };

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
  const server = await ServerCertificate.issue(authority, serverHosts(ca), now, log);
  closers.add(() => server.close());
  const onChange = async (): Promise<void> => {
    keeper.bindAgain();
    await ended.lookAgain();
    if (ended.reason !== undefined) return;
    await server.follow();
    const answered = await ocsp.refresh(now());
    if (!answered.ok) throw new LsError(answered.error);
  };
  const desk = await openDesk({ ca, now, log, onChange });
  const keyFault = (): Fault | undefined => ca.keys?.fault ?? desk.fault;
  const context = {
    ...makeContext(ca, { trust, ocsp, ended, rollover: desk }, now, log, closers),
    ledgerFault,
    keyFault,
    onRefusal: refusalLog(log),
  };
  const options = listenerOptions(ca, log);
  const listeners = {
    crl: crlApp(context, options),
    control: controlApp(context, log),
    tls: tlsApp(context, tlsPeerGate(trust, now, config.enrollment), server.options, options),
  };
  for (const app of Object.values(listeners)) closers.add(() => app.close());
  stapleTo(listeners.tls.server, ownStatus(authority, ocsp, systemClock));
  limitConnections(listeners.tls.server, config.limits, context.onRefusal);
  limitConnections(listeners.crl.server, config.limits, context.onRefusal);
  const crlListening = await listenOn(listeners.crl, request.crlListen ?? config.crlListen, 'plain HTTP');
  const controlSocket = await openControlSocket(ca, listeners.control, closers);
  const listening = await listenOn(listeners.tls, request.listen ?? config.listen, 'TLS');
  server.keepFresh(listeners.tls.server);
  closers.add(followGenerations(authority, desk, now));
  const facts = { listening, crlListening, controlSocket, readOnly, revoked: false };
  return { ...whatIsServed(ca), ...facts, close: () => closers.close() };
}

/**
 * What is left of a CA that its root has revoked: the CRLs that say so, and a control socket to go on from. Once another
 * issuing CA is active it serves as ever.
 */
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
  const own = new Closers();
  closers.add(() => own.close());
  const keeper = keepLedger(ca, now, log);
  own.add(() => keeper.close());
  let isReviving = false;
  const onChange = async (): Promise<void> => {
    await ended.lookAgain();
    if (ended.reason !== undefined || isReviving) return;
    isReviving = true;
    reviveSoon(ca, request, own, closers);
  };
  const context = {
    ...{ authority, ocsp: null, now, feeds: new FeedHub(() => undefined), acks: new AckBook() },
    rollover: await openDesk({ ca, now, log, onChange }),
    spread: SPREAD,
    ended: () => ended.reason,
  };
  const listeners = { crl: endedApp(context, listenerOptions(ca, log)), control: controlApp(context, log) };
  for (const app of Object.values(listeners)) own.add(() => app.close());
  limitConnections(listeners.crl.server, config.limits, refusalLog(log));
  const crlListening = await listenOn(listeners.crl, request.crlListen ?? config.crlListen, 'plain HTTP');
  const controlSocket = await openControlSocket(ca, listeners.control, own);
  const facts = { listening: null, crlListening, controlSocket, readOnly, revoked: true };
  return { ...whatIsServed(ca), ...facts, close: () => closers.close() };
}

/** After the call that brought it about has its answer. */
function reviveSoon(ca: OpenCa, request: ServeRequest, ended: Closers, closers: Closers): void {
  const { log } = request;
  const revive = async (): Promise<void> => {
    await ended.close();
    await start(ca, request, closers);
    log.info({ event: 'ca-revived' }, 'another issuing CA is active: this CA serves again');
  };
  const timer = setTimeout(() => {
    revive().catch((cause: unknown) => {
      log.error({ event: 'ca-revived', err: cause }, 'this CA does not serve again: start it anew');
    });
  }, REVIVED_AFTER_MS);
  ended.add(() => clearTimeout(timer));
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
  parts: {
    readonly trust: OwnTrust;
    readonly ocsp: OcspResponder;
    readonly ended: Ended;
    readonly rollover: HomeRolloverDesk;
  },
  now: () => UnixMs,
  log: Log,
  closers: Closers,
): CaApiContext {
  const { trust, ocsp, ended, rollover } = parts;
  const feeds = new FeedHub((listener, reason) =>
    log.info({ event: 'feed-cut', code: reason.code, nodeId: listener.nodeId }, 'feed of a node was cut'),
  );
  const { exchange } = ca.store;
  const acks = new AckBook((nodeId, said) => exchange?.tell(ackWord(nodeId, said)));
  const unsubscribe = ca.authority.onPublication(({ rootCrls, ...publication }) => {
    // They may revoke this very CA, and with it every listener: all hear of it before they are cut.
    if (rootCrls !== undefined) {
      const { authorities } = publication;
      feeds.publish(publicationEvents({ rootCrls }));
      trust.absorb({ rootCrls, ...(authorities === undefined ? {} : { authorities }) }, now());
      ended.look(rootCrls);
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
    ...{ authority: ca.authority, ocsp, now, feeds, acks, rollover },
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

async function openControlSocket(ca: OpenCa, app: FastifyInstance, closers: Closers): Promise<string> {
  const place = controlSocketPath(ca.home.home, process.env, process.getuid?.() ?? 0);
  if (place.moved) await ensurePrivateDir(place.directory);
  await listenOnSocket(app, place.path);
  closers.add(() => rm(place.path, { force: true }));
  await noteControlSocket(ca.home, place);
  return place.path;
}

function serverHosts({ config }: OpenCa): readonly string[] {
  return [...new Set(config.urls.map(hostOfUrl))];
}
