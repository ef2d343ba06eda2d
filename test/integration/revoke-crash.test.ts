import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  initialiseAuthority,
  openAuthority,
  type Authority,
  type AuthorityDeps,
} from '../../src/authority/index.ts';
import { generateKey, nodeCrypto, openSqliteStore, systemClock, systemRandom } from '../../src/io/index.ts';
import { decodeEntry } from '../../src/ledger/index.ts';
import { decodeRoster } from '../../src/membership/index.ts';
import { ok } from '../../src/std/index.ts';
import { parseCrl } from '../../src/x509/index.ts';
import { enrollMember } from '../support/ca.ts';
import { valueOf } from '../support/result.ts';
import { tempDir } from '../support/temp-dir.ts';
import { ofActive } from '../support/issuing.ts';

const NODES = 230;
const MIN_REVOCATIONS = 200;
const ACKS_BEFORE_KILL = { min: 1, max: 40 };
const MAX_KILL_DELAY_MS = 12;
/** A life ends with these at the latest, also when this process is slow to hear and to kill. */
const MAX_NAMES_A_LIFE = 60;

const FINISHED = 'finished';

/** What killed processes said before they died, over all of their lives. */
interface Told {
  readonly crls: Map<number, string>;
  readonly rosters: Map<number, string>;
  readonly acknowledged: Map<string, { readonly serials: readonly string[]; readonly crlNumber: number }>;
}

describe('kill -9 in a loop of revocations', () => {
  it('loses no acknowledged revocation, and repeats no CRL or roster number with other content', async () => {
    const dir = await tempDir();
    const paths = { store: join(dir, 'store.sqlite'), key: join(dir, 'issuing.der') };
    const deps = await makeCa(paths);
    const told: Told = { crls: new Map(), rosters: new Map(), acknowledged: new Map() };
    let lives = 0;
    while (told.acknowledged.size < MIN_REVOCATIONS) {
      const names = pendingNames(told).slice(0, MAX_NAMES_A_LIFE);
      await liveAndDie([paths.store, paths.key, ...names], told);
      lives++;
      await checkStore(paths.store, deps, told);
    }
    expect(lives).toBeGreaterThanOrEqual(MIN_REVOCATIONS / MAX_NAMES_A_LIFE);
    await checkLedger(paths.store, told);
    expect(told.acknowledged.size).toBeGreaterThanOrEqual(MIN_REVOCATIONS);
  }, 180_000);
});

async function makeCa(paths: { readonly store: string; readonly key: string }) {
  const [root, issuing] = [generateKey('ES256'), generateKey('ES256')];
  await writeFile(paths.key, issuing.pkcs8, { mode: 0o600 });
  const store = openSqliteStore(paths.store);
  const deps = {
    keys: { issuing: [issuing.signer], roots: [root.signer] },
    crypto: nodeCrypto,
    random: systemRandom,
    config: { urls: ['https://ca.mesh.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
  };
  const { wall } = systemClock.now();
  valueOf(
    await initialiseAuthority({ ...deps, store }, { trustDomain: 'mesh.internal', permittedDns: [] }, wall),
  );
  const authority = valueOf(await openAuthority({ ...deps, store }));
  await Promise.all(Array.from({ length: NODES }, (_, n) => enrollMember(authority, `node-${n}`, wall)));
  await store.close();
  return deps;
}

/** Names nobody has acknowledged yet, so also those whose revocation was interrupted. */
function pendingNames({ acknowledged }: Told): readonly string[] {
  return Array.from({ length: NODES }, (_, n) => `node-${n}`).filter((name) => !acknowledged.has(name));
}

/** Runs the loop until some acknowledgements were heard, then kills it at a random moment. */
async function liveAndDie(args: readonly string[], told: Told): Promise<void> {
  const child = spawn(process.execPath, ['test/support/revoke-loop.ts', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('close', (_code, signal) => resolve(signal));
  });
  const killAfter = randomInt(ACKS_BEFORE_KILL.min, ACKS_BEFORE_KILL.max + 1);
  const alreadyHeard = told.acknowledged.size;
  let rest = '';
  let isDoomed = false;
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== FINISHED) hear(line, told);
    const isDue = told.acknowledged.size - alreadyHeard >= killAfter || lines.includes(FINISHED);
    if (isDoomed || !isDue) return;
    isDoomed = true;
    void delay(randomInt(0, MAX_KILL_DELAY_MS + 1)).then(() => child.kill('SIGKILL'));
  });
  expect(await ended).toBe('SIGKILL');
}

function hear(line: string, told: Told): void {
  const [what = '', name = '', detail = '', number = ''] = line.split(' ');
  if (what === 'revoked') {
    told.acknowledged.set(name, { serials: detail.split(','), crlNumber: Number(number) });
    return;
  }
  const published = what === 'crl' ? told.crls : told.rosters;
  const newest = Math.max(0, ...published.keys());
  expect(Number(name)).toBeGreaterThan(newest);
  published.set(Number(name), detail);
}

async function checkStore(path: string, deps: Omit<AuthorityDeps, 'store'>, told: Told): Promise<void> {
  const store = openSqliteStore(path);
  try {
    const authority = valueOf(await openAuthority({ ...deps, store }));
    const { full, delta, number } = ofActive(valueOf(await authority.currentCrls()));
    const roster = valueOf(await authority.currentRoster());
    expect(number).toBeGreaterThanOrEqual(Math.max(...told.crls.keys()));
    expect(roster.number).toBeGreaterThanOrEqual(Math.max(...told.rosters.keys()));
    const newest = told.crls.get(number);
    if (newest !== undefined) expect(digest(delta ?? full)).toBe(newest);
    const newestRoster = told.rosters.get(roster.number);
    if (newestRoster !== undefined) expect(digest(roster.record)).toBe(newestRoster);
    const listed = serialsOf(full, ...(delta === null ? [] : [delta]));
    for (const { serials, crlNumber } of told.acknowledged.values()) {
      expect(crlNumber).toBeLessThanOrEqual(number);
      for (const serial of serials) expect(listed).toContain(serial);
    }
    await checkAgreement(authority, listed, roster.record);
  } finally {
    await store.close();
  }
}

/** Everything that was published is in the ledger, byte by byte, and each CRL number once. */
async function checkLedger(path: string, told: Told): Promise<void> {
  const store = openSqliteStore(path);
  const rows = valueOf(await store.read(async (tx) => ok(await tx.ledger(0, await tx.ledgerSize()))));
  await store.close();
  const entries = rows.map(({ body }) => valueOf(decodeEntry(body)).entry);
  const crls = entries.flatMap((entry) => (entry.type === 'crl' ? [entry.der] : []));
  const rosters = entries.flatMap((entry) => (entry.type === 'roster' ? [entry.record] : []));
  expect(crls.map(digest)).toEqual(expect.arrayContaining([...told.crls.values()]));
  expect(rosters.map(digest)).toEqual(expect.arrayContaining([...told.rosters.values()]));
  const rosterNumbers = rosters.map((record) => valueOf(decodeRoster(record)).body.number);
  expect(rosterNumbers).toEqual(rosterNumbers.map((_, index) => index + 1));
  const issuingNumbers = crls.slice(1).map((der) => valueOf(parseCrl(der)).extensions.crlNumber?.value);
  expect(issuingNumbers).toEqual(issuingNumbers.map((_, index) => index + 1));
}

/** An interrupted revocation is there in every table and in CRL and roster, or nowhere. */
async function checkAgreement(
  authority: Authority,
  listed: ReadonlySet<string>,
  rosterRecord: Uint8Array,
): Promise<void> {
  const certificates = valueOf(await authority.list({}, systemClock.now().wall));
  const revoked = certificates.filter(({ status }) => status === 'revoked');
  expect(new Set(revoked.map(({ serial }) => String(serial)))).toEqual(listed);
  const { members } = valueOf(decodeRoster(rosterRecord)).body;
  const ended = members.filter(({ state }) => state === 'revoked');
  expect(ended.map(({ name }) => String(name)).sort()).toEqual(revoked.map(({ name }) => name).sort());
}

function serialsOf(...crls: readonly Uint8Array[]): ReadonlySet<string> {
  return new Set(
    crls.flatMap((der) => [...valueOf(parseCrl(der)).entries].map(({ serialHex }) => serialHex)),
  );
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
