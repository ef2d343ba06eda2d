import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { markRestored, openAuthority, type Authority } from '../../src/authority/index.ts';
import { openSqliteStore, snapshotSqliteStore } from '../../src/io/index.ts';
import type { UnixMs } from '../../src/std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState } from '../../src/trust/index.ts';
import { makeTestCa, type TestCa } from './ca.ts';
import { testCrypto } from './crypto.ts';
import { codeOf, valueOf } from './result.ts';
import { tempDir } from './temp-dir.ts';
import { activeBundle, ofActive } from './issuing.ts';

/** A CA that goes on, and copies of its store that are restored as another. */
export interface CaWithBackups {
  readonly ca: TestCa;
  /** Copies the store as `pki backup` does. */
  backup(): string;
  /** Opens a copy as a restored CA. A backup can be restored more than once: pass a copy of it then. */
  restore(backup: string, now: UnixMs): Promise<Authority>;
}

export async function caWithBackups(): Promise<CaWithBackups> {
  const directory = await tempDir();
  let copies = 0;
  const copyOf = (path: string): string => {
    const copy = join(directory, `copy-${++copies}`);
    snapshotSqliteStore(path, copy);
    return copy;
  };
  const original = join(directory, 'store');
  const ca = await makeTestCa({ store: openSqliteStore(original) });
  return {
    ca,
    backup: () => copyOf(original),
    async restore(backup, now) {
      const store = openSqliteStore(copyOf(backup));
      onTestFinished(() => store.close());
      valueOf(await markRestored(store, now));
      return valueOf(await openAuthority({ ...ca.deps, store }));
    },
  };
}

/** A node that holds what one authority publishes and is handed what another does: the code, or `taken`. */
export async function handOver(from: Authority, to: Authority, now: UnixMs): Promise<string> {
  const { trustDomain, roots, issuing } = activeBundle(from);
  const bundle = valueOf(makeTrustBundle(trustDomain, roots, testCrypto));
  const held = ofActive(valueOf(await from.currentCrls()));
  let state = RevocationState.empty();
  for (const der of [held.full, ...(held.delta === null ? [] : [held.delta])]) {
    state = valueOf(applyCrl(state, der, [issuing], bundle, testCrypto, now)).state;
  }
  const { full } = ofActive(valueOf(await to.currentCrls()));
  const applied = applyCrl(state, full, [issuing], bundle, testCrypto, now);
  return applied.ok ? 'taken' : (codeOf(applied) ?? '');
}
