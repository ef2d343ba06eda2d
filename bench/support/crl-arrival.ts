import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrlChecker, nodeCrypto } from '../../src/io/index.ts';
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

/** How a CRL came in: until it was in force, and the longest time during which nothing else could run. */
export interface Arrival {
  readonly state: RevocationState;
  readonly tookMs: number;
  readonly stallMs: number;
}

const SETTLE_MS = 30;

/** As nodes take short CRLs, and took long ones too: all at once. */
export function arriveInline(der: Uint8Array, receiver: Receiver): Promise<Arrival> {
  const { state, issuerChain, bundle, now } = receiver;
  return measured(() => Promise.resolve(applyCrl(state, der, issuerChain, bundle, nodeCrypto, now)));
}

/** As nodes take long CRLs: checked in a thread, with its start. */
export async function arriveChecked(der: Uint8Array, receiver: Receiver): Promise<Arrival> {
  const { state, issuerChain, bundle, now } = receiver;
  const checker = new CrlChecker();
  try {
    return await measured(async () => {
      const begun = valueOf(beginCrlCheck(state, der, issuerChain, bundle));
      const crl = valueOf(finishCrlCheck(begun, valueOf(await checker.check(begun.check))));
      return applyCrl(state, crl, issuerChain, bundle, nodeCrypto, now);
    });
  } finally {
    await checker.close();
  }
}

/** The bytes where the feed of the CA puts those of a long CRL. */
export function asFed(der: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(der.length));
  shared.set(der);
  return shared;
}

async function measured(
  arrive: () => Promise<Result<{ readonly state: RevocationState }, Fault>>,
): Promise<Arrival> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(SETTLE_MS);
  const begin = performance.now();
  const { state } = valueOf(await arrive());
  const tookMs = performance.now() - begin;
  await sleep(SETTLE_MS);
  delay.disable();
  return { state, tookMs: Math.round(tookMs), stallMs: Math.round(delay.max / 1e6) };
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
