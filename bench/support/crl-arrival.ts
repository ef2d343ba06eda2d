import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrlChecker, generateKey, nodeCrypto, openLedger } from '../../src/io/index.ts';
import { encodeEntryPieces } from '../../src/ledger/index.ts';
import { LsError, type Fault, type Result, type UnixMs } from '../../src/std/index.ts';
import {
  applyCrl,
  beginCrlCheck,
  finishCrlCheck,
  type RevocationState,
  type TrustBundle,
} from '../../src/trust/index.ts';

/** What a node judges a CRL by. */
export interface Receiver {
  readonly state: RevocationState;
  readonly issuerChain: readonly Uint8Array[];
  readonly bundle: TrustBundle;
  readonly now: UnixMs;
}

/** How long something took, and the longest time during which nothing else could run. */
export interface Duration {
  readonly tookMs: number;
  readonly stallMs: number;
}

/** How a CRL came in: until it was in force. */
export interface Arrival extends Duration {
  readonly state: RevocationState;
}

const SETTLE_MS = 30;

/** As nodes take short CRLs, and took long ones too: all at once. */
export function arriveInline(der: Uint8Array, receiver: Receiver): Promise<Arrival> {
  const { state, issuerChain, bundle, now } = receiver;
  return arrival(() => Promise.resolve(applyCrl(state, der, issuerChain, bundle, nodeCrypto, now)));
}

/** As nodes take long CRLs: checked in a thread, with its start. */
export async function arriveChecked(der: Uint8Array, receiver: Receiver): Promise<Arrival> {
  const { state, issuerChain, bundle, now } = receiver;
  const checker = new CrlChecker();
  try {
    return await arrival(async () => {
      const begun = valueOf(beginCrlCheck(state, der, issuerChain, bundle));
      const crl = valueOf(finishCrlCheck(begun, valueOf(await checker.check(begun.check))));
      return applyCrl(state, crl, issuerChain, bundle, nodeCrypto, now);
    });
  } finally {
    await checker.close();
  }
}

/** As a node's ledger takes a CRL that came into force: until it is durable. */
export async function appendToLedger(der: Uint8Array, at: UnixMs): Promise<Duration> {
  const dir = mkdtempSync(join(tmpdir(), 'lifesign-bench-'));
  try {
    const { signer } = generateKey('Ed25519');
    const ledger = await openLedger({ dir: join(dir, 'ledger'), signer, origin: 'bench.internal/log' });
    const { tookMs, stallMs } = await measured(() =>
      ledger.append([encodeEntryPieces({ type: 'crl', der }, at)]),
    );
    await ledger.close();
    return { tookMs, stallMs };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The bytes where the feed of the CA puts those of a long CRL. */
export function asFed(der: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(der.length));
  shared.set(der);
  return shared;
}

async function arrival(
  arrive: () => Promise<Result<{ readonly state: RevocationState }, Fault>>,
): Promise<Arrival> {
  const { value, ...duration } = await measured(arrive);
  return { state: valueOf(value).state, ...duration };
}

async function measured<T>(work: () => Promise<T>): Promise<Duration & { readonly value: T }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(SETTLE_MS);
  const begin = performance.now();
  const value = await work();
  const tookMs = performance.now() - begin;
  await sleep(SETTLE_MS);
  delay.disable();
  return { value, tookMs: Math.round(tookMs), stallMs: Math.round(delay.max / 1e6) };
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
