import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditHomes, initRoot, signNewRootCrl } from '../../src/app/index.ts';
import { systemClock } from '../../src/io/index.ts';
import { parseCheckpoint, parseNote } from '../../src/ledger/index.ts';
import { parseCrl } from '../../src/x509/index.ts';
import { enrollmentBody } from '../support/ca-calls.ts';
import {
  callSocket,
  fileDirectory,
  initCaHome,
  PASSPHRASE,
  serveCaHome,
  type SocketAnswer,
} from '../support/ca-process.ts';
import type { RunningProgram } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { StorageFaults, type StorageCall, type StorageFault } from '../support/storage-fault.ts';
import { base64 } from '../support/tls-identity.ts';

/*
 * A CA that serves, and one call of its storage that goes wrong: the process is killed before it or after it, the disk
 * is full, or it reports an error although it has written. After each, a CA started anew must hold all that was
 * acknowledged, and its store, its ledger and its CRLs must agree.
 */

const common = {
  passphrase: { env: { LIFESIGN_PASSPHRASE: PASSPHRASE } },
  now: () => systemClock.now().wall,
};
const LIMIT_MS = 30_000;

let directory: Awaited<ReturnType<typeof fileDirectory>>;
let home: string;
let root: string;
let faults: StorageFaults;
let server: RunningProgram;
const witness = new Map<number, string>();

beforeAll(async () => {
  directory = await fileDirectory();
  ({ home } = await initCaHome(join(directory.path, 'ca')));
  root = join(directory.path, 'root');
  await initRoot({ home: root, trustDomain: '', from: home, ...common });
  faults = new StorageFaults(directory.path, home);
  server = await serveCaHome(home, [], faults.env);
  const enrolled = await enroll('alpha');
  expect(enrolled.status).toBe(200);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  faults[Symbol.dispose]();
  await directory.remove();
});

const post = (path: string, body?: object): Promise<SocketAnswer> => callSocket(home, 'POST', path, body);

async function get(path: string): Promise<SocketAnswer['json']> {
  const { status, json } = await callSocket(home, 'GET', path);
  if (status !== 200) throw new Error(`${path}: ${JSON.stringify(json)}`);
  return json;
}

async function enroll(name: string, more: object = {}): Promise<SocketAnswer> {
  return post('/v1/enroll', await enrollmentBody(home, name, more));
}

/** Something that an operator asks of the CA. */
interface Operation {
  readonly what: string;
  /** Makes it possible; what was done is not in effect then. */
  prepare(): Promise<void>;
  act(): Promise<SocketAnswer>;
  isDone(): Promise<boolean>;
}

interface Row {
  readonly name: string;
  readonly serial: string;
  readonly status: string;
}

async function certificates(): Promise<readonly Row[]> {
  return (await get('/v1/certificates'))['certificates'] as readonly Row[];
}

async function isHeld(): Promise<boolean> {
  return (await certificates()).some(({ name, status }) => name === 'alpha' && status === 'revoked');
}

const holdAlpha = () => post('/v1/nodes/alpha/revoke', { reason: 'certificateHold' });
const releaseAlpha = () => post('/v1/nodes/alpha/release');

async function good(answer: Promise<SocketAnswer>): Promise<void> {
  expect(await answer).toMatchObject({ status: 200 });
}

const hold: Operation = {
  what: 'hold',
  prepare: async () => {
    if (await isHeld()) await good(releaseAlpha());
  },
  act: holdAlpha,
  isDone: isHeld,
};

const release: Operation = {
  what: 'release',
  prepare: async () => {
    if (!(await isHeld())) await good(holdAlpha());
  },
  act: releaseAlpha,
  isDone: async () => !(await isHeld()),
};

let asked = 0;
const requests = async () => (await get('/v1/requests?all=true'))['requests'] as readonly RequestRow[];
interface RequestRow {
  readonly requestId: string;
  readonly name: string;
  readonly status: string;
}

const approval: Operation & { requestId: string } = {
  what: 'approval',
  requestId: '',
  async prepare() {
    asked += 1;
    const name = `asks-${asked}`;
    expect((await enroll(name, { approval: true })).json).toMatchObject({ code: 'LS_ENROLL_PENDING' });
    this.requestId = (await requests()).find((request) => request.name === name)?.requestId ?? '';
    expect(await this.isDone()).toBe(false);
  },
  act() {
    return post(`/v1/requests/${this.requestId}/approve`, {});
  },
  async isDone() {
    const found = (await requests()).find(({ requestId }) => requestId === this.requestId);
    expect(['pending', 'approved']).toContain(found?.status);
    return found?.status === 'approved';
  },
};

const rootCrl: Operation & { crl: Uint8Array } = {
  what: 'import of a CRL of the root',
  crl: new Uint8Array(),
  async prepare() {
    this.crl = (await signNewRootCrl({ home: root, ...common })).crl;
    expect(await this.isDone()).toBe(false);
  },
  act() {
    return post('/v1/root-crl', { crl: base64(this.crl) });
  },
  async isDone() {
    return (await get('/v1/crl'))['root'] === base64(this.crl);
  },
};

/** The serial numbers on the CA's CRLs; a number stands for one content for ever. */
async function listed(): Promise<ReadonlySet<string>> {
  const json = await get('/v1/crl');
  const serials = new Set<string>();
  for (const text of [json['full'], json['delta']]) {
    if (typeof text !== 'string') continue;
    const der = new Uint8Array(Buffer.from(text, 'base64'));
    const { entries, extensions } = valueOf(parseCrl(der));
    const digest = createHash('sha256').update(der).digest('hex');
    const number = Number(extensions.crlNumber?.value);
    expect(witness.get(number) ?? digest, `CRL ${number}`).toBe(digest);
    witness.set(number, digest);
    for (const entry of entries) {
      // A delta takes a released hold off the list.
      if (entry.reason === 'removeFromCRL') serials.delete(entry.serialHex);
      else serials.add(entry.serialHex);
    }
  }
  return serials;
}

async function checkAgreement(): Promise<void> {
  const revoked = (await certificates()).filter(({ status }) => status === 'revoked');
  expect([...(await listed())].sort()).toEqual(revoked.map(({ serial }) => serial).sort());
  expect(await auditHomes({ homes: [home] })).toMatchObject({ ok: true, faults: [], missing: [] });
}

async function restart(): Promise<void> {
  await server.kill('SIGKILL');
  faults.disarm();
  server = await serveCaHome(home, [], faults.env);
}

/** One call of an operation's storage that goes wrong, and what comes of it. */
interface Moment {
  readonly when: string;
  readonly how: StorageFault;
  readonly kind: StorageCall;
  /** Which one of its kind, from 0. */
  readonly at: number;
  /** Of the refusal; null when nothing comes back, undefined when that is left to chance. */
  readonly code?: 'LS_CA_STORE_FULL' | 'LS_CA_STORE_IO' | null;
  /** Whether a CA started anew has done it. */
  readonly done: boolean;
}

/** In every operation there are more writes than this before its commit is whole. */
const HALF_WAY = 3;
const MOMENTS: readonly Moment[] = [
  { when: 'half-way', how: 'killed before', kind: 'commit write', at: HALF_WAY, code: null, done: false },
  { when: 'once it is stored', how: 'killed after', kind: 'commit sync', at: 0, code: null, done: true },
  {
    when: 'half-way',
    how: 'failed and not persisted',
    kind: 'commit write',
    at: HALF_WAY,
    code: 'LS_CA_STORE_FULL',
    done: false,
  },
  {
    when: 'at its end',
    how: 'failed but persisted',
    kind: 'commit sync',
    at: 0,
    code: 'LS_CA_STORE_IO',
    done: true,
  },
  { when: 'while the ledger is signed', how: 'killed before', kind: 'rename', at: 0, done: true },
];

/** One operation with a fault in it, then the CA is started anew and everything looked at. */
async function strike(operation: Operation, { how, kind, at, code, done }: Moment): Promise<void> {
  await operation.prepare();
  if (kind === 'rename') await signed();
  faults.arm(how, kind, at);
  const answer = await operation.act().catch(() => undefined);
  await expect.poll(() => faults.hasStruck, { timeout: LIMIT_MS }).toBe(true);
  if (code !== undefined) expect(answer?.json['code'] ?? null).toBe(code);
  faults.disarm();
  // Nobody may hear from the CA that it is done after having heard that it is not.
  if (!how.startsWith('killed')) expect(await operation.isDone().catch(() => false)).toBe(false);
  if (code === 'LS_CA_STORE_FULL') {
    await good(operation.act());
    await restart();
    expect(await operation.isDone()).toBe(true);
  } else {
    await restart();
    expect(await operation.isDone()).toBe(done);
    if (!done) await good(operation.act());
  }
  await checkAgreement();
}

/** Waits until the ledger's checkpoint covers all that was done. */
async function signed(): Promise<void> {
  const unsigned = async () => {
    const note = valueOf(parseNote(await readFile(join(home, 'ledger', 'checkpoint'))));
    const [report] = (await auditHomes({ homes: [home] })).homes;
    return (report?.size ?? Infinity) - valueOf(parseCheckpoint(note.text)).size;
  };
  await expect.poll(unsigned, { timeout: LIMIT_MS }).toBe(0);
}

describe.each([hold, release, approval, rootCrl])('$what', (operation) => {
  it.each(MOMENTS)('$how $when ($kind)', (moment) => strike(operation, moment));
});
