import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openPostgresStore, openSqliteStore, StoreFile } from '../../src/io/index.ts';
import { fillPostgresStore, type StoreSource } from '../../src/io/postgres/copy-in.ts';
import { copyPostgresStore } from '../../src/io/postgres/copy-out.ts';
import { MAX_COPIED_ROWS } from '../../src/io/sql/index.ts';
import { fileDirectory } from '../support/ca-process.ts';
import { TestCluster } from '../support/cluster.ts';
import { expectCode } from '../support/expect-code.ts';
import { faultLine } from '../support/fault-line.ts';
import { DATABASE_PASSWORD, PostgresServer } from '../support/postgres.ts';
import { lifesign } from '../support/process.ts';
import { valueOf } from '../support/result.ts';
import { step } from '../support/step.ts';
import { tokenRow } from '../support/store-rows.ts';
import { tempDir } from '../support/temp-dir.ts';

let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});

afterAll(() => server[Symbol.asyncDispose]());

interface Database {
  readonly name: string;
  readonly url: string;
}

function freshDatabase(): Database {
  const name = `copy_${databases++}`;
  return { name, url: server.create(name) };
}

const SHOWN = 200;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Schema and rows of a store, but what says that it is a copy, or whose connections have written to it. */
function contentOf({ name }: Database): readonly string[] {
  const passing = /^(?:commit:|read_only_since\t|\\(?:un)?restrict )/;
  return server
    .dump(name)
    .split('\n')
    .filter((line) => !passing.test(line))
    .map((line) => (line.length < SHOWN ? line : `${line.slice(0, SHOWN)} ${sha256(line)}`))
    .sort();
}

function isUntouched({ name }: Database): boolean {
  return server.sql(name, `SELECT count(*) FROM pg_namespace WHERE nspname = 'lifesign'`) === '0';
}

async function newFile(): Promise<StoreFile> {
  const file = StoreFile.create(join(await tempDir(), 'store.sqlite'));
  onTestFinished(() => file.close());
  return file;
}

/** The source of an empty store. */
async function emptySource(): Promise<StoreFile> {
  const path = join(await tempDir(), 'empty.sqlite');
  await openSqliteStore(path).close();
  const file = StoreFile.open(path);
  onTestFinished(() => file.close());
  return file;
}

function countOf(file: StoreFile, name: string): number {
  const table = file.tables.find((each) => each.name === name);
  return table === undefined ? Number.NaN : file.count(table);
}

describe('a backup of a CA in a PostgreSQL database', () => {
  const source = { name: 'ca_to_keep', url: '' };
  let folder: Awaited<ReturnType<typeof fileDirectory>>;
  let cluster: TestCluster;
  let backup: string;
  let kept: readonly string[];

  const run = async (home: string, ...args: readonly string[]) =>
    lifesign(['--home', home, '--json', 'pki', ...args, '--passphrase-file', cluster.passphraseFile], {
      env: cluster.env,
    });
  const good = async (home: string, ...args: readonly string[]) => {
    const ended = await run(home, ...args);
    if (ended.code !== 0) throw new Error(`pki ${args.join(' ')}: ${ended.stderr}`);
    return JSON.parse(ended.stdout) as Readonly<Record<string, unknown>>;
  };
  const without = (url: string): string => url.replace(/:[^:@/]+@/, '@');
  const newHome = (name: string): string => join(cluster.directory, name);
  const audited = async (home: string): Promise<unknown> => {
    const root = ['--root', join(home, 'root.pem')];
    const audit = await lifesign(['--json', 'audit', 'verify', home, ...root], { env: cluster.env });
    return JSON.parse(audit.stdout);
  };

  beforeAll(async () => {
    folder = await fileDirectory();
    cluster = new TestCluster(folder.path);
    source.url = server.create(source.name);
    cluster.initOptions.push('--store', without(source.url));
    cluster.env['PGPASSWORD'] = DATABASE_PASSWORD;
    await cluster.initCa();
    await cluster.serve();
    for (const name of ['alpha', 'beta', 'gamma']) await cluster.enroll(name);
    await cluster.pki('revoke', 'alpha', '--reason', 'keyCompromise');
    await cluster.pki('revoke', 'beta', '--reason', 'certificateHold');
    await cluster.pki('revoke', 'gamma', '--reason', 'certificateHold');
    await cluster.pki('release', 'gamma');
    await cluster.token('delta', '--require-approval');
    backup = join(cluster.directory, 'ca.backup');
    // While it serves.
    await good(cluster.caHome, 'backup', '-o', backup);
    await cluster.ca?.[Symbol.asyncDispose]();
    kept = contentOf(source);
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await folder.remove();
  });

  it('is one private file, which a drill restores without a database', async () => {
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    const env = { ...cluster.env, PGPASSWORD: 'wrong' };
    const args = ['--json', 'pki', 'restore', '--check', backup, '--passphrase-file', cluster.passphraseFile];
    const drilled = await lifesign(args, { env });
    expect(JSON.parse(drilled.stdout)).toMatchObject({ ok: true, rootKey: true, crlInDate: true });
  });

  it('becomes a CA in another database, with the same rows, which is read-only and is audited', async () => {
    const target = freshDatabase();
    const home = newHome('other');
    const restored = await good(home, 'restore', backup, '--store', without(target.url));
    expect(restored).toMatchObject({ home, store: without(target.url), readOnly: true });
    expect(contentOf(target)).toEqual(kept);
    expect(kept.filter((line) => /keyCompromise|certificateHold|delta/.test(line)).length).toBeGreaterThan(2);
    await expect(stat(join(home, 'store.sqlite'))).rejects.toThrow('ENOENT');
    expect(await audited(home)).toMatchObject({ ok: true });
    const refused = await run(home, 'revoke', 'gamma');
    expect([refused.code, faultLine(refused).code]).toEqual([6, 'LS_CA_READ_ONLY']);
    const before = restored['crlNumber'] as number;
    const accepted = await good(home, 'restore', '--accept-loss');
    expect(accepted['crlNumber']).toBeGreaterThan(before);
    expect(accepted['rosterNumber']).toBeGreaterThan(restored['rosterNumber'] as number);
    await good(home, 'revoke', 'gamma');
    expect(await audited(home)).toMatchObject({ ok: true });
  });

  it('becomes a CA in a file, and a backup of that one in a database', async () => {
    const home = newHome('file');
    await good(home, 'restore', backup, '--store', 'sqlite');
    expect(await audited(home)).toMatchObject({ ok: true });
    const second = join(cluster.directory, 'second.backup');
    await good(home, 'backup', '-o', second);
    const target = freshDatabase();
    await good(newHome('back'), 'restore', second, '--store', without(target.url));
    expect(contentOf(target)).toEqual(kept);
  });

  it('does not become one where a CA is, nor when it is cut off, and leaves all as it was', async () => {
    const home = newHome('never');
    const refused = await run(home, 'restore', backup);
    expect([refused.code, faultLine(refused).code]).toEqual([3, 'LS_BACKUP_TARGET']);
    expect(contentOf(source)).toEqual(kept);
    const target = freshDatabase();
    const short = join(cluster.directory, 'short.backup');
    const bytes = await readFile(backup);
    await writeFile(short, bytes.subarray(0, bytes.length - 5));
    const cut = await run(home, 'restore', short, '--store', without(target.url));
    expect([cut.code, faultLine(cut).code]).toEqual([5, 'LS_BACKUP_TRUNCATED']);
    expect(isUntouched(target)).toBe(true);
    await expect(stat(home)).rejects.toThrow('ENOENT');
  });

  it('is not made when it would lack a table, and no file stays', async () => {
    const target = freshDatabase();
    const home = newHome('further');
    await good(home, 'restore', backup, '--store', without(target.url));
    server.sql(target.name, 'CREATE TABLE lifesign.further (a text)');
    const file = join(cluster.directory, 'further.backup');
    const refused = await run(home, 'backup', '-o', file);
    expect([refused.code, faultLine(refused).code]).toEqual([3, 'LS_BACKUP_STORE']);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });
});

describe('a copy of a PostgreSQL store', () => {
  it.each([
    ['a table', 'CREATE TABLE lifesign.further (a text)', 'LS_BACKUP_STORE'],
    ['a table without columns', 'CREATE TABLE lifesign.further ()', 'LS_BACKUP_STORE'],
    ['a sequence', 'CREATE SEQUENCE lifesign.further', 'LS_BACKUP_STORE'],
    ['a column', 'ALTER TABLE lifesign.nodes ADD COLUMN further text', 'LS_BACKUP_STORE'],
    ['another type', 'ALTER TABLE lifesign.ledger ALTER COLUMN idx TYPE numeric', 'LS_BACKUP_STORE'],
    [
      'a number that the server makes',
      'ALTER TABLE lifesign.ledger ALTER COLUMN idx ADD GENERATED ALWAYS AS IDENTITY',
      'LS_BACKUP_STORE',
    ],
    ['no table', 'DROP TABLE lifesign.addresses', 'LS_CA_STORE_SCHEMA'],
    [
      'an integer beyond 2^53',
      'INSERT INTO lifesign.ledger VALUES (9007199254740993)',
      'LS_CA_STORE_CORRUPT',
    ],
    [
      'rows that a policy hides',
      `ALTER TABLE lifesign.ledger ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
      'LS_CA_STORE_REFUSED',
    ],
  ] as const)('is refused with %s', async (what, change, code) => {
    const { name, url } = freshDatabase();
    await (await openPostgresStore(url)).close();
    if (what.startsWith('an integer'))
      server.sql(name, `ALTER TABLE lifesign.ledger ALTER COLUMN body SET DEFAULT '\\x00'`);
    server.sql(name, change);
    const file = await newFile();
    await expectCode(code, () => copyPostgresStore(url, file));
  });

  it('is of one moment, while others write', async () => {
    const { name, url } = freshDatabase();
    const store = await openPostgresStore(url);
    onTestFinished(() => store.close());
    server.sql(
      name,
      `INSERT INTO lifesign.ledger SELECT -i, decode(repeat('ab', (i % 500)::int), 'hex') FROM generate_series(1, ${3 * MAX_COPIED_ROWS + 1}) i`,
    );
    const stop = new AbortController();
    let written = 0;
    const writing = (async () => {
      while (!stop.signal.aborted) {
        const n = ++written;
        const both = await store.transaction(async (tx) => {
          await tx.insertToken(tokenRow(n));
          return step(tx.appendLedger([Uint8Array.of(1)]));
        });
        valueOf(both);
      }
    })();
    const seen: number[] = [];
    for (let i = 0; i < 8; i++) {
      const file = await newFile();
      await copyPostgresStore(url, file);
      seen.push(countOf(file, 'tokens'));
      expect(countOf(file, 'ledger') - (3 * MAX_COPIED_ROWS + 1)).toBe(countOf(file, 'tokens'));
    }
    stop.abort();
    await writing;
    expect(seen.at(-1)).toBeGreaterThan(seen[0] ?? Infinity);
  });

  it('has every value as it was, in more batches than one, and leaves out the marks of connections', async () => {
    const [from, to] = [freshDatabase(), freshDatabase()];
    const store = await openPostgresStore(from.url);
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
    await store.close();
    expect(server.sql(from.name, `SELECT count(*) FROM lifesign.meta WHERE name LIKE 'commit:%'`)).toBe('1');
    server.sql(
      from.name,
      `INSERT INTO lifesign.ledger SELECT i, decode(repeat(lpad(to_hex(i % 256), 2, '0'), i), 'hex')
         FROM generate_series(0, ${2 * MAX_COPIED_ROWS}) i;
       INSERT INTO lifesign.ledger VALUES (-9007199254740991, ''), (9007199254740991, decode(repeat('00ff', 3000000), 'hex'));
       INSERT INTO lifesign.meta VALUES (E'ä\\U0001F600\\n\\t\\\\', -5);
       INSERT INTO lifesign.certificates (serial, number, role, name, spki_sha256, not_before, not_after, issued_at, tbs, predecessor)
         SELECT to_hex(i), i, 'server', '', '', 0, 0, 0, '', CASE WHEN i < 600 THEN to_hex(i + 1) END
         FROM generate_series(1, 600) i`,
    );
    const path = join(await tempDir(), 'store.sqlite');
    const file = StoreFile.create(path);
    await copyPostgresStore(from.url, file);
    file.close();
    const copy = StoreFile.open(path);
    onTestFinished(() => copy.close());
    await fillPostgresStore(to.url, copy);
    expect(contentOf(to)).toEqual(contentOf(from));
    expect(server.sql(to.name, `SELECT count(*) FROM lifesign.meta WHERE name LIKE 'commit:%'`)).toBe('0');
  });
});

describe('a PostgreSQL store that is filled', () => {
  it.each([
    ['a row of any table', `INSERT INTO lifesign.ledger VALUES (0, '')`],
    ['the mark of a restored CA', `INSERT INTO lifesign.meta VALUES ('read_only_since', 1)`],
  ])('is refused with %s, and stays as it is', async (_, change) => {
    const target = freshDatabase();
    const source = await emptySource();
    await (await openPostgresStore(target.url)).close();
    server.sql(target.name, change);
    const before = contentOf(target);
    await expectCode('LS_BACKUP_TARGET', () => fillPostgresStore(target.url, source));
    expect(contentOf(target)).toEqual(before);
  });

  it('may be one that was made and never used', async () => {
    const target = freshDatabase();
    await (await openPostgresStore(target.url)).close();
    await fillPostgresStore(target.url, await emptySource());
    await (await openPostgresStore(target.url)).close();
  });

  it.each([
    ['the source fails', () => Promise.reject(new Error('cut off'))],
    [
      'the connection is cut',
      (name: string) =>
        Promise.resolve(
          server.sql(
            'postgres',
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
          ),
        ),
    ],
  ])('is not there at all when %s in the middle', async (_, interrupt) => {
    const target = freshDatabase();
    const whole = await emptySource();
    const ledger = whole.tables.find(({ name }) => name === 'ledger');
    let interrupted: Promise<unknown> | undefined;
    const source: StoreSource = {
      tables: whole.tables,
      count: (table) => (table === ledger ? 1 : whole.count(table)),
      *rows(table) {
        if (table !== ledger) {
          yield* whole.rows(table);
          return;
        }
        yield [1, new Uint8Array(1)];
        interrupted = interrupt(target.name);
        interrupted.catch(() => undefined);
        if (interrupt.length === 0) throw new Error('cut off');
      },
    };
    await expect(fillPostgresStore(target.url, source)).rejects.toThrow();
    await expect.poll(() => isUntouched(target)).toBe(true);
  });

  it('is filled by one of two at once', async () => {
    const target = freshDatabase();
    const source = await emptySource();
    const copies = [source, await emptySource()].map((each): StoreSource => ({
      tables: each.tables,
      count: (table) => (table.name === 'ledger' ? 1 : each.count(table)),
      rows: (table) => (table.name === 'ledger' ? [[7, Uint8Array.of(7)]] : each.rows(table)),
    }));
    const ended = await Promise.allSettled(copies.map((each) => fillPostgresStore(target.url, each)));
    const refused = ended.filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(refused).toEqual([expect.objectContaining({ code: 'LS_BACKUP_TARGET' })]);
    expect(server.sql(target.name, 'SELECT count(*) FROM lifesign.ledger')).toBe('1');
  });
});
