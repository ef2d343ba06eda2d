import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { callControlSocket } from '../src/app/ca/control-client.ts';
import { generateKey } from '../src/io/index.ts';
import { makeOpensslCa } from './support/openssl-ca.ts';
import { tell } from './support/record.ts';

/*
 * One revocation, from the call on the control socket of `pki serve` to its answer: durable, delta CRL and roster
 * signed and told to all that listen. With few and with many revoked before, which must make no difference; once
 * more for certificates revoked since the full CRL, which the delta lists. Beside it two bare signatures and one
 * synced write, and `openssl ca -gencrl`, which is what a revocation takes there. Usage: node bench/revoke.ts
 * [--quick] [--record]
 */

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
});

const SERVER = new URL('./revoke-server.ts', import.meta.url);
const REVOKED = options.quick ? [0, 2_000] : [0, 10_000, 100_000];
const ROUNDS = options.quick ? 1 : 2;
const LIVE = 60;
const WARM_UP = 10;

interface Ready {
  readonly controlSocket: string;
  readonly fullCrlMs: number;
  readonly fullCrlBytes: number;
}

async function main(): Promise<void> {
  const rounds = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const revoked of REVOKED) {
      rounds.push({
        round,
        revoked,
        ...(await revocations(revoked)),
        opensslGenCrlMs: await opensslMs(revoked),
      });
    }
  }
  const bareMs = await withDirectory(bareLimit);
  tell('revoke', { budgetMs: 50, live: LIVE, bareMs, rounds }, options.record);
}

async function revocations(revoked: number): Promise<object> {
  return withDirectory(async (directory) => {
    const args = [directory, String(revoked), String(LIVE)];
    const child = fork(SERVER, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: quietly() });
    try {
      const [ready] = (await once(child, 'message')) as [Ready];
      const times: number[] = [];
      for (let at = 0; at < LIVE; at++) {
        const begin = performance.now();
        const path = `/v1/nodes/live-${String(at)}/revoke`;
        const answer = await callControlSocket(ready.controlSocket, { method: 'POST', path, body: {} });
        if (answer?.status !== 200) throw new Error(answer?.body ?? 'no answer');
        times.push(performance.now() - begin);
      }
      const { fullCrlMs, fullCrlBytes } = ready;
      return { ...percentiles(times.slice(WARM_UP)), fullCrlMs: Math.round(fullCrlMs), fullCrlBytes };
    } finally {
      const exit = once(child, 'exit');
      child.kill();
      await exit;
    }
  });
}

function quietly(): NodeJS.ProcessEnv {
  return { ...process.env, LIFESIGN_LOG: 'warn' };
}

function percentiles(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number): number =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(2));
  return { p50Ms: at(0.5), p90Ms: at(0.9), maxMs: at(1) };
}

function opensslMs(revoked: number): Promise<number | null> {
  return withDirectory((directory) => Promise.resolve(makeOpensslCa(directory, revoked).genCrl() ?? null));
}

/** Two signatures and a synced write of as many bytes as a revocation leaves. */
async function bareLimit(directory: string): Promise<number> {
  const { signer } = generateKey('ES256');
  const bytes = new Uint8Array(16 * 1024);
  const file = await open(join(directory, 'bare'), 'w');
  const times: number[] = [];
  for (let turn = 0; turn < LIVE; turn++) {
    const begin = performance.now();
    signer.sign(bytes);
    signer.sign(bytes);
    await file.write(bytes);
    await file.datasync();
    times.push(performance.now() - begin);
  }
  await file.close();
  return percentiles(times).p50Ms;
}

async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'lifesign-bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

await main();
