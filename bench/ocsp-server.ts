import fastify from 'fastify';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { AckBook, crlApp, FeedHub, RateLimiter } from '../src/api/ca/index.ts';
import { initialiseAuthority, openAuthority, type OcspResponder } from '../src/authority/index.ts';
import { ecdsaSignatureToDer } from '../src/codec/index.ts';
import { generateKey, nodeCrypto, openSqliteStore, systemClock, systemRandom } from '../src/io/index.ts';
import { LsError, type Fault, type Result } from '../src/std/index.ts';
import { encodeOcspRequest, ocspCertId, ocspIssuerOf, parseCertificate } from '../src/x509/index.ts';

/* One server of bench/ocsp.ts, by its argument: held and nonce are lifesign's routes, bare and signing fastify's. */

const NO_LIMIT = { perSecond: 1e9, burst: 1e9 };
const NONCE_BYTES = 32;
/** As many bytes as the signed part of an answer with a nonce has. */
const SIGNED_BYTES = 230;

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}

async function makeCa() {
  const issuer = generateKey('ES256').signer;
  const keys = { issuing: [issuer], roots: [generateKey('ES256').signer] };
  const config = { urls: ['https://ca.bench.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 };
  const deps = { store: openSqliteStore(':memory:'), keys, crypto: nodeCrypto, random: systemRandom, config };
  const now = systemClock.now().wall;
  valueOf(await initialiseAuthority(deps, { trustDomain: 'bench.internal', permittedDns: [] }, now));
  const authority = valueOf(await openAuthority(deps));
  const options = { newKey: () => generateKey('ES256').signer, pause: () => turn(), ownAnswers: NO_LIMIT };
  const ocsp = valueOf(await authority.openResponder(options, now));
  const server = await authority.issueServer(
    { hosts: ['ca.bench.internal'], spki: generateKey('ES256').signer.spki },
    now,
  );
  valueOf(await ocsp.refresh(now));
  return { authority, ocsp, serial: valueOf(server).serial };
}

function asking(issuing: Uint8Array, serial: string, nonce: Uint8Array | undefined): Uint8Array {
  const issuer = valueOf(ocspIssuerOf(valueOf(parseCertificate(issuing)), nodeCrypto));
  return encodeOcspRequest({ certIds: [ocspCertId(issuer, 'SHA-1', serial)], nonce });
}

async function answerOf(ocsp: OcspResponder, asked: Uint8Array): Promise<Uint8Array> {
  return (await ocsp.answer(asked, systemClock.now())).der;
}

function bareApp(body: Buffer, signs: boolean) {
  const { signer } = generateKey('ES256');
  const message = new Uint8Array(SIGNED_BYTES);
  const app = fastify();
  app.addContentTypeParser('application/ocsp-request', { parseAs: 'buffer' }, (_request, asked, done) =>
    done(null, asked),
  );
  app.get('/ocsp/*', (_request, reply) => reply.type('application/ocsp-response').send(body));
  app.post('/ocsp', (_request, reply) => {
    if (signs) ecdsaSignatureToDer('ES256', signer.sign(message));
    return reply.type('application/ocsp-response').send(body);
  });
  return app;
}

async function main(kind: string): Promise<void> {
  const { authority, ocsp, serial } = await makeCa();
  const hasNonce = kind === 'nonce' || kind === 'signing';
  const nonce = hasNonce ? systemRandom.bytes(NONCE_BYTES) : undefined;
  const [issuing = new Uint8Array()] = authority.bundle().issuing;
  const request = asking(issuing, serial, nonce);
  const response = Buffer.from(await answerOf(ocsp, request));
  const context = {
    authority,
    ocsp,
    now: () => systemClock.now().wall,
    feeds: new FeedHub(() => undefined),
    acks: new AckBook(),
    spread: { enoughMs: 0, everyoneMs: 0 },
  };
  const limiter = new RateLimiter(NO_LIMIT);
  const listener = { log: pino({ level: 'silent' }), limiter, monotonicMs: () => systemClock.now().mono };
  const isOurs = kind === 'held' || kind === 'nonce';
  const app = isOurs ? crlApp(context, listener) : bareApp(response, kind === 'signing');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const ready = {
    port,
    request: Buffer.from(request).toString('base64'),
    response: response.toString('base64'),
  };
  process.send?.(ready);
}

await main(process.argv[2] ?? 'held');
