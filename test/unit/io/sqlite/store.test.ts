import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { MAX_WAITING_TRANSACTIONS, openSqliteStore } from '../../../../src/io/index.ts';
import { migrate } from '../../../../src/io/sqlite/migrate.ts';
import { SqliteStore } from '../../../../src/io/sqlite/store.ts';
import { ok } from '../../../../src/std/index.ts';
import { codeOf, valueOf } from '../../../support/result.ts';
import { step } from '../../../support/step.ts';
import { nodeRow, tokenRow } from '../../../support/store-rows.ts';

describe('SqliteStore', () => {
  it('runs transactions one after the other and settles them in commit order', async () => {
    const store = openSqliteStore(':memory:');
    const settled: number[] = [];
    const order: string[] = [];
    await Promise.all(
      [1, 2, 3].map((n) =>
        store
          .transaction(async (tx) => {
            order.push(`begin ${n}`);
            await tx.insertToken(tokenRow(n));
            order.push(`end ${n}`);
            return ok(n);
          })
          .then(() => settled.push(n)),
      ),
    );
    expect(settled).toEqual([1, 2, 3]);
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });

  it('refuses one transaction more than may wait', async () => {
    const store = openSqliteStore(':memory:');
    const waiting = Array.from({ length: MAX_WAITING_TRANSACTIONS }, () =>
      store.read(() => Promise.resolve(ok(1))),
    );
    expect(codeOf(await store.read(() => Promise.resolve(ok(1))))).toBe('LS_CA_STORE_BUSY');
    expect((await Promise.all(waiting)).every((outcome) => outcome.ok)).toBe(true);
    valueOf(await store.read(() => Promise.resolve(ok(1))));
  });

  it('refuses what does not fit on the disk, keeps what was acknowledged, and goes on', async () => {
    const database = new DatabaseSync(':memory:');
    migrate(database);
    const store = new SqliteStore(database);
    valueOf(await store.transaction(async (tx) => step(tx.insertNode(nodeRow(1)))));
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() ?? {};
    database.exec(`PRAGMA max_page_count = ${String(pages)}`);
    const tooMuch = await store.transaction(async (tx) => step(tx.appendLedger([new Uint8Array(1_000_000)])));
    expect(codeOf(tooMuch)).toBe('LS_CA_STORE_FULL');
    database.exec('PRAGMA max_page_count = 100000');
    valueOf(await store.transaction(async (tx) => step(tx.appendLedger([new Uint8Array(1_000_000)]))));
    expect(valueOf(await store.read(async (tx) => step(tx.node(nodeRow(1).nodeId))))).toEqual(nodeRow(1));
  });

  it('accepts nothing more once the file has failed', async () => {
    const database = new DatabaseSync(':memory:');
    migrate(database);
    const store = new SqliteStore(database);
    valueOf(await store.transaction(async (tx) => step(tx.insertNode(nodeRow(1)))));
    database.exec('PRAGMA query_only = ON');
    expect(codeOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))))).toBe(
      'LS_CA_STORE_IO',
    );
    database.exec('PRAGMA query_only = OFF');
    expect(codeOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))))).toBe(
      'LS_CA_STORE_IO',
    );
    expect(codeOf(await store.read(async (tx) => step(tx.tokens())))).toBe('LS_CA_STORE_IO');
  });

  it('says corrupt when a column holds what is never written there', async () => {
    const database = new DatabaseSync(':memory:');
    migrate(database);
    const store = new SqliteStore(database);
    valueOf(await store.transaction(async (tx) => step(tx.insertNode(nodeRow(1)))));
    database.exec("UPDATE nodes SET name = 'Not A Label'");
    expect(codeOf(await store.read(async (tx) => step(tx.node(nodeRow(1).nodeId))))).toBe(
      'LS_CA_STORE_CORRUPT',
    );
  });
});
