import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PASSPHRASE, runJson } from '../support/ca-process.ts';
import { TestCluster, type Peer } from '../support/cluster.ts';
import { faultLine } from '../support/fault-line.ts';
import { lifesign, type Ending } from '../support/process.ts';
import { RamDisk } from '../support/ram-disk.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMIT_MS = 60_000;
/** Until what a ledger has preallocated is used up, at the shortest interval. */
const PREALLOCATED_MS = 200_000;

describe('a full disk under a node', () => {
  it('while it runs: it stays alive with heartbeats flagged unlogged, and records the gap', async () => {
    await using cluster = new TestCluster(await tempDir());
    const names = ['alpha', 'bravo', 'charlie'];
    await mkdir(join(cluster.directory, 'certs'));
    using disk = new RamDisk(cluster.home('charlie'), '64m');
    await cluster.initCa();
    await cluster.serve();
    for (const name of names) await cluster.enroll(name);
    for (const name of names) {
      await cluster.configure(name, (yaml) => yaml.replace(/^interval_ms: .*$/m, 'interval_ms: 100'));
      await cluster.run(name);
    }
    await cluster.until(names, names, isAlive, LIMIT_MS);

    disk.fill();
    await cluster.node('charlie').errorLine(/LS_LEDGER_DISK_FULL/, PREALLOCATED_MS);
    await cluster.until(['alpha', 'bravo'], ['charlie'], isUnlogged, LIMIT_MS);
    expect(await cluster.status('charlie')).toMatchObject({ ledgerHealthy: false });
    expect(await cluster.peer('alpha', 'charlie')).toMatchObject({ state: 'alive', alive: true });

    disk.free();
    await cluster.until(
      ['alpha', 'bravo'],
      ['charlie'],
      (peer) => isAlive(peer) && !isUnlogged(peer),
      LIMIT_MS,
    );
    expect(await cluster.status('charlie')).toMatchObject({ ledgerHealthy: true });
    await cluster.node('charlie').kill('SIGTERM');
    const audit = await lifesign(['--json', 'audit', 'verify', cluster.home('charlie')]);
    const { ok, complete, faults } = JSON.parse(audit.stdout) as {
      ok: boolean;
      complete: boolean;
      faults: readonly { code: string }[];
    };
    expect({ ok, complete, codes: faults.map(({ code }) => code) }).toEqual({
      ok: false,
      complete: false,
      codes: [],
    });
    expect(audit.code).toBe(2);
  });

  it('when it starts: it refuses, and starts once there is room', async () => {
    await using cluster = new TestCluster(await tempDir());
    await mkdir(join(cluster.directory, 'certs'));
    using disk = new RamDisk(cluster.home('alpha'), '16m');
    await cluster.initCa();
    await cluster.serve();
    await cluster.enroll('alpha');
    disk.fill();
    const refused = await cluster.ask('alpha', 'node', 'run');
    expectFull(refused);
    disk.free();
    await cluster.run('alpha');
  });

  it('when it enrolls: the token stays unspent', async () => {
    await using cluster = new TestCluster(await tempDir());
    using disk = new RamDisk(join(cluster.directory, 'certs'), '16m');
    await cluster.initCa();
    await cluster.serve();
    const token = await cluster.token('alpha');
    disk.fill();
    expectFull(await cluster.ask('alpha', 'node', 'enroll', token));
    disk.free();
    await cluster.good(['--home', cluster.home('alpha'), 'node', 'enroll', token]);
  });
});

describe('a full disk under a CA', () => {
  it('keeps a revocation from being acknowledged, and loses none', async () => {
    const directory = await tempDir();
    using disk = new RamDisk(join(directory, 'ca'), '32m');
    await using cluster = new TestCluster(directory);
    const names = ['alpha', 'bravo', 'charlie'];
    await cluster.up(names);
    await cluster.enroll('echo');
    await cluster.askCa('revoke', 'echo', '--reason', 'certificateHold');
    disk.fill();
    for (const request of [
      ['release', 'echo'],
      ['remove', 'echo'],
      ['revoke', 'alpha', '--reason', 'certificateHold'],
    ])
      expect(faultLine(await cluster.askCa(...request)), request.join(' ')).toMatchObject({
        code: 'LS_CA_STORE_FULL',
      });
    expect(await statusOf(cluster, 'echo')).toBe('revoked');
    const refused = await cluster.askCa('revoke', 'charlie');
    expect(faultLine(refused)).toMatchObject({ code: 'LS_CA_STORE_FULL' });
    expect(refused.code).toBe(5);
    expect(await statusOf(cluster, 'charlie')).toBe('good');
    expect(await cluster.peer('alpha', 'charlie')).toMatchObject({ state: 'alive' });
    const token = await cluster.askCa('token', 'create', 'delta');
    expect(faultLine(token)).toMatchObject({ code: 'LS_CA_STORE_FULL' });

    disk.free();
    const revoked = await cluster.pki('revoke', 'charlie');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ name: 'charlie', crlNumber: 3, spread: 'mesh' });
    await cluster.pki('release', 'echo');
    await cluster.until(['alpha', 'bravo'], ['charlie'], (peer) => peer?.state === 'revoked', LIMIT_MS);
    await cluster.ca?.kill('SIGKILL');
    await cluster.serve();
    expect(await statusOf(cluster, 'charlie')).toBe('revoked');
    expect(await statusOf(cluster, 'echo')).toBe('good');
    const audit = await lifesign(['--json', 'audit', 'verify', disk.path]);
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, faults: [] });
  });

  it('when it is made: nothing half-made stays, and init works once there is room', async () => {
    const directory = await tempDir();
    using disk = new RamDisk(join(directory, 'disk'), '16m');
    const home = join(disk.path, 'ca');
    const init = ['pki', 'init', '--url', 'https://127.0.0.1:18440', '--crl-url', 'http://127.0.0.1:18441'];
    disk.fill();
    const args = ['--home', home, '--json', ...init];
    const refused = await lifesign(args, { env: { LIFESIGN_PASSPHRASE: PASSPHRASE } });
    expectFull(refused);
    expect(await readdir(disk.path)).toEqual(['ballast']);
    disk.free();
    await runJson(home, init);
  });
});

async function statusOf(cluster: TestCluster, name: string): Promise<string | undefined> {
  const listed = await cluster.pki('list');
  const { certificates } = JSON.parse(listed.stdout) as {
    certificates: readonly { name: string; status: string }[];
  };
  return certificates.find((certificate) => certificate.name === name)?.status;
}

function expectFull(ended: Ending): void {
  expect(faultLine(ended).code).toMatch(/^LS_(DISK|LEDGER_DISK|CA_STORE)_FULL$/);
  expect(ended.code).toBe(5);
}

function isAlive(peer: Peer | undefined): boolean {
  return peer?.state === 'alive' && peer.alive;
}

function isUnlogged(peer: Peer | undefined): boolean {
  return peer?.flags.includes('unlogged') ?? false;
}
