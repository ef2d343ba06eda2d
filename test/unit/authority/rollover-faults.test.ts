import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openAuthority, type Authority } from '../../../src/authority/index.ts';
import { openSqliteStore } from '../../../src/io/index.ts';
import type { Fault, Result, Signer } from '../../../src/std/index.ts';
import { BreakingStore, type BreakKind, type BrokenAt } from '../../support/breaking-store.ts';
import { CA_NOW, enrollMember, later, makeTestCa, verdictOn, type TestCa } from '../../support/ca.ts';
import { checkLedger } from '../../support/ca-model/invariants.ts';
import { testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { scratchDir } from '../../support/scratch-dir.ts';

const NOW = later(60_000);
/** No step writes more often than this. */
const MAX_POINTS = 40;
const directory = scratchDir();

interface Step {
  /** Brings the CA to where the step begins. */
  readonly before: (authority: Authority, key: Signer) => Promise<unknown>;
  readonly ask: (authority: Authority, key: Signer) => Promise<Result<unknown, Fault>>;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

const prepare = (ca: Authority, key: Signer) => ca.rollover.prepare({ key }, NOW);
const activate = (ca: Authority) => ca.rollover.activate(2, NOW, 1_000);

const steps: Readonly<Record<string, Step>> = {
  prepare: {
    before: () => Promise.resolve(),
    ask: prepare,
    from: ['1 active'],
    to: ['1 active', '2 prepared'],
  },
  activate: {
    before: prepare,
    ask: activate,
    from: ['1 active', '2 prepared'],
    to: ['1 retiring', '2 active'],
  },
  retire: {
    before: async (ca, key) => {
      valueOf(await prepare(ca, key));
      valueOf(await activate(ca));
      return ca.revoke({ name: 'alpha' }, NOW);
    },
    ask: (ca) => ca.rollover.retire(1, NOW),
    from: ['1 retiring', '2 active'],
    to: ['1 retired', '2 active'],
  },
  'prepare root': {
    before: () => Promise.resolve(),
    ask: (ca, key) => ca.rollover.prepareRoot({ key }, NOW),
    from: ['1 active'],
    to: ['1 active', 'root 2'],
  },
  revoke: {
    before: async (ca, key) => {
      valueOf(await prepare(ca, key));
      return activate(ca);
    },
    ask: (ca) => ca.rollover.revokeIssuing(1, NOW),
    from: ['1 retiring', '2 active'],
    to: ['1 revoked', '2 active'],
  },
};

async function states(authority: Authority): Promise<readonly string[]> {
  const listed = valueOf(await authority.rollover.list(NOW));
  const [, ...successors] = valueOf(await authority.rollover.roots());
  return [
    ...listed.map(({ generation, state }) => `${String(generation)} ${state}`),
    ...successors.map(({ generation }) => `root ${String(generation)}`),
  ];
}

/** Breaks the store at one point of the step; what it was broken at, or undefined when the step has fewer points. */
async function breakOnce(
  { deps, file, key }: { readonly deps: TestCa['deps']; readonly file: string; readonly key: Signer },
  { ask, from, to }: Step,
  point: number,
  kind: BreakKind,
): Promise<BrokenAt | undefined> {
  const copy = `${file} ${kind} ${String(point)}`;
  await copyFile(file, copy);
  const keys = { ...deps.keys, issuing: [...deps.keys.issuing, key] };
  let store = new BreakingStore(openSqliteStore(copy));
  try {
    let authority = valueOf(await openAuthority({ ...deps, keys, store }));
    store.breakAt(point, kind);
    const answer = await ask(authority, key);
    const at = store.disarm();
    if (at === undefined) return undefined;
    expect(codeOf(answer)).toMatch(/^LS_CA_STORE_(IO|FULL)$/);
    await store.close();
    store = new BreakingStore(openSqliteStore(copy));
    authority = valueOf(await openAuthority({ ...deps, keys, store }));
    expect(await states(authority)).toEqual(at === 'after-commit' ? to : from);
    await checkLedger({ authority, store });
    valueOf(await ask(authority, key));
    expect(await states(authority)).toEqual(to);
    const { enrollment } = await enrollMember(authority, 'beta', NOW);
    expect((await verdictOn(authority, enrollment.chain, NOW)).ok).toBe(true);
    await checkLedger({ authority, store });
    return at;
  } finally {
    await store.close();
  }
}

it.each(Object.keys(steps))(
  'a store that breaks at any write or commit of a rollover: %s is done or not, and comes to the same when asked again',
  async (what) => {
    const step = steps[what];
    if (step === undefined) throw new Error(what);
    const [file, key] = [join(directory, what), testKey()];
    const { authority, deps } = await makeTestCa({ store: openSqliteStore(file) });
    await enrollMember(authority, 'alpha', CA_NOW);
    await step.before(authority, key);
    expect(await states(authority)).toEqual(step.from);
    await deps.store.close();
    const seen: BrokenAt[] = [];
    for (let point = 1; point <= MAX_POINTS; point++) {
      const at = await breakOnce({ deps, file, key }, step, point, 'full');
      if (at === undefined) break;
      seen.push(at);
      if (at === 'before-commit') await breakOnce({ deps, file, key }, step, point, 'io');
    }
    expect(seen.slice(-2)).toEqual(['before-commit', 'after-commit']);
    expect(seen.filter((at) => at === 'write').length).toBeGreaterThan(2);
  },
  60_000,
);
