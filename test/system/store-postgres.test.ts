import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AuthorityStore, StoreReader } from '../../src/authority/index.ts';
import { openPostgresStore, parsePostgresUrl, type PostgresStoreOptions } from '../../src/io/index.ts';
import { IDLE_IN_TRANSACTION_MS, openSession } from '../../src/io/postgres/session.ts';
import { ok } from '../../src/std/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { DATABASE_PASSWORD, PostgresServer } from '../support/postgres.ts';
import { codeOf, valueOf } from '../support/result.ts';
import { step } from '../support/step.ts';
import { describeStoreContract, type StoreOpener } from '../support/store-contract.ts';
import { describeReplicas } from '../support/store-replicas.ts';
import { nodeRow, tokenRow } from '../support/store-rows.ts';

const SECRET = 'never-to-be-shown';
let server: PostgresServer;
let databases = 0;

beforeAll(async () => {
  server = await PostgresServer.start();
});

afterAll(() => server[Symbol.asyncDispose]());

function freshDatabase(): { readonly name: string; readonly url: string } {
  const name = `ca_${databases++}`;
  return { name, url: server.create(name) };
}

function freshOpener(): Promise<StoreOpener> {
  const { url } = freshDatabase();
  return Promise.resolve(() => openPostgresStore(url));
}

async function open(url: string, options: PostgresStoreOptions = {}): Promise<AuthorityStore> {
  const store = await openPostgresStore(url, options);
  onTestFinished(() => store.close());
  return store;
}

async function reading<T>(store: AuthorityStore, work: (tx: StoreReader) => Promise<T>): Promise<T> {
  return valueOf(await store.read(async (tx) => ok(await work(tx))));
}

describeStoreContract('the PostgreSQL store', freshOpener);
describeReplicas('one PostgreSQL database', freshOpener);

describe('the PostgreSQL store', () => {
  it('is made by one of many that start at once', async () => {
    const { url } = freshDatabase();
    const stores = await Promise.all(Array.from({ length: 8 }, () => open(url)));
    expect(await Promise.all(stores.map((store) => reading(store, (tx) => tx.genesis())))).toEqual(
      stores.map(() => null),
    );
  });

  it('is one schema of a database that may hold other things', async () => {
    const { name, url } = freshDatabase();
    await open(url);
    const outside = `SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('lifesign', 'pg_catalog', 'information_schema')`;
    expect(server.sql(name, outside)).toBe('0');
    expect(server.sql(name, `SELECT count(*) > 5 FROM pg_tables WHERE schemaname = 'lifesign'`)).toBe('t');
  });

  it('commits durably where the configuration of the server does not', async () => {
    const { name, url } = freshDatabase();
    server.sql('postgres', `ALTER DATABASE ${name} SET synchronous_commit = off`);
    const store = await open(url);
    const settings = `SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = '${name}' AND usename = 'lifesign'`;
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
    expect(server.sql(name, settings)).toBe('lifesign');
    expect(server.sql(name, 'SHOW synchronous_commit')).toBe('off');
    const connection = await openSession(parsePostgresUrl(url));
    onTestFinished(() => connection.close());
    expect(await connection.first('SHOW synchronous_commit')).toEqual({ synchronous_commit: 'on' });
  });

  it('refuses a server that does not sync', async () => {
    const { url } = freshDatabase();
    server.sql('postgres', 'ALTER SYSTEM SET fsync = off');
    server.sql('postgres', 'SELECT pg_reload_conf()');
    try {
      await expect.poll(() => server.sql('postgres', 'SHOW fsync')).toBe('off');
      await expectCode('LS_CA_STORE_NOT_DURABLE', () => openPostgresStore(url));
    } finally {
      server.sql('postgres', 'ALTER SYSTEM RESET fsync');
      server.sql('postgres', 'SELECT pg_reload_conf()');
      await expect.poll(() => server.sql('postgres', 'SHOW fsync')).toBe('on');
    }
  });

  it.each([
    ['a wrong password', () => server.url('postgres', SECRET), 'LS_CA_STORE_REFUSED'],
    ['a database that is not there', () => server.url('nowhere'), 'LS_CA_STORE_REFUSED'],
    ['a database of somebody else', () => server.url('postgres'), 'LS_CA_STORE_REFUSED'],
    ['a port without a server', () => `postgres://u:${SECRET}@127.0.0.1:1/ca`, 'LS_CA_STORE_UNREACHABLE'],
    [
      'a socket that is not there',
      () => `postgres://u:${SECRET}@x/ca?host=/nowhere`,
      'LS_CA_STORE_UNREACHABLE',
    ],
    ['a server without TLS', () => `${server.url()}?sslmode=verify-full`, 'LS_CA_STORE_UNREACHABLE'],
  ])('says what is wrong with %s, and never the password', async (_, url, code) => {
    const said = await openPostgresStore(url()).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(said).toMatchObject({ code });
    const shown = inspect(said, { depth: Infinity, showHidden: true });
    for (const password of [SECRET, DATABASE_PASSWORD, encodeURIComponent(DATABASE_PASSWORD)])
      expect(shown).not.toContain(password);
  });

  it('takes the password from the environment, and a Unix socket', async () => {
    const { name } = freshDatabase();
    vi.stubEnv('PGPASSWORD', DATABASE_PASSWORD);
    onTestFinished(() => void vi.unstubAllEnvs());
    const store = await open(server.socketUrl(name));
    expect(await reading(store, (tx) => tx.genesis())).toBeNull();
  });

  it('waits for another holder of the lock, and says busy when it lasts', async () => {
    const { url } = freshDatabase();
    const [store, holder] = [await open(url, { waitMs: 300 }), await open(url)];
    const release = Promise.withResolvers<undefined>();
    const holds = Promise.withResolvers<undefined>();
    const held = holder.transaction(async () => {
      holds.resolve(undefined);
      await release.promise;
      return ok(null);
    });
    await holds.promise;
    const refused = await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1))));
    expect(codeOf(refused)).toBe('LS_CA_STORE_BUSY');
    expect(await reading(store, (tx) => tx.tokens())).toEqual([]);
    release.resolve(undefined);
    valueOf(await held);
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
  });

  it('goes on when a holder of the lock is frozen, whose work is undone and done again', async () => {
    const { url } = freshDatabase();
    const [frozen, store] = [await open(url), await open(url)];
    const holds = Promise.withResolvers<undefined>();
    let tries = 0;
    const late = frozen.transaction(async (tx) => {
      await tx.insertToken(tokenRow(1));
      holds.resolve(undefined);
      if (tries++ === 0) await delay(IDLE_IN_TRANSACTION_MS + 1_000);
      return step(tx.insertToken(tokenRow(2)));
    });
    await holds.promise;
    const started = performance.now();
    valueOf(await store.transaction(async (tx) => step(tx.insertNode(nodeRow(1)))));
    expect(performance.now() - started).toBeLessThan(IDLE_IN_TRANSACTION_MS + 1_000);
    valueOf(await late);
    expect(tries).toBe(2);
    expect(await reading(store, (tx) => tx.tokens())).toHaveLength(2);
  });

  it('refuses a schema of a newer program, at the start and under its feet', async () => {
    const { name, url } = freshDatabase();
    const store = await open(url);
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
    server.sql(name, `UPDATE lifesign.meta SET value = value + 1 WHERE name = 'schema_version'`);
    const write = store.transaction(async (tx) => step(tx.insertToken(tokenRow(2))));
    expect(codeOf(await write)).toBe('LS_CA_STORE_SCHEMA');
    expect(codeOf(await store.read(async (tx) => step(tx.tokens())))).toBe('LS_CA_STORE_SCHEMA');
    await expectCode('LS_CA_STORE_SCHEMA', () => openPostgresStore(url));
    expect(server.sql(name, 'SELECT count(*) FROM lifesign.tokens')).toBe('1');
  });

  it('says that it is read-only, and goes on when that is over', async () => {
    const { name, url } = freshDatabase();
    await (await open(url)).close();
    const setReadOnly = (on: boolean): string =>
      server.sql(
        'postgres',
        `ALTER DATABASE ${name} SET default_transaction_read_only = ${on ? 'on' : 'off'}`,
      );
    const store = await open(url, { waitMs: 300 });
    setReadOnly(true);
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`;
    server.sql('postgres', cut);
    const refused = await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1))));
    expect(codeOf(refused)).toBe('LS_CA_STORE_READ_ONLY');
    expect(await reading(store, (tx) => tx.tokens())).toEqual([]);
    setReadOnly(false);
    server.sql('postgres', cut);
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
  });
});
