import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AuthorityStore, StoreReader } from '../../src/authority/index.ts';
import { openSqliteStore } from '../../src/io/index.ts';
import { ok } from '../../src/std/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { codeOf, valueOf } from '../support/result.ts';
import { step } from '../support/step.ts';
import { describeStoreContract } from '../support/store-contract.ts';
import { tokenRow } from '../support/store-rows.ts';
import { tempDir } from '../support/temp-dir.ts';

async function freshPath(): Promise<string> {
  return join(await tempDir(), 'store.sqlite');
}

function open(path: string, lockWaitMs = 5_000): AuthorityStore {
  const store = openSqliteStore(path, { lockWaitMs });
  onTestFinished(() => store.close());
  return store;
}

async function reading<T>(store: AuthorityStore, work: (tx: StoreReader) => Promise<T>): Promise<T> {
  return valueOf(await store.read(async (tx) => ok(await work(tx))));
}

describeStoreContract('the SQLite store', async () => {
  const path = await freshPath();
  return () => Promise.resolve(openSqliteStore(path));
});

describe('the SQLite store', () => {
  it('keeps the database and its companions private, also where the file was open to others', async () => {
    const path = await freshPath();
    await writeFile(path, '');
    await chmod(path, 0o666);
    const store = open(path);
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });

  it('waits for another process without blocking, and says busy when it lasts', async () => {
    const path = await freshPath();
    const store = open(path, 200);
    const holder = new DatabaseSync(path);
    onTestFinished(() => holder.close());
    holder.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const counting = setInterval(() => turns++, 5);
    const refused = await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1))));
    clearInterval(counting);
    expect(codeOf(refused)).toBe('LS_CA_STORE_BUSY');
    expect(turns).toBeGreaterThan(5);
    expect(await reading(store, (tx) => tx.tokens())).toEqual([]);
    holder.exec('COMMIT');
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
  });

  it('refuses a store of a newer program and leaves it as it was', async () => {
    const path = await freshPath();
    await open(path).close();
    const raw = new DatabaseSync(path);
    raw.exec("UPDATE meta SET value = value + 1 WHERE name = 'schema_version'");
    raw.close();
    const before = await readFile(path);
    await expectCode('LS_CA_STORE_SCHEMA', () => openSqliteStore(path));
    expect(await readFile(path)).toEqual(before);
  });

  it('refuses a file that is no database', async () => {
    const path = await freshPath();
    await writeFile(path, 'not a database, and long enough to have a header of its own'.repeat(100));
    await expectCode('LS_CA_STORE_CORRUPT', () => openSqliteStore(path));
  });

  it('says that it cannot open a file in a missing directory', async () => {
    await expectCode('LS_CA_STORE_IO', async () =>
      openSqliteStore(join(await tempDir(), 'missing', 'store.sqlite')),
    );
  });
});
