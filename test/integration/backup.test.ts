import { createHash } from 'node:crypto';
import {
  access,
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { get } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  callSocket,
  fileDirectory,
  initCaHome,
  runJson,
  runOn,
  serveCaHome,
  type CaHomeOnDisk,
} from '../support/ca-process.ts';
import { TestCluster } from '../support/cluster.ts';
import { faultLine } from '../support/fault-line.ts';
import { lifesign } from '../support/process.ts';
import { tempDir } from '../support/temp-dir.ts';

const LIMIT_MS = 60_000;

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

/** Exit and code of a command that is refused. */
async function refusal(
  home: string,
  args: readonly string[],
  env = {},
): Promise<readonly [number | null, string]> {
  const ended = await runOn(home, ['--json', ...args], { env });
  return [ended.code, faultLine(ended).code];
}

/** SHA-256 of every file of a home by its path, the store and what comes and goes left out. */
async function filesBelow(home: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  const digests: Record<string, string> = {};
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(home.length + 1);
    if (/^(?:lock|store\.sqlite|control)/.test(name)) continue;
    digests[name] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return digests;
}

describe('a backup of a CA', () => {
  let folder: Awaited<ReturnType<typeof fileDirectory>>;
  let ca: CaHomeOnDisk;
  let backup: string;

  beforeAll(async () => {
    folder = await fileDirectory();
    ca = await initCaHome(join(folder.path, 'ca'));
    backup = join(folder.path, 'first.backup');
    await mkdir(join(ca.home, 'ledger', 'tile'), { recursive: true, mode: 0o700 });
    await writeFile(join(ca.home, 'ledger', 'tile', '000'), 'tile', { mode: 0o600 });
    await writeFile(join(ca.home, 'ledger', 'checkpoint.new'), 'unfinished', { mode: 0o600 });
    await runJson(ca.home, ['pki', 'token', 'create', 'early']);
    await runJson(ca.home, ['pki', 'backup', '-o', backup]);
  });

  afterAll(async () => {
    await folder.remove();
  });

  it('is one private file, and no other is left beside it', async () => {
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder.path)).sort()).toEqual(['ca', 'first.backup']);
  });

  it('never replaces a file', async () => {
    const before = await readFile(backup, 'hex');
    expect(await refusal(ca.home, ['pki', 'backup', '-o', backup])).toEqual([3, 'LS_BACKUP_EXISTS']);
    expect(await readFile(backup, 'hex')).toBe(before);
  });

  it('refuses to leave out what it cannot keep', async () => {
    const link = join(ca.home, 'elsewhere');
    await symlink(folder.path, link);
    expect(await refusal(ca.home, ['pki', 'backup', '-o', join(folder.path, 'linked')])).toEqual([
      3,
      'LS_BACKUP_FILE',
    ]);
    await unlink(link);
  });

  it('restores every file, and says what it is of', async () => {
    const home = join(await tempDir(), 'ca');
    const restored = await runJson(home, ['pki', 'restore', backup]);
    expect(restored).toMatchObject({
      home,
      trustDomain: 'mesh.internal',
      rootSha256: ca.rootSha256,
      readOnly: true,
    });
    const { 'ledger/checkpoint.new': unfinished, ...kept } = await filesBelow(ca.home);
    expect(unfinished).toBeDefined();
    expect(await filesBelow(home)).toEqual(kept);
    expect((await stat(join(home, 'keys', 'issuing.key.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'ledger'))).mode & 0o777).toBe(0o700);
  });

  it('does not restore over a home, and leaves nothing when it fails', async () => {
    expect(await refusal(ca.home, ['pki', 'restore', backup])).toEqual([3, 'LS_CA_EXISTS']);
    const place = await tempDir();
    const home = join(place, 'ca');
    const bytes = await readFile(backup);
    const cases: readonly (readonly [string, Uint8Array, string, number])[] = [
      ['short', bytes.subarray(0, bytes.length - 5), 'LS_BACKUP_TRUNCATED', 5],
      [
        'other',
        Buffer.concat([bytes.subarray(0, 90), Buffer.from([1, 2, 3]), bytes.subarray(93)]),
        'LS_BACKUP_DAMAGED',
        5,
      ],
      ['late', Buffer.concat([bytes.subarray(0, -30), Buffer.alloc(30)]), 'LS_BACKUP_DAMAGED', 5],
      [
        'newer',
        Buffer.concat([bytes.subarray(0, 8), Buffer.from([0, 2]), bytes.subarray(10)]),
        'LS_BACKUP_VERSION',
        3,
      ],
      ['none', Buffer.from('PK nothing of ours'), 'LS_BACKUP_NOT_ONE', 3],
    ];
    for (const [name, content, code, exit] of cases) {
      const file = join(folder.path, name);
      await writeFile(file, content);
      expect(await refusal(home, ['pki', 'restore', file]), name).toEqual([exit, code]);
      expect(await readdir(place), name).toEqual([]);
    }
    expect(await refusal(home, ['pki', 'restore', backup], { LIFESIGN_PASSPHRASE: 'wrong' })).toEqual([
      3,
      'LS_BACKUP_PASSPHRASE',
    ]);
    expect((await refusal(home, ['pki', 'restore', join(folder.path, 'missing')]))[1]).toBe(
      'LS_FILE_NOT_FOUND',
    );
    expect(await readdir(place)).toEqual([]);
  });

  it('is tried out with --check, and nothing of the drill stays', async () => {
    const place = await tempDir();
    const drill = (...args: readonly string[]) =>
      lifesign(['--json', 'pki', 'restore', '--check', ...args], {
        env: { LIFESIGN_PASSPHRASE: 'correct horse battery', TMPDIR: place },
      });
    const fine = await drill(backup);
    expect(JSON.parse(fine.stdout)).toMatchObject({
      ok: true,
      rootSha256: ca.rootSha256,
      rootKey: true,
      crlInDate: true,
    });
    const passphrase = join(folder.path, 'other-passphrase');
    await writeFile(passphrase, 'not that of the keys\n', { mode: 0o600 });
    const locked = await drill(backup, '--key-passphrase-file', passphrase);
    expect([locked.code, faultLine(locked).code]).toEqual([3, 'LS_KEY_PASSPHRASE']);
    expect(await readdir(place)).toEqual([]);
  });

  it('of a home with a damaged store, or another CA’s key, fails the drill', async () => {
    const broken = join(await tempDir(), 'ca');
    await runJson(broken, ['pki', 'restore', backup]);
    const other = await initCaHome(join(await tempDir(), 'other'));
    await writeFile(
      join(broken, 'keys', 'issuing.key.pem'),
      await readFile(join(other.home, 'keys', 'issuing.key.pem')),
    );
    const swapped = join(folder.path, 'swapped');
    await runJson(broken, ['pki', 'backup', '-o', swapped]);
    expect((await refusal(broken, ['pki', 'restore', '--check', swapped]))[1]).toBe('LS_CA_KEY_MISMATCH');
    const database = new DatabaseSync(join(broken, 'store.sqlite'));
    database.exec(
      `PRAGMA foreign_keys = OFF; INSERT INTO addresses VALUES ('${'0'.repeat(32)}', 'a', 'b:1', 1)`,
    );
    database.close();
    const orphaned = join(folder.path, 'orphaned');
    await runJson(broken, ['pki', 'backup', '-o', orphaned]);
    expect((await refusal(broken, ['pki', 'restore', '--check', orphaned]))[1]).toBe('LS_CA_STORE_CORRUPT');
  });

  it('restored, serves what is public, is red, and changes nothing until the loss is accepted', async () => {
    const home = join(await tempDir(), 'ca');
    await runJson(home, ['pki', 'restore', backup]);
    const server = await serveCaHome(home);
    expect(server.stdout.split('\n')[0]).toContain('READ-ONLY');
    for (const path of ['/v1/bundle', '/v1/crl', '/v1/roster', '/healthz', '/v1/certificates']) {
      expect((await callSocket(home, 'GET', path)).status, path).toBe(200);
    }
    expect(await statusOf(`http://127.0.0.1:${ca.crlPort}/crl/issuing.crl`)).toBe(200);
    const ready = await callSocket(home, 'GET', '/readyz');
    expect([ready.status, ready.json['code']]).toEqual([503, 'LS_CA_READ_ONLY']);
    const refused = [
      ['token', 'create', 'late'],
      ['revoke', 'early'],
      ['remove', 'early'],
      ['crl', '--publish'],
      ['operator', 'create', 'kim', '-o', join(folder.path, 'kim')],
    ];
    for (const args of refused) {
      expect(await refusal(home, ['pki', ...args]), args.join(' ')).toEqual([6, 'LS_CA_READ_ONLY']);
    }
    const before = await callSocket(home, 'GET', '/v1/crl');
    const accepted = await runJson<Record<string, number>>(home, ['pki', 'restore', '--accept-loss']);
    expect(accepted).toMatchObject({ formerCrlNumber: before.json['crlNumber'], droppedTokens: 1 });
    expect(accepted['crlNumber']).toBeGreaterThan(2 ** 20);
    expect(accepted['rosterNumber']).toBeGreaterThan(2 ** 20);
    expect((await callSocket(home, 'GET', '/v1/crl')).json['crlNumber']).toBe(accepted['crlNumber']);
    expect((await callSocket(home, 'GET', '/readyz')).status).toBe(200);
    await runJson(home, ['pki', 'token', 'create', 'late']);
    expect(await refusal(home, ['pki', 'restore', '--accept-loss'])).toEqual([3, 'LS_CA_NOT_RESTORED']);
    await server.kill('SIGTERM');
    const rows = new DatabaseSync(join(home, 'store.sqlite'), { readOnly: true })
      .prepare('SELECT body FROM ledger')
      .all()
      .map(({ body }) => Buffer.from(body as Uint8Array).toString('latin1'));
    expect(rows.filter((row) => row.includes('loss-accepted'))).toHaveLength(1);
    expect(await runJson(home, ['audit', 'verify', home])).toMatchObject({ ok: true, faults: [] });
  });

  it('and the files of the command line are asked for as they are needed', async () => {
    expect(await refusal(ca.home, ['pki', 'restore'])).toEqual([3, 'LS_CLI_USAGE']);
    expect(await refusal(ca.home, ['pki', 'restore', backup, '--accept-loss'])).toEqual([3, 'LS_CLI_USAGE']);
    expect(await refusal(ca.home, ['pki', 'restore', backup, '--crl', backup])).toEqual([3, 'LS_CLI_USAGE']);
  });

  it('is not made of a key that others can read', async () => {
    await chmod(join(ca.home, 'keys', 'root.key.pem'), 0o644);
    const loose = join(folder.path, 'loose');
    await runJson(ca.home, ['pki', 'backup', '-o', loose]);
    const home = join(await tempDir(), 'ca');
    await runJson(home, ['pki', 'restore', loose]);
    expect((await stat(join(home, 'keys', 'root.key.pem'))).mode & 0o777).toBe(0o600);
    await chmod(join(ca.home, 'keys', 'root.key.pem'), 0o600);
  });
});

describe('a cluster whose CA is restored from a backup', () => {
  it('goes on with the next CRL and roster, and keeps a revocation that the backup did not have', async () => {
    await using cluster = new TestCluster(await tempDir());
    await cluster.up(['alpha', 'bravo', 'charlie']);
    await cluster.enroll('delta');
    const seal = ['--passphrase-file', cluster.passphraseFile];
    await cluster.pki('revoke', 'delta', '--wait');
    const backup = join(cluster.directory, 'ca.backup');
    await cluster.pki('backup', '-o', backup, ...seal);
    await cluster.pki('revoke', 'charlie', '--wait');
    await cluster.until(['alpha', 'bravo'], ['charlie'], (peer) => peer?.state === 'revoked', LIMIT_MS);
    await cluster.ca?.kill('SIGKILL');
    await rename(cluster.caHome, join(cluster.directory, 'lost'));
    await cluster.pki('restore', backup, ...seal);
    await cluster.serve();
    const refused = await cluster.askCa('revoke', 'bravo');
    expect(faultLine(refused).code).toBe('LS_CA_READ_ONLY');
    // The restored CA has never heard of charlie's end; the nodes have.
    const listed = JSON.parse((await cluster.pki('show', 'charlie')).stdout) as { state: string };
    expect(listed.state).toBe('active');
    expect(await cluster.peer('alpha', 'charlie')).toMatchObject({ alive: false, state: 'revoked' });

    const crls = ['issuing.crl', 'issuing-delta.crl'].map((name) => join(cluster.home('alpha'), 'crl', name));
    for (const crl of crls) await access(crl);
    const taken = await cluster.pki('restore', '--accept-loss', ...crls.flatMap((crl) => ['--crl', crl]));
    const accepted = JSON.parse(taken.stdout) as Record<string, unknown>;
    expect(accepted).toMatchObject({ endedNames: ['charlie'] });
    expect(accepted['mergedSerials']).toHaveLength(1);
    await untilEnforced(cluster, accepted);
    for (const observer of ['alpha', 'bravo']) {
      for (const subject of ['charlie', 'delta']) {
        expect(await cluster.peer(observer, subject)).toMatchObject({ alive: false, state: 'revoked' });
      }
    }
    const revoked = await cluster.pki('revoke', 'bravo', '--wait');
    expect(JSON.parse(revoked.stdout)).toMatchObject({ spread: 'mesh' });
    await cluster.until(['alpha'], ['bravo'], (peer) => peer?.state === 'revoked', LIMIT_MS);
    await cluster.ca?.kill('SIGTERM');
    const audit = await lifesign(['--json', 'audit', 'verify', cluster.caHome]);
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, faults: [] });
  });
});

/** Waits until alpha and bravo enforce the numbers that the restored CA goes on with. */
async function untilEnforced(
  cluster: TestCluster,
  accepted: Readonly<Record<string, unknown>>,
): Promise<void> {
  const giveUpAt = performance.now() + LIMIT_MS;
  for (;;) {
    const seen = await Promise.all(['alpha', 'bravo'].map((name) => cluster.status(name)));
    const numbers = seen.map((status) => status as unknown as { crlNumber: number; rosterNumber: number });
    const { crlNumber, rosterNumber } = accepted;
    if (numbers.every((held) => held.crlNumber === crlNumber && held.rosterNumber === rosterNumber)) return;
    if (performance.now() > giveUpAt)
      throw new Error(`${JSON.stringify(numbers)}, not ${JSON.stringify(accepted)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
