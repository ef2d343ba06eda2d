import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callSocket } from '../support/ca-process.ts';
import { TestCluster } from '../support/cluster.ts';
import { DATABASE_PASSWORD, PostgresServer } from '../support/postgres.ts';
import { lifesign } from '../support/process.ts';
import { copyCaHome } from '../support/replica-cluster.ts';
import { tempDir } from '../support/temp-dir.ts';

const KILLS = 4;
const NAMES = ['alpha', 'beta', 'gamma'];
let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});

afterAll(() => server[Symbol.asyncDispose]());

/** A cluster whose CA is in a new database, which it reaches with the password of the environment. */
async function newCluster(): Promise<TestCluster> {
  const cluster = new TestCluster(await tempDir());
  const url = new URL(server.create(`e2e_${databases++}`));
  url.password = '';
  cluster.initOptions.push('--store', url.href);
  cluster.env['PGPASSWORD'] = DATABASE_PASSWORD;
  return cluster;
}

describe('a CA in a PostgreSQL database', () => {
  it('enrolls nodes, runs a mesh with them, revokes, and is audited', async () => {
    await using cluster = await newCluster();
    await cluster.up(NAMES);
    const [first, second] = [['alpha', 'beta'], ['gamma']];
    const revoked = await cluster.askCa('revoke', 'gamma', '--reason', 'keyCompromise', '--wait');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ name: 'gamma', spread: 'mesh' });
    await cluster.until(first, second, (peer) => peer?.state === 'revoked');
    await cluster.until(first, first, (peer) => peer?.state === 'alive');
    const listed = JSON.parse((await cluster.pki('list')).stdout) as {
      certificates: { status: string; name: string }[];
    };
    const nodes = listed.certificates.filter(({ name }) => NAMES.includes(name));
    expect(nodes.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'alpha good',
      'beta good',
      'gamma revoked',
    ]);
    await cluster.ca?.[Symbol.asyncDispose]();
    const homes = [cluster.caHome, ...NAMES.map((name) => cluster.home(name))];
    const root = ['--root', join(cluster.caHome, 'root.pem')];
    const audit = await lifesign(['--json', 'audit', 'verify', ...homes, ...root], { env: cluster.env });
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true });
    await expect(stat(join(cluster.caHome, 'store.sqlite'))).rejects.toThrow('ENOENT');
  });

  it('is found again by a server, and by commands without one', async () => {
    await using cluster = await newCluster();
    await cluster.initCa();
    await cluster.serve();
    await cluster.enroll('alpha');
    await cluster.ca?.[Symbol.asyncDispose]();
    expect((await cluster.pki('list')).stdout).toContain('alpha');
    const passphrase = ['--passphrase-file', cluster.passphraseFile];
    const revoked = await cluster.askCa('revoke', 'alpha', ...passphrase);
    expect(JSON.parse(revoked.stdout)).toMatchObject({ name: 'alpha', spread: 'none' });
    await cluster.serve();
    expect((await cluster.pki('show', 'alpha')).stdout).toContain('revoked');
  });

  it('is made once: another home leaves the database, and itself, as they are', async () => {
    await using cluster = await newCluster();
    await cluster.initCa();
    const other = join(cluster.directory, 'other');
    const init = ['pki', 'init', ...cluster.initOptions, '--passphrase-file', cluster.passphraseFile];
    const again = await lifesign(['--home', other, ...init], { env: cluster.env });
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('LS_CA_ALREADY_INITIALISED')]);
    await expect(stat(other)).rejects.toThrow('ENOENT');
  });

  it('comes back read-only from a dump as the handbook says, and goes on when its loss is accepted', async () => {
    await using cluster = await newCluster();
    await cluster.initCa();
    await cluster.serve();
    for (const name of ['alpha', 'beta']) await cluster.enroll(name);
    const kept = join(cluster.directory, 'kept');
    await cluster.ca?.[Symbol.asyncDispose]();
    copyCaHome(cluster.caHome, kept);
    const database = `e2e_${databases - 1}`;
    const dump = server.dump(database);
    const passphrase = ['--passphrase-file', cluster.passphraseFile];
    const lost = JSON.parse((await cluster.askCa('revoke', 'alpha', ...passphrase)).stdout) as {
      crlNumber: number;
    };
    server.sql(database, 'DROP SCHEMA lifesign CASCADE');
    server.sql(database, dump);
    server.sql(
      database,
      `INSERT INTO lifesign.meta (name, value) VALUES ('read_only_since', extract(epoch FROM now())::bigint * 1000)`,
    );
    const onKept = (...args: readonly string[]) =>
      lifesign(['--home', kept, '--json', 'pki', ...args, ...passphrase], { env: cluster.env });
    const refused = await onKept('revoke', 'beta');
    expect([refused.code, refused.stderr]).toEqual([6, expect.stringContaining('LS_CA_READ_ONLY')]);
    const accepted = await onKept('restore', '--accept-loss');
    expect((JSON.parse(accepted.stdout) as { crlNumber: number }).crlNumber).toBeGreaterThan(lost.crlNumber);
    expect((await onKept('revoke', 'beta')).code).toBe(0);
  });

  it('is backed up while it serves, tried, and restored: into another database, and into a file', async () => {
    await using cluster = await newCluster();
    await cluster.up(NAMES);
    for (const [name, reason] of [
      ['gamma', 'keyCompromise'],
      ['beta', 'certificateHold'],
    ] as const)
      await cluster.pki('revoke', name, '--reason', reason);
    await cluster.pki('rollover', 'root', 'prepare');
    await cluster.token('delta', '--dns', 'delta.test.internal');
    const secret = ['--passphrase-file', cluster.passphraseFile];
    // Servers of the same database write meanwhile: what is copied is of one moment.
    const stop = new AbortController();
    const writing = (async () => {
      for (let n = 0; !stop.signal.aborted; n++)
        await callSocket(cluster.caHome, 'POST', '/v1/tokens', { name: `token-${n}` });
    })();
    const file = join(cluster.directory, 'ca.backup');
    const made = await cluster.pki('backup', '-o', file, ...secret);
    stop.abort();
    await writing;
    await cluster.ca?.kill('SIGTERM');
    for (const name of NAMES) await cluster.node(name).kill('SIGTERM');
    const { crlNumber, rosterNumber } = JSON.parse(made.stdout) as Record<
      'crlNumber' | 'rosterNumber',
      number
    >;
    const at = (home: string, ...args: readonly string[]) =>
      lifesign(['--home', home, '--json', ...args, ...secret], { env: cluster.env });

    const list = (home: string) =>
      lifesign(['--home', home, '--json', 'pki', 'list', '--all'], { env: cluster.env });

    const drill = await lifesign(['--json', 'pki', 'restore', '--check', file, ...secret], {
      env: cluster.env,
    });
    expect(JSON.parse(drill.stdout), drill.stderr).toMatchObject({ ok: true, rootKey: true });
    const there = join(cluster.directory, 'there');
    const full = await at(there, 'pki', 'restore', file);
    expect([full.code, full.stderr]).toEqual([3, expect.stringContaining('LS_BACKUP_TARGET')]);
    await expect(stat(there)).rejects.toThrow('ENOENT');

    const elsewhere = new URL(server.create(`e2e_${databases++}`));
    elsewhere.password = '';
    const inFile = join(cluster.directory, 'in-file');
    for (const [home, store] of [
      [there, elsewhere.href],
      [inFile, 'sqlite'],
    ] as const) {
      const restored = await at(home, 'pki', 'restore', file, '--store', store);
      expect(JSON.parse(restored.stdout), restored.stderr).toMatchObject({
        crlNumber,
        rosterNumber,
        readOnly: true,
      });
      const audit = ['audit', 'verify', home, '--root', join(cluster.caHome, 'root.pem')];
      const agreed = await lifesign(['--json', ...audit], { env: cluster.env });
      expect(JSON.parse(agreed.stdout), agreed.stderr).toMatchObject({ ok: true });
      const listed = JSON.parse((await list(home)).stdout) as {
        certificates: { status: string; name: string; reason?: string }[];
      };
      const nodes = listed.certificates.filter(({ name }) => NAMES.includes(name));
      expect(nodes.map(({ name, status, reason = '-' }) => `${name} ${status} ${reason}`).toSorted()).toEqual(
        ['alpha good -', 'beta revoked certificateHold', 'gamma revoked keyCompromise'],
      );
      expect((await at(home, 'pki', 'release', 'beta')).stderr).toContain('LS_CA_READ_ONLY');
      expect((await at(home, 'pki', 'restore', '--accept-loss')).code).toBe(0);
      // No server runs that could tell the nodes.
      const released = await at(home, 'pki', 'release', 'beta');
      expect([released.code, JSON.parse(released.stdout)]).toMatchObject([
        2,
        { name: 'beta', spread: 'local' },
      ]);
      const again = await lifesign(['--json', ...audit], { env: cluster.env });
      expect(JSON.parse(again.stdout), again.stderr).toMatchObject({ ok: true });
    }
    await expect(stat(join(there, 'store.sqlite'))).rejects.toThrow('ENOENT');
    expect((await stat(join(inFile, 'store.sqlite'))).mode & 0o777).toBe(0o600);
    // As strict as a database that was made here: a row that has lost its parent is refused again.
    const orphan = `INSERT INTO lifesign.addresses VALUES ('none', 'none', 'none:1', 1)`;
    expect(() => server.sql(`e2e_${databases - 1}`, orphan)).toThrow(/foreign key/);
  });

  it('never shows the password, wherever it came from', async () => {
    await using cluster = await newCluster();
    const [, url = ''] = cluster.initOptions;
    const withPassword = new URL(url);
    withPassword.password = encodeURIComponent(DATABASE_PASSWORD);
    cluster.initOptions[1] = withPassword.href;
    delete cluster.env['PGPASSWORD'];
    const made = await cluster.initCa();
    const serving = await cluster.serve();
    const passphrase = ['--passphrase-file', cluster.passphraseFile];
    const backup = await cluster.askCa('backup', '-o', join(cluster.directory, 'b'), ...passphrase);
    expect([backup.code, backup.stderr]).toEqual([0, expect.anything()]);
    await server.stop('kill');
    const failed = await cluster.askCa('list');
    expect([failed.code, failed.stderr]).toEqual([4, expect.stringContaining('LS_CA_STORE_UNREACHABLE')]);
    await serving[Symbol.asyncDispose]();
    const stopped = await cluster.askCa('list');
    expect([stopped.code, stopped.stderr]).toEqual([4, expect.stringContaining('LS_CA_STORE_UNREACHABLE')]);
    await server.launch();
    const ended = await serving.ended;
    for (const { stdout, stderr } of [made, backup, failed, stopped, ended])
      for (const secret of [DATABASE_PASSWORD, encodeURIComponent(DATABASE_PASSWORD)])
        expect(stdout + stderr).not.toContain(secret);
    const config = join(cluster.caHome, 'ca.yaml');
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    expect(await readFile(config, 'utf8')).toContain(encodeURIComponent(DATABASE_PASSWORD).slice(0, 3));
  });

  it('answers with a code while the database is away, and goes on by itself with all that was acknowledged', async () => {
    await using cluster = await newCluster();
    await cluster.up(NAMES);
    const call = (method: string, path: string, body?: object) =>
      callSocket(cluster.caHome, method, path, body);
    const acknowledged = new Set<string>();
    const codes = new Set<string>();
    const stop = new AbortController();
    let rounds = 0;
    const working = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        const { status, json } = await call('POST', '/v1/tokens', { name: `token-${n}` });
        if (status === 200 || status === 201) acknowledged.add(`token-${n}`);
        else codes.add(String(json['code']));
        rounds++;
      }
    })();
    for (let kill = 0; kill < KILLS; kill++) {
      const before = acknowledged.size;
      await expect.poll(() => acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(before + 3);
      await server.stop('kill');
      const long = kill === 0;
      if (long) {
        await expect.poll(() => [...codes], { timeout: 30_000 }).toEqual(['LS_CA_STORE_UNREACHABLE']);
        const ready = await call('GET', '/readyz');
        expect([ready.status, ready.json['code']]).toEqual([503, 'LS_CA_STORE_UNREACHABLE']);
        await cluster.until(NAMES, NAMES, (peer) => peer?.state === 'alive');
      }
      await server.launch();
    }
    stop.abort();
    await working;
    await expect.poll(async () => (await call('GET', '/readyz')).status, { timeout: 30_000 }).toBe(200);
    const { json } = await call('GET', '/v1/tokens');
    const kept = new Set((json['tokens'] as { name: string }[]).map(({ name }) => name));
    expect([...acknowledged].filter((name) => !kept.has(name))).toEqual([]);
    expect([...codes]).toEqual(['LS_CA_STORE_UNREACHABLE']);
    expect(rounds).toBeGreaterThan(acknowledged.size);
    const revoked = await cluster.askCa('revoke', 'gamma', '--wait');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ name: 'gamma', spread: 'mesh' });
    await cluster.until(['alpha', 'beta'], ['gamma'], (peer) => peer?.state === 'revoked');
  });

  it('does not wait for ever for a database that says nothing, and goes on when it speaks again', async () => {
    await using cluster = await newCluster();
    await cluster.initCa();
    await cluster.serve();
    const call = (method: string, path: string, body?: object) =>
      callSocket(cluster.caHome, method, path, body);
    expect((await call('POST', '/v1/tokens', { name: 'one' })).status).toBeLessThan(300);
    server.freeze(true);
    try {
      const silent = await call('POST', '/v1/tokens', { name: 'two' });
      expect([silent.status, silent.json['code']]).toEqual([503, 'LS_CA_STORE_UNREACHABLE']);
    } finally {
      server.freeze(false);
    }
    await expect
      .poll(async () => (await call('POST', '/v1/tokens', { name: 'three' })).status, { timeout: 60_000 })
      .toBeLessThan(300);
  });
});
