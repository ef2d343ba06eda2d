import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AckBook, FeedHub, RateLimiter, tlsApp, tlsPeerGate } from '../../src/api/ca/index.ts';
import { OwnTrust } from '../../src/app/ca/own-trust.ts';
import { makeServerIdentity } from '../../src/app/ca/server-identity.ts';
import {
  initialiseAuthority,
  openAuthority,
  type Authority,
  type AuthorityStore,
} from '../../src/authority/index.ts';
import { generateKey, openSqliteStore, systemRandom, type GeneratedKey } from '../../src/io/index.ts';
import { unixMs, type UnixMs } from '../../src/std/index.ts';
import type { VerifiedPeer } from '../../src/trust/index.ts';
import { parseCertificate } from '../../src/x509/index.ts';
import { peerOf, renewalFor, requestFor } from '../support/ca.ts';
import { callTls, type TlsAnswer, type TlsCaller } from '../support/ca-http.ts';
import { testCrypto, testKey } from '../support/crypto.ts';
import { valueOf } from '../support/result.ts';
import { base64, tlsCaller } from '../support/tls-identity.ts';

const MINUTE_MS = 60_000;
const GRACE_MS = 60 * MINUTE_MS;
const LIFETIME_MS = 7 * 24 * 60 * MINUTE_MS;
const CREATED = 'fastify.initialization';

/** Routes that ask for no certificate, so that one which ran out is no better or worse than none. */
const OPEN_TO_ALL = [
  'POST /v1/enroll',
  'GET /v1/bundle',
  'GET /v1/roster',
  'GET /v1/crl',
  'GET /healthz',
  'GET /readyz',
  'GET /.well-known/est/cacerts',
  'GET /.well-known/est/csrattrs',
  'POST /.well-known/est/simpleenroll',
];
/** The one that the grace is for. */
const RENEWAL = 'POST /v1/reenroll';
/** Bodies are judged before callers where the caller is a node. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/activate': { address: null },
  'POST /v1/ack': { crlNumber: 1, rosterNumber: 1 },
  [RENEWAL]: { csr: base64(Uint8Array.of(1)), successor: base64(Uint8Array.of(1)) },
};

interface Member {
  readonly caller: TlsCaller;
  readonly key: GeneratedKey;
  readonly chain: readonly Uint8Array[];
}

// OpenSSL goes by this host's clock, so what ran out has to have done so by that.
const now = (): UnixMs => unixMs(Date.now());
const lapsedAt = now() - 5 * MINUTE_MS;
const enrolledAt = unixMs(lapsedAt - LIFETIME_MS);

let store: AuthorityStore;
let authority: Authority;
let feeds: FeedHub;
let app: FastifyInstance;
let routes: readonly string[];
let lapsed: Member;
let lapsedPeer: VerifiedPeer;
let good: Member;

beforeAll(async () => {
  store = openSqliteStore(':memory:');
  const deps = {
    store,
    keys: { issuing: [testKey()], roots: [testKey()] },
    crypto: testCrypto,
    random: systemRandom,
    config: { urls: ['https://127.0.0.1:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
  };
  valueOf(await initialiseAuthority(deps, { trustDomain: 'mesh.internal', permittedDns: [] }, enrolledAt));
  authority = valueOf(await openAuthority(deps));
  lapsed = await enroll('lapsed', enrolledAt);
  lapsedPeer = await peerOf(authority, lapsed.chain, enrolledAt);
  good = await enroll('good', now());
  valueOf(await authority.publishFull(now()));
  feeds = new FeedHub(() => undefined);
  ({ app, routes } = await serve());
});
afterAll(async () => {
  feeds.close();
  await app.close();
  await store.close();
});

async function enroll(name: string, at: UnixMs): Promise<Member> {
  const { token } = valueOf(await authority.createToken({ name }, at));
  const key = generateKey('ES256');
  const { chain } = valueOf(await authority.enroll(requestFor(token, key.signer), at));
  return { key, chain, caller: tlsCaller(key, chain) };
}

/** The TLS server as `pki serve` puts it together, and every route that it registers, whichever they are. */
async function serve() {
  const trust = await OwnTrust.of(authority, testCrypto, now());
  const { tls } = await makeServerIdentity(authority, ['127.0.0.1'], now());
  const context = {
    ...{ authority, ocsp: null, now, feeds, acks: new AckBook() },
    spread: { enoughMs: 0, everyoneMs: 0 },
  };
  const listener = {
    log: pino({ level: 'silent' }),
    limiter: new RateLimiter({ perSecond: 1e6, burst: 1e6 }),
    monotonicMs: () => performance.now(),
  };
  const found: string[] = [];
  // tlsApp hands the server over when most routes are in, and hooks hear only of later ones.
  const collect = (message: unknown): void => {
    (message as { readonly fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) found.push(`${each} ${url}`);
    });
  };
  subscribe(CREATED, collect);
  const gate = tlsPeerGate(trust, now, { graceAfterExpiryMs: GRACE_MS });
  const made = tlsApp(context, gate, { ...tls, requestCert: true, rejectUnauthorized: false }, listener);
  unsubscribe(CREATED, collect);
  await made.listen({ host: '127.0.0.1', port: 0 });
  return { app: made, routes: found };
}

/** Calls a route with something in place of its parameters. */
async function outcome(route: string, caller?: TlsCaller, body: object | undefined = BODIES[route]) {
  const [method = '', path = ''] = route.split(' ');
  const { status, json }: TlsAnswer = await callTls(
    (app.server.address() as AddressInfo).port,
    method,
    path.replaceAll(/:\w+/g, 'lapsed'),
    { caller, body },
  );
  // No answer to HEAD has a body that could name a code.
  return { route, status, ...(method === 'HEAD' ? {} : { code: json['code'] }) };
}

function refusal(route: string, status: number, code: string) {
  return { route, status, ...(route.startsWith('HEAD ') ? {} : { code }) };
}

const isOpen = (route: string): boolean => OPEN_TO_ALL.includes(route.replace(/^HEAD /, 'GET '));
const guarded = (): readonly string[] => routes.filter((route) => !isOpen(route));

describe('a certificate that ran out within the grace', () => {
  it('is asked of routes that are all there: of nodes, operators and EST', () => {
    const some = [RENEWAL, 'GET /v1/feed', 'POST /.well-known/est/simplereenroll', 'GET /v1/tokens'];
    expect(routes).toEqual(expect.arrayContaining([...OPEN_TO_ALL, ...Object.keys(BODIES), ...some]));
    const { notAfter } = valueOf(parseCertificate(lapsed.chain[0] ?? new Uint8Array()));
    expect(notAfter).toBeLessThan(now());
    expect(notAfter + GRACE_MS).toBeGreaterThan(now());
  });

  it('opens no route but that of renewal, whatever is registered', async () => {
    const shut = guarded().filter((route) => route !== RENEWAL);
    const answers = await Promise.all(shut.map((route) => outcome(route, lapsed.caller)));
    expect(answers).toEqual(shut.map((route) => refusal(route, 403, 'LS_TRUST_EXPIRED')));
  });

  it('gets what a stranger gets where no certificate is asked for, which is in a list of its own', async () => {
    const strangers = await Promise.all(guarded().map((route) => outcome(route)));
    expect(strangers).toEqual(guarded().map((route) => refusal(route, 401, 'LS_API_NO_CERTIFICATE')));
    const open = routes.filter(isOpen);
    const answers = await Promise.all(open.map((route) => outcome(route, lapsed.caller)));
    expect(answers).toEqual(await Promise.all(open.map((route) => outcome(route))));
  });

  it('is all that these calls lacked: one that is good opens the routes of nodes', async () => {
    for (const route of ['POST /v1/activate', 'POST /v1/ack']) {
      expect((await outcome(route, good.caller)).code).toBeUndefined();
    }
    // Past the gate, and stopped by the empty body.
    const est = await outcome('POST /.well-known/est/simplereenroll', good.caller);
    expect(est.code).toBe('LS_EST_BODY');
  });

  it('is renewed, and opens no more on account of that', async () => {
    const { request } = renewalFor(authority, lapsedPeer, lapsed.key.signer, now());
    const body = { csr: base64(request.csr), successor: base64(request.successor) };
    expect(await outcome(RENEWAL, lapsed.caller, body)).toMatchObject({ status: 200 });
    const after = await outcome('POST /v1/activate', lapsed.caller);
    expect(after).toMatchObject({ status: 403, code: 'LS_TRUST_EXPIRED' });
  });
});
