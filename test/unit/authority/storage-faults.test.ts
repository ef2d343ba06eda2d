import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { markRestored, openAuthority, type Authority } from '../../../src/authority/index.ts';
import { openSqliteStore } from '../../../src/io/index.ts';
import { ok, type Fault, type Result } from '../../../src/std/index.ts';
import {
  CA_NOW,
  enrollMember,
  later,
  makeTestCa,
  peerOf,
  renewalFor,
  requestFor,
  testCsr,
} from '../../support/ca.ts';
import type { BreakKind, BrokenAt } from '../../support/breaking-store.ts';
import { checkLedger } from '../../support/ca-model/invariants.ts';
import { RelyingParty } from '../../support/ca-model/relying-party.ts';
import { Replica } from '../../support/ca-model/replica.ts';
import { Witness } from '../../support/ca-model/witness.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { rawKey } from '../../support/raw-key.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { activeBundle, activeIssuing, ofActive } from '../../support/issuing.ts';

const NOW = later(60_000);
const TIME_LIMIT_MS = 120_000;
/** No request writes more often than this. */
const MAX_POINTS = 40;

type Ask = (authority: Authority) => Promise<Result<unknown, Fault>>;

/** A CA with a past: alpha runs, beta is revoked, gamma on hold, tokens are out for delta and in alpha's place. */
interface Past {
  readonly file: string;
  readonly deps: Awaited<ReturnType<typeof makeTestCa>>['deps'];
  readonly asks: Readonly<Record<string, Ask>>;
  /** Revoked, on hold. */
  readonly listed: readonly [string, string];
}

/** What the second try of a request says whose first one was done, though nobody heard so. */
const SAYS_AGAIN: Readonly<Record<string, string>> = {
  release: 'LS_CA_NOT_HELD',
  'delete a token': 'LS_TOKEN_UNKNOWN',
  'accept the loss': 'LS_CA_NOT_RESTORED',
};
/** A second try of these makes a second one, of which nobody knows the first. */
const MAY_LEAVE_ONE_MORE: readonly string[] = ['create a token', 'issue for an operator'];

async function makePast(directory: string): Promise<Past> {
  const file = join(directory, 'past');
  const logKey = rawKey(testKey('Ed25519'));
  const { authority, deps } = await makeTestCa({ store: openSqliteStore(file), request: { logKey } });
  const alpha = await enrollMember(authority, 'alpha');
  const beta = await enrollMember(authority, 'beta');
  const gamma = await enrollMember(authority, 'gamma');
  const epsilon = await enrollMember(authority, 'epsilon');
  const [peer, fresh] = [
    await peerOf(authority, alpha.enrollment.chain),
    await peerOf(authority, epsilon.enrollment.chain),
  ];
  valueOf(await authority.activate(peer, 'alpha.mesh.internal:8450', CA_NOW));
  valueOf(await authority.revoke({ name: 'beta', reason: 'keyCompromise' }, later(1_000)));
  valueOf(await authority.publishFull(later(2_000)));
  valueOf(await authority.revoke({ name: 'gamma', reason: 'certificateHold' }, later(3_000)));
  const token = valueOf(await authority.createToken({ name: 'delta' }, later(4_000)));
  const replacing = valueOf(await authority.createToken({ name: 'alpha', replace: true }, later(4_000)));
  await deps.store.close();

  const renewal = renewalFor(authority, peer, alpha.key, NOW).request;
  const [first, second] = [requestFor(token.token, testKey()), requestFor(replacing.token, testKey())];
  const csr = testCsr(testKey(), 'kim');
  const otherLogKey = rawKey(testKey('Ed25519'));
  const { serial } = alpha.enrollment;
  return {
    file,
    deps,
    listed: [beta.enrollment.serial, gamma.enrollment.serial],
    asks: {
      'create a token': (ca) => ca.createToken({ name: 'zeta' }, NOW),
      'delete a token': (ca) => ca.deleteToken(token.facts.tokenId, NOW),
      enroll: (ca) => ca.enroll({ ...first, advertise: 'delta.mesh.internal:8450' }, NOW),
      'enroll in the place of another': (ca) => ca.enroll(second, NOW),
      reenroll: (ca) => ca.reenroll(peer, renewal, NOW),
      activate: (ca) => ca.activate(fresh, 'epsilon.mesh.internal:8450', NOW),
      revoke: (ca) => ca.revoke({ name: 'alpha', reason: 'superseded' }, NOW),
      'revoke what is on hold': (ca) => ca.revoke({ name: 'gamma', reason: 'keyCompromise' }, NOW),
      'revoke one certificate': (ca) => ca.revoke({ name: 'alpha', onlySerial: serial }, NOW),
      hold: (ca) => ca.revoke({ name: 'alpha', reason: 'certificateHold' }, NOW),
      release: (ca) => ca.release('gamma', NOW),
      remove: (ca) => ca.remove('alpha', NOW),
      publish: (ca) => ca.publishFull(NOW),
      'issue for an operator': (ca) => ca.issueOperator({ name: 'kim', csr }, NOW),
      'bind a log key': (ca) => ca.bindLogKey(otherLogKey, NOW),
      'accept the loss': (ca) => ca.acceptLoss({ crls: [] }, NOW),
    },
  };
}

/** One CA with that past, and everybody who watches it. */
class Watched {
  replica: Replica;
  readonly #past: Past;
  readonly #file: string;
  readonly #witness: Witness;
  readonly #party: RelyingParty;

  private constructor(past: Past, file: string, replica: Replica, witness: Witness) {
    this.#past = past;
    this.#file = file;
    this.replica = replica;
    this.#witness = witness;
    this.#party = new RelyingParty(activeBundle(replica.authority), testCrypto);
  }

  static async open(past: Past, file: string, isRestored: boolean): Promise<Watched> {
    await copyFile(past.file, file);
    const store = openSqliteStore(file);
    const opened = valueOf(await openAuthority({ ...past.deps, store }));
    const witness = new Witness(testCrypto, opened.domainId, activeIssuing(opened));
    if (isRestored) valueOf(await markRestored(store, NOW));
    await store.close();
    return new Watched(past, file, await openReplica(past, file, witness), witness);
  }

  async reopen(): Promise<void> {
    await this.replica.close();
    this.replica = await openReplica(this.#past, this.#file, this.#witness);
  }

  /** Nothing that was acknowledged is lost, and what is published and kept is of one piece. */
  async check(isReleased: boolean): Promise<void> {
    const { authority } = this.replica;
    const crls = ofActive(valueOf(await authority.currentCrls()));
    this.#witness.look(crls, valueOf(await authority.currentRoster()).record);
    const newcomer = new RelyingParty(activeBundle(authority), testCrypto);
    const [revoked, held] = this.#past.listed;
    for (const party of [this.#party, newcomer]) {
      party.follow(crls, NOW);
      expect(party.reasonFor(revoked)).toBe('keyCompromise');
      if (!isReleased) expect(party.reasonFor(held)).toMatch(/certificateHold|keyCompromise/);
      for (const { serial, status } of valueOf(await authority.list({}, NOW)))
        expect(party.reasonFor(serial) !== undefined, serial).toBe(status === 'revoked');
    }
    await checkLedger(this.replica);
  }

  /** Everything that a request changes, without what is random. */
  async story(): Promise<readonly string[]> {
    const { authority, store } = this.replica;
    const certificates = valueOf(await authority.list({}, NOW)).map(
      ({ name, role, status, reason }) => `${role} ${name} ${status} ${reason ?? ''}`,
    );
    const nodes = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'].map(async (name) => {
      const shown = await authority.show(name, NOW);
      return shown.ok ? `${name} ${shown.value.state} ${shown.value.address ?? ''}` : `${name} unknown`;
    });
    const tokens = valueOf(await authority.listTokens(NOW)).map(
      ({ name, status }) => `token ${name} ${status}`,
    );
    const entries = valueOf(await store.read(async (tx) => ok((await tx.readOnlySince()) === null)));
    const issued = certificates.filter((line) => !/^(ocsp|server) |pending/.test(line));
    return [...issued, ...(await Promise.all(nodes)), ...tokens, `writable ${entries}`].sort();
  }
}

function openReplica(past: Past, file: string, witness: Witness): Promise<Replica> {
  return Replica.open(
    {
      deps: past.deps,
      store: openSqliteStore(file),
      sabotage: {},
      hear: (publication) => witness.hear(publication),
      newKey: () => testKey(),
    },
    NOW,
  );
}

/** Breaks the store at the `point`-th point of the request, asks again, and compares with what it should have come to. */
async function breakOnce(
  { past, what, file }: { readonly past: Past; readonly what: string; readonly file: string },
  point: number,
  kind: BreakKind,
  expected: readonly string[],
): Promise<BrokenAt | undefined> {
  const isRestore = what === 'accept the loss';
  const watched = await Watched.open(past, file, isRestore);
  try {
    const ask = past.asks[what];
    if (ask === undefined) throw new Error(`no request ${what}`);
    const { store, authority } = watched.replica;
    store.breakAt(point, kind);
    const answer = await ask(authority);
    const at = store.disarm();
    if (at === undefined) return undefined;
    expect(codeOf(answer)).toBe(
      kind === 'io' || at === 'after-commit' ? 'LS_CA_STORE_IO' : 'LS_CA_STORE_FULL',
    );
    if (codeOf(answer) === 'LS_CA_STORE_IO') await watched.reopen();
    const isDone = at === 'after-commit' && SAYS_AGAIN[what] !== undefined;
    await watched.check(what === 'release' && isDone);
    expect(codeOf(await ask(watched.replica.authority))).toBe(isDone ? SAYS_AGAIN[what] : undefined);
    await watched.check(what === 'release');
    const told = new Set(await watched.story());
    if (MAY_LEAVE_ONE_MORE.includes(what)) expect([...told]).toEqual([...new Set(expected)]);
    else expect(await watched.story()).toEqual(expected);
    return at;
  } finally {
    await watched.replica.close();
  }
}

describe('a store that breaks at any write or commit of a request to', () => {
  const directory = scratchDir();
  let past: Promise<Past> | undefined;
  const names = [
    'create a token',
    'delete a token',
    'enroll',
    'enroll in the place of another',
    'reenroll',
    'activate',
    'revoke',
    'revoke what is on hold',
    'revoke one certificate',
    'hold',
    'release',
    'remove',
    'publish',
    'issue for an operator',
    'bind a log key',
    'accept the loss',
  ];

  it.each(names)(
    '%s: nothing acknowledged is lost, and asking again comes to the same',
    async (what) => {
      const made = await (past ??= makePast(directory));
      let files = 0;
      const next = () => ({ past: made, what, file: join(directory, `${what} ${files++}`) });
      const expected = await wholeStory(next());
      const seen: BrokenAt[] = [];
      for (let point = 1; point <= MAX_POINTS; point++) {
        const at = await breakOnce(next(), point, 'full', expected);
        if (at === undefined) break;
        seen.push(at);
        if (at === 'before-commit') await breakOnce(next(), point, 'io', expected);
      }
      const count = (at: BrokenAt): number => seen.filter((each) => each === at).length;
      expect(count('write')).toBeGreaterThan(0);
      expect(count('before-commit')).toBeGreaterThan(0);
      expect(count('after-commit')).toBe(count('before-commit'));
    },
    TIME_LIMIT_MS,
  );
});

async function wholeStory({
  past,
  what,
  file,
}: {
  readonly past: Past;
  readonly what: string;
  readonly file: string;
}): Promise<readonly string[]> {
  const watched = await Watched.open(past, file, what === 'accept the loss');
  onTestFinished(() => watched.replica.close());
  valueOf((await past.asks[what]?.(watched.replica.authority)) ?? ok(null));
  return watched.story();
}
