import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { parseArgs } from 'node:util';
import { callControlSocket } from '../src/app/ca/control-client.ts';
import { decodeToken, tokenBinding } from '../src/authority/index.ts';
import { encodePem } from '../src/codec/index.ts';
import { generateKey, nodeCrypto } from '../src/io/index.ts';
import { LsError, type Fault, type Result } from '../src/std/index.ts';
import { encodeName, parseCsr, signCsr, verifyCsr } from '../src/x509/index.ts';
import { authenticated, startCfssl } from './support/cfssl-ca.ts';
import { costOf, postRequest, type Cost, type Load } from './support/load.ts';
import { summary, tell } from './support/record.ts';

/*
 * Certificates issued: CSR in, chain out, over HTTPS on connections that are kept, with a credential checked and the
 * certificate durable in SQLite before it is answered. In each round, one after the other: `pki serve` (a token of its
 * own for each node, and a roster that grows with each), `cfssl serve` of Debian's golang-cfssl (`authsign`: one
 * shared key, and no roster), and what both have to do at least: parse a CSR, verify it, sign. What counts is the
 * processor time of the server, which other load on the machine changes little; the rate seen is beside it.
 *
 * Usage: node bench/issue.ts [--quick] [--record] [--rounds N] [--members N] [--store URL]
 * --members: identities that are enrolled before. --store: a PostgreSQL URL, instead of SQLite.
 */

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    members: { type: 'string', default: '0' },
    store: { type: 'string', default: 'sqlite' },
  },
});

const SERVER = new URL('./issue-server.ts', import.meta.url);
const CONNECTIONS = 128;
/** With more of them cfssl gets slower and answers that its database is locked. */
const CFSSL_CONNECTIONS = 4;
const ROUNDS = options.quick ? 1 : Number(options.rounds);
const WARM_UP = options.quick ? 50 : 400;
const MEASURED = options.quick ? 100 : 1_200;
const BEFORE = Number(options.members);
const SPEED_SECONDS = '2';

interface Ready {
  readonly port: number;
  readonly controlSocket: string;
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}

async function main(): Promise<void> {
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const lifesign = await lifesignCost();
    const cfssl = await cfsslCost();
    const limit = limitPerSecond();
    rounds.push({
      lifesign,
      cfssl,
      limitPerSecond: limit,
      toCfssl: cfssl === null ? null : ratio(cfssl.cpuMicroseconds, lifesign.cpuMicroseconds),
      toCfsslByTheClock: cfssl === null ? null : ratio(lifesign.requestsPerSecond, cfssl.requestsPerSecond),
      toLimit: ratio(lifesign.perCoreSecond, limit),
    });
  }
  const result = {
    connections: CONNECTIONS,
    enrolledBefore: BEFORE + WARM_UP,
    measured: MEASURED,
    store: options.store === 'sqlite' ? 'sqlite' : 'postgres',
    budget: { perCoreSecond: 1_500, toCfssl: 2.5, toLimit: 0.3 },
    perCoreSecond: summary(rounds.map(({ lifesign }) => lifesign.perCoreSecond)),
    requestsPerSecond: summary(rounds.map(({ lifesign }) => lifesign.requestsPerSecond)),
    toCfssl: summary(rounds.flatMap(({ toCfssl }) => toCfssl ?? [])),
    toCfsslByTheClock: summary(rounds.flatMap(({ toCfsslByTheClock }) => toCfsslByTheClock ?? [])),
    toLimit: summary(rounds.map(({ toLimit }) => toLimit)),
    opensslSpeed: opensslSpeed(),
    rounds,
  };
  tell(options.store === 'sqlite' ? 'issue' : 'issue-postgres', result, options.record);
}

function ratio(a: number, b: number): number {
  return Number((a / b).toFixed(3));
}

const TOKENS_AT_ONCE = 64;

async function lifesignCost(): Promise<Cost> {
  const directory = await mkdtemp(join(tmpdir(), 'lifesign-bench-'));
  const child = fork(SERVER, [directory, options.store], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    const [ready] = (await once(child, 'message')) as [Ready];
    const count = BEFORE + WARM_UP + MEASURED;
    const requests: Buffer[] = [];
    // No more at once than wait for a socket to be accepted without being refused.
    while (requests.length < count) {
      const names = Array.from(
        { length: Math.min(TOKENS_AT_ONCE, count - requests.length) },
        (_, at) => `node-${String(requests.length + at)}`,
      );
      requests.push(...(await Promise.all(names.map((name) => enrollRequest(ready.controlSocket, name)))));
    }
    const load = loadOf(child, ready.port);
    await costOf(load, requests.slice(0, BEFORE + WARM_UP));
    return await costOf(load, requests.slice(BEFORE + WARM_UP));
  } finally {
    await ended(child);
    await rm(directory, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

/** As `node enroll` makes it, with a key and a token of its own. */
async function enrollRequest(controlSocket: string, name: string): Promise<Buffer> {
  const call = { method: 'POST', path: '/v1/tokens', body: { name } } as const;
  const answer = await callControlSocket(controlSocket, call);
  const { token } = JSON.parse(answer?.body ?? '{}') as { token: string };
  const { tokenId, secret } = valueOf(decodeToken(token));
  const { signer } = generateKey('ES256');
  const subject = encodeName({ commonName: name });
  const csr = signCsr({ subject, challengePassword: tokenBinding(nodeCrypto, secret, signer.spki) }, signer);
  const [secretText, csrText] = [secret, csr].map((bytes) => Buffer.from(bytes).toString('base64'));
  const body = JSON.stringify({ tokenId, secret: secretText, csr: csrText });
  return postRequest('/v1/enroll', 'application/json', body);
}

async function cfsslCost(): Promise<Cost | null> {
  const cfssl = await startCfssl();
  if (cfssl === null) return null;
  try {
    const requests = Array.from({ length: WARM_UP + MEASURED }, (_, at) =>
      cfsslRequest(`node-${String(at)}`),
    );
    const load = { ...loadOf(cfssl, cfssl.port), connections: CFSSL_CONNECTIONS };
    await costOf(load, requests.slice(0, WARM_UP));
    return await costOf(load, requests.slice(WARM_UP));
  } finally {
    await cfssl.close();
  }
}

function cfsslRequest(name: string): Buffer {
  const csr = signCsr({ subject: encodeName({ commonName: name }) }, generateKey('ES256').signer);
  const pem = encodePem('CERTIFICATE REQUEST', csr);
  const body = authenticated(pem, `${name}.bench.internal`);
  return postRequest('/api/v1/cfssl/authsign', 'application/json', body);
}

function loadOf({ pid = 0 }: { readonly pid?: number | undefined }, port: number): Load {
  const open = { host: '127.0.0.1', port, rejectUnauthorized: false };
  return { pid, connections: CONNECTIONS, connect: (opened) => tlsConnect(open, opened) };
}

/** Parses a CSR of a key not seen before, verifies it and signs as many bytes as a certificate has; nothing else. */
function limitPerSecond(): number {
  const { signer } = generateKey('ES256');
  const csrs = Array.from({ length: MEASURED }, (_, at) =>
    signCsr({ subject: encodeName({ commonName: `node-${String(at)}` }) }, generateKey('ES256').signer),
  );
  const begin = process.cpuUsage();
  for (const der of csrs) {
    const { tbs } = valueOf(verifyCsr(valueOf(parseCsr(der)), nodeCrypto));
    signer.sign(tbs);
  }
  const { user, system } = process.cpuUsage(begin);
  return Math.round((MEASURED * 1e6) / (user + system));
}

/** Signatures and verifications a second, as `openssl speed` counts them. */
function opensslSpeed(): object | null {
  const ran = spawnSync('openssl', ['speed', '-seconds', SPEED_SECONDS, '-mr', 'ecdsap256'], {
    encoding: 'utf8',
  });
  const fields = /^\+F4:(.*)$/m.exec(ran.stdout)?.[1]?.split(':');
  if (ran.status !== 0 || fields === undefined) return null;
  const [, , sign = Number.NaN, verify = Number.NaN] = fields.map(Number);
  return { signPerSecond: Math.round(sign), verifyPerSecond: Math.round(verify) };
}

await main();
