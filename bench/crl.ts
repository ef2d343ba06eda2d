import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SignCost, TakeCost } from './crl-worker.ts';
import { makeOpensslCa } from './support/openssl-ca.ts';
import { summary, tell } from './support/record.ts';

/*
 * A CRL with a million entries: written and signed by the CA; parsed, verified and taken in as a node does; looked
 * up in; the memory that takes; and how long the event loop stands still for it, with and without a thread, and while the
 * node's ledger takes it. Beside it what `openssl ca -gencrl` takes for as many, what `openssl crl` takes to parse and
 * verify ours, and the limit: hashing as many bytes. Each round is a process of its own.
 *
 * Usage: node bench/crl.ts [--quick] [--record]
 */

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, record: { type: 'boolean', default: false } },
});

const WORKER = new URL('./crl-worker.ts', import.meta.url);
const ENTRIES = options.quick ? 10_000 : 1_000_000;
const ROUNDS = options.quick ? 1 : 2;

interface Round extends SignCost, TakeCost {
  readonly opensslGenCrlMs: number | null;
  readonly opensslVerifyMs: number | null;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'lifesign-bench-'));
  try {
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const signed = await workerCost<SignCost>('sign', directory);
      const taken = await workerCost<TakeCost>('take', directory);
      const openssl = makeOpensslCa(join(directory, `openssl-${String(round)}`), ENTRIES);
      const genCrlMs = openssl.genCrl() ?? null;
      rounds.push({
        ...signed,
        ...taken,
        opensslGenCrlMs: genCrlMs,
        opensslVerifyMs: opensslVerifyMs(directory),
      });
    }
    const of = (pick: (round: Round) => number) => summary(rounds.map(pick));
    const result = {
      entries: ENTRIES,
      budget: { signMs: 400, takeMs: 1_500, memoryMiB: 250, appendStallMs: 50 },
      signMs: of(({ signMs }) => signMs),
      takeMs: of(({ takeMs }) => takeMs),
      replaceMs: of(({ replaceMs }) => replaceMs),
      checkedTakeMs: of(({ checkedTakeMs }) => checkedTakeMs),
      checkedReplaceMs: of(({ checkedReplaceMs }) => checkedReplaceMs),
      stallMs: of(({ stallMs }) => stallMs),
      replaceStallMs: of(({ replaceStallMs }) => replaceStallMs),
      inlineStallMs: of(({ inlineStallMs }) => inlineStallMs),
      inlineReplaceStallMs: of(({ inlineReplaceStallMs }) => inlineReplaceStallMs),
      appendMs: of(({ appendMs }) => appendMs),
      appendStallMs: of(({ appendStallMs }) => appendStallMs),
      lookUpMicroseconds: of(({ lookUpMicroseconds }) => lookUpMicroseconds),
      memoryMiB: of(({ heldMiB }) => heldMiB),
      rounds,
    };
    tell('crl', result, options.record);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function workerCost<T>(part: 'sign' | 'take', directory: string): Promise<T> {
  const child = fork(WORKER, [part, directory, String(ENTRIES)], { execArgv: ['--expose-gc'] });
  const [cost] = (await once(child, 'message')) as [T];
  await once(child, 'exit');
  return cost;
}

/** Parses our CRL and verifies its signature; null where openssl does not agree. */
function opensslVerifyMs(directory: string): number | null {
  const [crl, issuer] = [join(directory, 'ours.crl'), join(directory, 'ours.pem')];
  const begin = performance.now();
  const ran = spawnSync('openssl', ['crl', '-inform', 'DER', '-in', crl, '-noout', '-CAfile', issuer], {
    encoding: 'utf8',
  });
  const elapsed = Math.round(performance.now() - begin);
  return ran.status === 0 && ran.stderr.includes('verify OK') ? elapsed : null;
}

await main();
