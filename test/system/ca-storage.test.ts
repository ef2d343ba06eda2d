import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { enrollOver } from '../support/ca-calls.ts';
import {
  callSocket,
  initCaHome,
  PASSPHRASE,
  runJson,
  runOn,
  serveCaHome,
  type SocketAnswer,
} from '../support/ca-process.ts';
import { faultLine } from '../support/fault-line.ts';
import { lifesign, startLifesign } from '../support/process.ts';
import { RamDisk } from '../support/ram-disk.ts';
import { tempDir } from '../support/temp-dir.ts';

/*
 * What an operator does to a CA, on real processes and files: a rollover cut short by kill -9 at moments spread over each
 * call, and all of it on a disk that is full. What was acknowledged is there after the next start, what was refused is
 * not, what was cut short is one or the other and can be asked for again; and the ledger, the store and the CRLs agree.
 */

const KILLS_OF_EACH = 3;
const HOLD = { reason: 'certificateHold' };
const FULL = /^LS_(DISK|CA_STORE)_FULL$/;

/** One thing to do to a CA. */
interface Act {
  readonly what: string;
  run(): Promise<SocketAnswer>;
  /** What the CA says of it afterwards. */
  isDone(): Promise<boolean>;
}

interface Ca {
  readonly home: string;
  /** The root's own home, on another machine as it were. */
  readonly root: string;
  readonly directory: string;
}

/** A CA with its root elsewhere, and one node or request for each act of its kind. */
async function makeCa(home: string, directory: string, each: number): Promise<Ca> {
  const root = join(directory, 'root');
  await initCaHome(home);
  await runJson(root, ['pki', 'root', 'init', '--from', home]);
  await using server = await serveCaHome(home);
  expect(server.pid).toBeGreaterThan(0);
  for (let n = 0; n < each; n++) {
    await enrollOver(home, `hold-${n}`);
    await enrollOver(home, `release-${n}`);
    await enrollOver(home, `revoke-${n}`);
    await enrollOver(home, `remove-${n}`);
    await acknowledged(callSocket(home, 'POST', `/v1/nodes/release-${n}/revoke`, HOLD));
    for (const name of [`approve-${n}`, `deny-${n}`])
      await enrollOver(home, name, { token: { approval: true }, status: 202 });
  }
  return { home, root, directory };
}

async function acknowledged(call: Promise<SocketAnswer>): Promise<SocketAnswer> {
  const answer = await call;
  expect(answer.status, JSON.stringify(answer.json)).toBeLessThan(300);
  return answer;
}

async function rows(
  home: string,
  path: string,
  member: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { json } = await acknowledged(callSocket(home, 'GET', path));
  return json[member] as readonly Readonly<Record<string, unknown>>[];
}

async function certificateOf(home: string, name: string) {
  return (await rows(home, '/v1/certificates', 'certificates')).find((row) => row['name'] === name);
}

async function requestOf(home: string, name: string) {
  return (await rows(home, '/v1/requests?all=true', 'requests')).find((row) => row['name'] === name);
}

async function generations(home: string): Promise<string> {
  const listed = await rows(home, '/v1/rollover', 'generations');
  return listed.map(({ generation, state }) => `${String(generation)} ${String(state)}`).join(', ');
}

/** What is done for the nth time. `rootCrl`: DER of the nth CRL that the root elsewhere has signed. */
function acts(
  { home }: Ca,
  n: number,
  rootCrl: { readonly number: number; readonly der: Buffer },
): readonly Act[] {
  const post = (path: string, body?: object) => callSocket(home, 'POST', path, body ?? {});
  const decide = async (name: string, word: string) =>
    post(`/v1/requests/${String((await requestOf(home, name))?.['requestId'])}/${word}`);
  return [
    {
      what: 'hold',
      run: () => post(`/v1/nodes/hold-${n}/revoke`, HOLD),
      isDone: async () => (await certificateOf(home, `hold-${n}`))?.['reason'] === 'certificateHold',
    },
    {
      what: 'release',
      run: () => callSocket(home, 'POST', `/v1/nodes/release-${n}/release`),
      isDone: async () => (await certificateOf(home, `release-${n}`))?.['status'] === 'good',
    },
    {
      what: 'revoke',
      run: () => post(`/v1/nodes/revoke-${n}/revoke`, { reason: 'keyCompromise' }),
      isDone: async () => (await certificateOf(home, `revoke-${n}`))?.['reason'] === 'keyCompromise',
    },
    {
      what: 'approve',
      run: () => decide(`approve-${n}`, 'approve'),
      isDone: async () => (await requestOf(home, `approve-${n}`))?.['status'] === 'approved',
    },
    {
      what: 'deny',
      run: () => decide(`deny-${n}`, 'deny'),
      isDone: async () => (await requestOf(home, `deny-${n}`))?.['status'] === 'denied',
    },
    {
      what: 'CRL of the root',
      run: () => post('/v1/root-crl', { crl: rootCrl.der.toString('base64') }),
      isDone: async () => {
        const { json } = await acknowledged(callSocket(home, 'GET', '/v1/crl'));
        return Buffer.from(String(json['root']), 'base64').equals(rootCrl.der);
      },
    },
  ];
}

/** The next CRL of the root that is elsewhere. */
async function signRootCrl({ root, directory }: Ca): Promise<{ number: number; der: Buffer }> {
  const file = join(directory, 'root.crl');
  const { crlNumber } = await runJson<{ crlNumber: number }>(root, ['pki', 'root', 'crl', '-o', file]);
  return { number: crlNumber, der: await readFile(file) };
}

async function expectAuditAgrees(home: string): Promise<void> {
  const root = ['--root', join(home, 'root.pem')];
  const audit = await lifesign(['--json', 'audit', 'verify', home, ...root]);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, faults: [] });
}

/** The ledger is signed in the background, within this time of a start. */
const LEDGER_SIGNED_MS = 1_500;

describe('kill -9 of a CA', () => {
  it('at any moment of a rollover leaves one to go on from', { timeout: 280_000 }, async () => {
    const home = join(await tempDir(), 'ca');
    await initCaHome(home);
    const steps = [
      ['prepare', {}, 'prepared'],
      ['activate', { force: true }, 'active'],
      ['retire', {}, 'retired'],
    ] as const;
    const took = new Map<string, number>();
    for (let n = 0; n < KILLS_OF_EACH; n++) {
      for (const [word, body, state] of steps) {
        const generation = word === 'retire' ? n + 1 : n + 2;
        const isDone = async () => (await generations(home)).includes(`${generation} ${state}`);
        const run = () => callSocket(home, 'POST', `/v1/rollover/${word}`, body);
        let isAcknowledged: boolean;
        {
          await using server = await serveCaHome(home);
          const begun = performance.now();
          const call = run().then(
            ({ status }) => status < 300,
            () => false,
          );
          if (n > 0) await sleep(((took.get(word) ?? 0) * (n - 0.5)) / (KILLS_OF_EACH - 1));
          else await call;
          if (n === 0) took.set(word, performance.now() - begun);
          await server.kill('SIGKILL');
          isAcknowledged = await call;
        }
        await using again = await serveCaHome(home);
        expect(again.pid).toBeGreaterThan(0);
        if (isAcknowledged) expect(await isDone(), `${word} ${generation}`).toBe(true);
        else if (!(await isDone())) await acknowledged(run());
        expect(await isDone(), `${word} ${generation} in the end`).toBe(true);
      }
    }
    await signLedger(home);
    expect(await generations(home).catch(() => 'no server')).toBe('no server');
    await expectAuditAgrees(home);
  });
});

describe('a full disk under a CA', () => {
  it(
    'refuses whatever an operator does, changes nothing, and goes on once there is room',
    { timeout: 280_000 },
    async () => {
      const directory = await tempDir();
      using disk = new RamDisk(join(directory, 'disk'), '32m');
      const ca = await makeCa(join(disk.path, 'ca'), directory, 1);
      const { home } = ca;
      await using server = await serveCaHome(home);
      const todo = acts(ca, 0, await signRootCrl(ca));
      const before = await generations(home);
      disk.fill();
      for (const { what, run, isDone } of todo) {
        const { status, json } = await run();
        expect([what, status, json['code']]).toEqual([what, 507, expect.stringMatching(FULL)]);
        expect(await isDone(), what).toBe(false);
      }
      const prepared = await callSocket(home, 'POST', '/v1/rollover/prepare', {});
      expect(prepared.status, JSON.stringify(prepared.json)).toBeGreaterThanOrEqual(400);
      expect(await generations(home)).toBe(before);
      const change = await runOn(home, ['pki', 'token', 'create', 'beta', '--json']);
      expect(faultLine(change).code).toMatch(FULL);
      disk.free();
      for (const { what, run, isDone } of todo) {
        await acknowledged(run());
        expect(await isDone(), what).toBe(true);
      }
      await server.kill('SIGKILL');
      await using again = await serveCaHome(home);
      expect(again.pid).toBeGreaterThan(0);
      for (const { what, isDone } of todo) expect(await isDone(), `${what} after kill -9`).toBe(true);
      await again.kill('SIGTERM');
      await expectAuditAgrees(home);
    },
  );
});

/** A last server, which ends in peace: the checkpoint of the ledger is of all there is then. */
async function signLedger(home: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const secrets = { LIFESIGN_PASSPHRASE: PASSPHRASE, ...env };
  const server = startLifesign(['--home', home, 'pki', 'serve'], { env: secrets, timeoutMs: 60_000 });
  await server.line(/^next, in another terminal/);
  await sleep(LEDGER_SIGNED_MS);
  await server.kill('SIGTERM');
}
