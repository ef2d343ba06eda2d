import { appendFile, readdir, readFile } from 'node:fs/promises';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeToken, tokenBinding } from '../../src/authority/index.ts';
import {
  contextConstructed,
  derElement,
  derOid,
  derSequence,
  derSetOf,
  derUnsigned,
  derUtf8String,
} from '../../src/codec/index.ts';
import { concatBytes, utf8 } from '../../src/std/index.ts';
import { parseCertificate } from '../../src/x509/index.ts';
import { testCsr } from '../support/ca.ts';
import { callTls, type TlsAnswer } from '../support/ca-http.ts';
import {
  callSocket,
  fileDirectory,
  initCaHome,
  serveCaHome,
  type CaHomeOnDisk,
} from '../support/ca-process.ts';
import { testCrypto, testKey, type TestKey } from '../support/crypto.ts';
import { dns, extension, subjectAltName, uri } from '../support/forge/extensions.ts';
import { distinguishedName, sealed } from '../support/forge/signed.ts';
import type { RunningProgram } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { base64 } from '../support/tls-identity.ts';

/*
 * What strangers on the network can do to a CA that serves: each kind of abuse comes from addresses of its own, while
 * a caller at 127.0.0.1 goes on asking and enrolling.
 */

/** A well-behaved call under attack, on a busy machine. */
const GOOD_CALL_MS = 20_000;
/** What the CA may grow by, at its peak, whatever is thrown at it; 10,000 half-open connections took 300 MB. */
const MAX_GROWTH_BYTES = 768 * 1_024 * 1_024;
const HANDSHAKE_MS = 5_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;
/** Of this CA's ca.yaml: so few that a slow machine gets beyond them. */
const CALLS_PER_SECOND = 20;
const BURST = 300;
/** The default of ca.yaml. */
const CONNECTIONS_PER_ADDRESS = 1_024;
const SLACK_MS = 15_000;
/** Between hundreds of half-open connections, which are to overlap without filling the queue of the listener. */
const HALF_OPEN_PACE_MS = 30;

let directory: Awaited<ReturnType<typeof fileDirectory>>;
let ca: CaHomeOnDisk;
let server: RunningProgram;
let goodOnes = 0;
let attackers = 0;

beforeAll(async () => {
  directory = await fileDirectory();
  ca = await initCaHome(join(directory.path, 'ca'));
  const config = join(ca.home, 'ca.yaml');
  await appendFile(config, `limits: { requests_per_second: ${CALLS_PER_SECOND}, burst: ${BURST} }\n`);
  server = await serveCaHome(ca.home);
  await goodCalls();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await directory.remove();
});

/** An address that nobody has called from yet. */
function newAddress(): string {
  attackers += 1;
  return `127.66.${Math.floor(attackers / 250)}.${1 + (attackers % 250)}`;
}

interface Body {
  readonly tokenId: string;
  readonly secret: string;
  readonly csr: string;
}

async function tokenFor(name: string, more: object = {}) {
  const { json } = await callSocket(ca.home, 'POST', '/v1/tokens', { name, ...more });
  return valueOf(decodeToken(String(json['token'])));
}

type Token = Awaited<ReturnType<typeof tokenFor>>;

function bodyFor({ tokenId, secret, name }: Token, key: TestKey = testKey(), csr?: Uint8Array): Body {
  const der = csr ?? testCsr(key, name, tokenBinding(testCrypto, secret, key.spki));
  return { tokenId, secret: base64(secret), csr: base64(der) };
}

/** Enrolls from `address`. */
function enroll(body: object, address: string, tls: object = {}): Promise<TlsAnswer> {
  return callTls(ca.port, 'POST', '/v1/enroll', { body, tls: { localAddress: address, ...tls } });
}

/** A node enrolls and the CA is ready, in time. */
async function goodCalls(): Promise<void> {
  goodOnes += 1;
  const begun = performance.now();
  expect(await callTls(ca.port, 'GET', '/readyz')).toMatchObject({ status: 200 });
  const enrolled = await enroll(bodyFor(await tokenFor(`good-${goodOnes}`)), '127.0.0.1');
  expect(enrolled).toMatchObject({ status: 200, json: { name: `good-${goodOnes}` } });
  expect(performance.now() - begun).toBeLessThan(GOOD_CALL_MS);
}

/** Everything the CA has issued, without what the well-behaved got. */
async function issued(): Promise<readonly unknown[]> {
  const { json } = await callSocket(ca.home, 'GET', '/v1/certificates');
  const rows = json['certificates'] as { readonly name: string }[];
  return rows.filter(({ name }) => !name.startsWith('good-'));
}

/** What the CA has in memory now (`VmRSS`), or had at most so far (`VmHWM`). */
async function memoryBytes(which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024;
}

async function openFiles(): Promise<number> {
  return (await readdir(`/proc/${server.pid}/fd`)).length;
}

/** The lines of the log that tell of this refusal of this caller. */
function logged(code: string, from: string): readonly string[] {
  return server.stderr
    .split('\n')
    .filter((line) => line.includes(`"code":"${code}"`) && line.includes(`${from}"`));
}

/** Runs `attack` with well-behaved calls beside it, then checks what must hold after every attack. */
async function underAttack(attack: () => Promise<void>): Promise<void> {
  const [memory, before] = [await memoryBytes('VmRSS'), await issued()];
  const attacking = { over: false };
  const attacked = attack().finally(() => (attacking.over = true));
  const good = (async () => {
    do {
      await goodCalls();
      await sleep(500);
    } while (!attacking.over);
  })();
  await Promise.all([attacked, good]);
  expect(await issued()).toEqual(before);
  expect((await memoryBytes('VmHWM')) - memory).toBeLessThan(MAX_GROWTH_BYTES);
}

function count(codes: readonly unknown[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[String(code)] = (counts[String(code)] ?? 0) + 1;
  return counts;
}

describe('a CA that is flooded', () => {
  it('with requests of one address answers as many as that address may ask, and says so once', async () => {
    const from = newAddress();
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    const stranger: Token = { ...(await tokenFor('flooder')), tokenId: '0'.repeat(32) };
    const body = bodyFor(stranger);
    await underAttack(async () => {
      const answers = await Promise.all(Array.from({ length: 1_500 }, () => enroll(body, from, { agent })));
      const codes = count(answers.map(({ json }) => json['code']));
      expect(Object.keys(codes).sort()).toEqual(['LS_API_RATE_LIMITED', 'LS_TOKEN_UNKNOWN']);
      expect(codes['LS_TOKEN_UNKNOWN']).toBeGreaterThanOrEqual(BURST);
    });
    agent.destroy();
    expect(logged('LS_TOKEN_UNKNOWN', from)).toHaveLength(1);
    expect(logged('LS_API_RATE_LIMITED', from)).toHaveLength(1);
  });

  it('with 10,000 half-open connections, and callers who send a byte now and then, closes each in time', async () => {
    const addresses = Array.from({ length: 10 }, newAddress);
    const [header, body] = [newAddress(), newAddress()];
    let most = 0;
    const head = 'POST /v1/enroll HTTP/1.1\r\nhost: ca\r\n';
    const started = `${head}content-type: application/json\r\ncontent-length: 5000\r\n\r\n{`;
    await underAttack(async () => {
      const heads = Array.from({ length: 200 }, () => dribble(header, head, 'x-a: b\r\n'));
      const bodies = Array.from({ length: 200 }, () => dribble(body, started, ' '));
      const halves: Socket[] = [];
      for (let n = 0; n < 100; n++) {
        for (const from of addresses) for (let one = 0; one < 10; one++) halves.push(halfOpen(from));
        await sleep(HALF_OPEN_PACE_MS);
        most = Math.max(most, await openFiles());
      }
      expect(halves).toHaveLength(10_000);
      // By what the CA holds: those that its kernel had no room for yet knock again for half a minute.
      await expect
        .poll(openFiles, { timeout: HANDSHAKE_MS + SLACK_MS, interval: 100 })
        .toBeLessThan(CONNECTIONS_PER_ADDRESS);
      expect(halves.filter(({ closed }) => closed).length).toBeGreaterThan(5_000);
      for (const half of halves) half.destroy();
      expect(Math.max(...(await Promise.all(heads)))).toBeLessThan(HEADERS_MS + SLACK_MS);
      expect(Math.max(...(await Promise.all(bodies)))).toBeLessThan(REQUEST_MS + SLACK_MS);
    });
    expect(most).toBeGreaterThan(CONNECTIONS_PER_ADDRESS);
    for (const from of [...addresses, header, body]) expect(logged('LS_API_TOO_SLOW', from)).toHaveLength(1);
    expect(await openFiles()).toBeLessThan(CONNECTIONS_PER_ADDRESS);
  });

  it('closes one connection too many of an address at once, and says so once', async () => {
    const greedy = newAddress();
    await underAttack(async () => {
      const lives = await Promise.all(
        Array.from({ length: CONNECTIONS_PER_ADDRESS + 100 }, () => untilClosed(halfOpen(greedy))),
      );
      expect(lives.filter((ms) => ms < HANDSHAKE_MS - 500).length).toBeGreaterThanOrEqual(100);
    });
    expect(logged('LS_API_CONNECTION_LIMIT', greedy)).toHaveLength(1);
  });
});

describe('a CA that is sent too much', () => {
  it('refuses a giant request, a giant body, one without an end and giant headers', async () => {
    const from = newAddress();
    const token = await tokenFor('giant');
    const key = testKey();
    const binding = tokenBinding(testCrypto, token.secret, key.spki);
    const giant = csrOf(key, distinguishedName(['CN', 'giant'], ['O', 'x'.repeat(9_000)]), binding);
    await underAttack(async () => {
      const codes = [];
      for (let n = 0; n < 20; n++) {
        codes.push((await enroll(bodyFor(token, key, giant), from)).json['code']);
        codes.push((await enroll({ csr: 'A'.repeat(60_000) }, from)).json['code']);
        codes.push(
          (
            await enroll({ csr: 'A'.repeat(1_000_000) }, from).catch(() => ({
              json: { code: undefined },
            }))
          ).json['code'],
        );
      }
      expect(count(codes)).toMatchObject({ LS_CSR_TOO_LARGE: 20, LS_API_INVALID: 20 });
      expect(await endlessBody(from)).toBeLessThan(16 * 1_024 * 1_024);
      const heads = await callTls(ca.port, 'GET', '/readyz', {
        tls: { localAddress: from, headers: { 'x-long': 'x'.repeat(9_000) } },
      });
      expect(heads.status).toBe(431);
    });
    for (const code of ['LS_CSR_TOO_LARGE', 'LS_API_INVALID', 'LS_API_TOO_LARGE'])
      expect(logged(code, from)).toHaveLength(1);
    expect(await enroll(bodyFor(token), '127.0.0.1')).toMatchObject({ status: 200 });
  });
});

describe('a CA whose tokens are tried', () => {
  it('says the same to a wrong id and to a wrong secret, and logs a guesser once', async () => {
    const from = newAddress();
    const token = await tokenFor('guessed');
    await underAttack(async () => {
      const answers = [];
      for (let n = 0; n < 100; n++) {
        const id = n.toString(16).padStart(32, '0');
        const secret = new Uint8Array(32).fill(n);
        answers.push(await enroll(bodyFor({ ...token, tokenId: id }), from));
        answers.push(await enroll(bodyFor({ ...token, secret }), from));
      }
      expect(new Set(answers.map(({ status, json }) => `${status} ${JSON.stringify(json)}`)).size).toBe(1);
      expect(answers[0]).toMatchObject({ status: 403, json: { code: 'LS_TOKEN_UNKNOWN' } });
    });
    expect(logged('LS_TOKEN_UNKNOWN', from)).toHaveLength(1);
    expect(server.stderr).not.toContain(base64(token.secret));
    // Guessing does not use it up.
    expect(await enroll(bodyFor(token), '127.0.0.1')).toMatchObject({ status: 200 });
  });

  it('answers a replayed enrollment with the same certificate, and one with another key not at all', async () => {
    const from = newAddress();
    const token = await tokenFor('replayed');
    const body = bodyFor(token);
    const first = await enroll(body, '127.0.0.1');
    expect(first.status).toBe(200);
    await underAttack(async () => {
      const again = await Promise.all(Array.from({ length: 50 }, () => enroll(body, from)));
      for (const { status, json } of again)
        expect([status, json['serial'], json['chain']]).toEqual([
          200,
          first.json['serial'],
          first.json['chain'],
        ]);
      const others = await Promise.all(Array.from({ length: 50 }, () => enroll(bodyFor(token), from)));
      expect(count(others.map(({ json }) => json['code']))).toEqual({ LS_TOKEN_SPENT: 50 });
      // The recorded request with a token of the thief's own: it is bound to the other secret.
      const own = bodyFor(await tokenFor('thief'));
      const stolen = await enroll({ ...own, csr: body.csr }, from);
      expect(stolen.json['code']).toBe('LS_TOKEN_BINDING');
    });
    expect(logged('LS_TOKEN_SPENT', from)).toHaveLength(1);
    expect(logged('LS_TOKEN_BINDING', from)).toHaveLength(1);
  });
});

describe('a request that plays with names', () => {
  const NAMES: readonly (readonly [string, string])[] = [
    ['another node', 'good-1'],
    ['a NUL', 'tricky\0.evil.example'],
    ['a NUL at the end', 'tricky\0'],
    ['a wildcard', '*'],
    ['a wildcard in front', '*.mesh.internal'],
    ['a letter that looks alike', 'trіcky'],
    ['a letter of full width', 'ｔricky'],
    ['a direction mark', 'tricky\u202e'],
    ['capitals', 'TRICKY'],
    ['a blank', 'tricky '],
    ['a path', '../tricky'],
    ['a distinguished name', 'tricky,O=lifesign'],
    ['the root', 'lifesign root'],
  ];

  it('as its common name is refused, and its token is still good', async () => {
    const from = newAddress();
    const token = await tokenFor('tricky');
    const key = testKey();
    const binding = tokenBinding(testCrypto, token.secret, key.spki);
    const subjects = [
      ...NAMES.map(([what, name]) => [what, distinguishedName(['CN', name])] as const),
      ['two names', distinguishedName(['CN', 'tricky'], ['CN', 'good-1'])] as const,
      ['no name', distinguishedName()] as const,
    ];
    await underAttack(async () => {
      for (const [what, subject] of subjects) {
        const { status, json } = await enroll(bodyFor(token, key, csrOf(key, subject, binding)), from);
        expect([what, status, json['code']]).toEqual([what, 403, 'LS_TOKEN_WRONG_NAME']);
      }
      const broken = derSequence(
        derSetOf(derSequence(derOid('2.5.4.3'), derElement(0x0c, Uint8Array.of(0xc0, 0x80)))),
      );
      const overlong = await enroll(bodyFor(token, key, csrOf(key, broken, binding)), from);
      expect(['LS_CSR_MALFORMED', 'LS_TOKEN_WRONG_NAME']).toContain(overlong.json['code']);
    });
    expect(logged('LS_TOKEN_WRONG_NAME', from)).toHaveLength(1);
    expect(await enroll(bodyFor(token), '127.0.0.1')).toMatchObject({
      status: 200,
      json: { name: 'tricky' },
    });
  });

  it('as a subjectAltName gets none of them, or is refused', async () => {
    const from = newAddress();
    const wishes = [
      ...NAMES.map(([, name]) => subjectAltName(derElement(0x82, utf8(name)))),
      subjectAltName(dns('good-1.mesh.internal'), uri('spiffe://mesh.internal/node/good-1')),
      extension('2.5.29.17', true, Uint8Array.of(0x30, 0x82, 0xff, 0xff)),
    ];
    const names = wishes.map((_, n) => `good-wish-${n}`);
    const tokens: Token[] = [];
    const plain = namesIn((await enroll(bodyFor(await tokenFor('good-plain')), '127.0.0.1')).json);
    expect(plain).toContain('good-plain');
    for (const name of names) tokens.push(await tokenFor(name));
    const codes: unknown[] = [];
    await underAttack(async () => {
      for (const [n, wish] of wishes.entries()) {
        const [token, key] = [tokens[n] ?? expect.fail('a token'), testKey()];
        const binding = tokenBinding(testCrypto, token.secret, key.spki);
        const csr = csrOf(key, distinguishedName(['CN', token.name]), binding, wish);
        const { status, json } = await enroll(bodyFor(token, key, csr), from);
        codes.push(json['code']);
        if (status !== 200) {
          expect([status, json['code']]).toEqual([400, 'LS_CSR_MALFORMED']);
          continue;
        }
        expect(namesIn(json)).toBe(plain.replaceAll('good-plain', token.name));
      }
    });
    expect(codes).toContain('LS_CSR_MALFORMED');
    expect(logged('LS_CSR_MALFORMED', from)).toHaveLength(1);
  });
});

/** The subjectAltName of an issued certificate, as text. */
function namesIn(enrolled: TlsAnswer['json']): string {
  const [leaf = ''] = enrolled['chain'] as string[];
  const { extensions } = valueOf(parseCertificate(new Uint8Array(Buffer.from(leaf, 'base64'))));
  return JSON.stringify(extensions.subjectAltName?.value);
}

/** A request with this subject and this wish, signed and bound to a token as it should be. */
function csrOf(key: TestKey, subject: Uint8Array, binding: string, wish?: Uint8Array): Uint8Array {
  const attributes = [
    derSequence(derOid('1.2.840.113549.1.9.7'), derSetOf(derUtf8String(binding))),
    ...(wish === undefined
      ? []
      : [derSequence(derOid('1.2.840.113549.1.9.14'), derSetOf(derSequence(wish)))]),
  ];
  const info = derSequence(
    derUnsigned(0),
    subject,
    key.spki,
    derElement(contextConstructed(0), concatBytes(...attributes)),
  );
  return sealed(info, key, 'ES256');
}

function untilClosed(socket: Socket): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve) => {
    socket.on('error', () => undefined).on('close', () => resolve(performance.now() - begun));
    socket.resume();
  });
}

/** Connects, says the first bytes of a handshake and nothing more. */
function halfOpen(from: string): Socket {
  const socket = connectTcp({ host: '127.0.0.1', port: ca.port, localAddress: from });
  socket.on('connect', () => socket.write(Uint8Array.of(22, 3, 1)));
  return socket.on('error', () => undefined).resume();
}

/** Says `start`, then `more` every second; the milliseconds until the CA closed the connection. */
function dribble(from: string, start: string, more: string): Promise<number> {
  const tcp = connectTcp({ host: '127.0.0.1', port: ca.port, localAddress: from });
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false }, () => {
    socket.write(start);
    const timer = setInterval(() => socket.write(more), 1_000);
    socket.on('close', () => clearInterval(timer));
  });
  return untilClosed(socket);
}

/** Sends a body in chunks until the CA will have no more of it; how many bytes it took. */
function endlessBody(from: string): Promise<number> {
  return new Promise((resolve) => {
    let sent = 0;
    const sending = httpsRequest({
      host: '127.0.0.1',
      port: ca.port,
      localAddress: from,
      method: 'POST',
      path: '/v1/enroll',
      agent: false,
      rejectUnauthorized: false,
      headers: { 'content-type': 'application/json' },
    });
    const chunk = new Uint8Array(64 * 1_024).fill(0x20);
    const more = (): void => {
      if (sending.destroyed || sent > 64 * 1_024 * 1_024) {
        sending.destroy();
        return;
      }
      sent += chunk.length;
      sending.write(chunk, (error) => {
        if (error === null || error === undefined) setImmediate(more);
      });
    };
    sending.on('error', () => undefined).on('close', () => resolve(sent));
    sending.on('response', (response) => response.resume().on('end', () => sending.destroy()));
    more();
  });
}
