import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { summary, tell } from './support/record.ts';

/*
 * OCSP answers over HTTP, in one run: signed in advance, beside a bare fastify route that returns the same bytes and
 * `cfssl ocspserve` (Debian's golang-cfssl, where installed) that serves the same response; and with a nonce, beside
 * fastify and one bare signature. Each server is a process of its own. What counts is its processor time per
 * request, which other load on the machine changes least. Usage: node bench/ocsp.ts [--quick] [--record]
 */

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
});

const SERVER = new URL('./ocsp-server.ts', import.meta.url);
const CONNECTIONS = 16;
const WARM_UP_MS = options.quick ? 200 : 1_500;
const MEASURE_MS = options.quick ? 400 : 4_000;
const ROUNDS = options.quick ? 1 : 5;
const CFSSL_PORT = 18_888;
const MICROSECONDS_PER_TICK = 10_000;

/** What a server of bench/ocsp-server.ts says once it listens. */
interface Ready {
  readonly port: number;
  /** Base64 of the request and of the response signed in advance. */
  readonly request: string;
  readonly response: string;
}

interface Cost {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
}

/** One after the other, so that what else the machine does hits all of them. */
interface Round {
  readonly held: Cost;
  readonly bareFastify: Cost;
  readonly nonce: Cost;
  readonly fastifyAndSignature: Cost;
  /** Null where cfssl is not installed. */
  readonly cfssl: Cost | null;
}

async function main(): Promise<void> {
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    rounds.push({
      held: await costOf('held'),
      bareFastify: await costOf('bare'),
      nonce: await costOf('nonce'),
      fastifyAndSignature: await costOf('signing'),
      cfssl: await costOfCfssl(),
    });
  }
  const of = (pick: (round: Round) => number) => summary(rounds.map(pick));
  const withCfssl = rounds.flatMap(({ held, cfssl }) => (cfssl === null ? [] : [ratio(cfssl, held)]));
  const result = {
    budget: { heldToBareFastify: 0.7, nonceToFastifyAndSignature: 0.7, heldToCfssl: 3 },
    heldToBareFastify: of(({ held, bareFastify }) => ratio(bareFastify, held)),
    nonceToFastifyAndSignature: of(({ nonce, fastifyAndSignature }) => ratio(fastifyAndSignature, nonce)),
    heldToCfssl: withCfssl.length === 0 ? null : summary(withCfssl),
    rounds,
  };
  tell('ocsp', result, options.record);
}

/** How many times as many requests as the first the second answers on one core. */
function ratio(first: Cost, second: Cost): number {
  return Number((first.cpuMicroseconds / second.cpuMicroseconds).toFixed(3));
}

async function costOf(kind: string): Promise<Cost> {
  const child = fork(SERVER, [kind]);
  try {
    const [ready] = (await once(child, 'message')) as [Ready];
    return await measure(child, ready.port, httpRequest(kind, ready));
  } finally {
    child.kill();
  }
}

/** Null where cfssl is not installed. */
async function costOfCfssl(): Promise<Cost | null> {
  if (spawnSync('cfssl', ['version']).status !== 0) return null;
  const maker = fork(SERVER, ['held']);
  const [ready] = (await once(maker, 'message')) as [Ready];
  maker.kill();
  const directory = await mkdtemp(join(tmpdir(), 'lifesign-bench-'));
  const file = join(directory, 'responses');
  await writeFile(file, `${ready.response}\n`);
  const args = ['ocspserve', '-responses', file, '-port', String(CFSSL_PORT), '-loglevel', '5'];
  const child = spawn('cfssl', args, { env: { ...process.env, GOMAXPROCS: '1' }, stdio: 'ignore' });
  try {
    await delay(1_000);
    return await measure(child, CFSSL_PORT, postOf('/', ready));
  } finally {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

function httpRequest(kind: string, ready: Ready): Buffer {
  if (kind === 'nonce' || kind === 'signing') return postOf('/ocsp', ready);
  const path = `/ocsp/${encodeURIComponent(ready.request)}`;
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
}

function postOf(path: string, { request }: Ready): Buffer {
  const body = Buffer.from(request, 'base64');
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/ocsp-request',
    `Content-Length: ${String(body.length)}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

async function measure(child: ChildProcess, port: number, request: Buffer): Promise<Cost> {
  const counter = { answers: 0, stopped: false };
  const lanes = Array.from({ length: CONNECTIONS }, () => lane(port, request, counter));
  await delay(WARM_UP_MS);
  const [cpu, answers, begin] = [await cpuMicroseconds(child), counter.answers, performance.now()];
  await delay(MEASURE_MS);
  const spent = (await cpuMicroseconds(child)) - cpu;
  const answered = counter.answers - answers;
  const seconds = (performance.now() - begin) / 1_000;
  counter.stopped = true;
  await Promise.all(lanes);
  if (answered === 0) throw new Error('no answers');
  return {
    requestsPerSecond: Math.round(answered / seconds),
    cpuMicroseconds: Number((spent / answered).toFixed(2)),
  };
}

/** One connection with one request under way. */
function lane(port: number, request: Buffer, counter: { answers: number; stopped: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let end: number | undefined;
      try {
        end = answerEnd(pending);
      } catch (cause) {
        socket.destroy(cause instanceof Error ? cause : new Error(String(cause)));
        return;
      }
      if (end === undefined || pending.length < end) return;
      pending = pending.subarray(end);
      counter.answers += 1;
      if (counter.stopped) socket.destroy();
      else socket.write(request);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

/** Where the first answer in `bytes` ends. Throws for any but a successful one. */
function answerEnd(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  if (!head.startsWith('HTTP/1.1 200') || length === undefined) throw new Error(head.slice(0, 200));
  return headEnd + 4 + Number(length);
}

/** Processor time of a process and its threads so far, by the kernel's count. */
async function cpuMicroseconds({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK;
}

await main();
