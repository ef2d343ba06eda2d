import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStore, StoreFile } from '../../../src/io/index.ts';
import { batches, type StoreSource } from '../../../src/io/postgres/copy-in.ts';
import { rowsAtOnce } from '../../../src/io/postgres/copy-out.ts';
import {
  differenceOf,
  MAX_COPIED_BYTES,
  MAX_COPIED_ROWS,
  type FoundColumn,
  type SqlValue,
  type TableShape,
} from '../../../src/io/sql/index.ts';
import { expectCode } from '../../support/expect-code.ts';
import { tempDir } from '../../support/temp-dir.ts';

async function newFile(): Promise<{ readonly path: string; readonly file: StoreFile }> {
  const path = join(await tempDir(), 'store.sqlite');
  const file = StoreFile.create(path);
  onTestFinished(() => file.close());
  return { path, file };
}

function tableOf({ tables }: Pick<StoreSource, 'tables'>, name: string): TableShape {
  const found = tables.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
}

/** A ledger row may be anything here: the copy knows types and no meaning. */
function ledgerRow(idx: unknown, body: unknown): Readonly<Record<string, unknown>> {
  return { idx, body };
}

const META_ROWS = [{ name: 'ä\u{1f600}\n', value: -1 }];

describe('a store file', () => {
  it('has the tables that the migrations make, without a list of them', async () => {
    const { file } = await newFile();
    const names = file.tables.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['meta', 'genesis', 'ledger', 'crls', 'issuers']));
    expect(file.tables.map((table) => file.count(table))).toEqual(names.map(() => 0));
    expect(tableOf(file, 'ledger').columns).toEqual([
      { name: 'idx', type: 'BIGINT' },
      { name: 'body', type: 'BYTEA' },
    ]);
  });

  it('gives back numbers, bytes, texts and nulls exactly', async () => {
    const { file } = await newFile();
    const [ledger, meta] = [tableOf(file, 'ledger'), tableOf(file, 'meta')];
    const crls = tableOf(file, 'crls');
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    file.put(ledger, [
      ledgerRow(0, new Uint8Array()),
      ledgerRow(Number.MIN_SAFE_INTEGER, all),
      ledgerRow(Number.MAX_SAFE_INTEGER, all.subarray(1, 3)),
    ]);
    file.put(meta, META_ROWS);
    const numbers = { generation: 1, number: 1, base: null, this_update: 1, next_update: 2 };
    const crl: Readonly<Record<string, SqlValue>> = { issuer: 'issuing', ...numbers, sha256: all, der: null };
    file.put(crls, [crl]);
    const byIndex = [...file.rows(ledger)].sort(([a], [b]) => Number(a) - Number(b));
    expect(byIndex).toEqual([
      [Number.MIN_SAFE_INTEGER, all],
      [0, new Uint8Array()],
      [Number.MAX_SAFE_INTEGER, all.subarray(1, 3)],
    ]);
    expect([...file.rows(meta)]).toEqual([['ä\u{1f600}\n', -1]]);
    expect([...file.rows(crls)]).toEqual([crls.columns.map(({ name }) => crl[name])]);
  });

  it.each([
    ['a number beyond 2^53', ledgerRow(2 ** 53, new Uint8Array())],
    ['a number that the driver could not read', ledgerRow(Number.NaN, new Uint8Array())],
    ['a fraction', ledgerRow(1.5, new Uint8Array())],
    ['a text for bytes', ledgerRow(1, 'text')],
    ['a column that is not there', { idx: 1 }],
  ])('refuses %s, and keeps nothing of the batch', async (_, row) => {
    const { file } = await newFile();
    const ledger = tableOf(file, 'ledger');
    await expectCode('LS_CA_STORE_CORRUPT', () => file.put(ledger, [ledgerRow(0, new Uint8Array(1)), row]));
    expect(file.count(ledger)).toBe(0);
  });

  it('refuses a text with NUL, which PostgreSQL does not take', async () => {
    const { file } = await newFile();
    const meta = tableOf(file, 'meta');
    await expectCode('LS_CA_STORE_CORRUPT', () => file.put(meta, [{ name: 'a\0b', value: 1 }]));
  });

  it.each([
    ['a table', 'CREATE TABLE further (a TEXT)'],
    ['a column', 'ALTER TABLE nodes ADD COLUMN further TEXT'],
    ['no table', 'DROP TABLE addresses'],
    ['another schema', `UPDATE meta SET value = value + 1 WHERE name = 'schema_version'`],
  ])('is not opened with %s that is not of this program', async (_, change) => {
    const path = join(await tempDir(), 'store.sqlite');
    await openSqliteStore(path).close();
    StoreFile.open(path).close();
    const database = new DatabaseSync(path);
    database.exec(change);
    database.close();
    await expectCode('LS_BACKUP_STORE', () => StoreFile.open(path));
  });

  it('tells an integer that it cannot hold', async () => {
    const path = join(await tempDir(), 'store.sqlite');
    await openSqliteStore(path).close();
    const database = new DatabaseSync(path);
    database.exec(`INSERT INTO ledger VALUES (9007199254740993, x'00')`);
    database.close();
    const opened = StoreFile.open(path);
    onTestFinished(() => opened.close());
    await expectCode('LS_CA_STORE_CORRUPT', () => [...opened.rows(tableOf(opened, 'ledger'))]);
  });
});

describe('what a store is compared with', () => {
  const KNOWN: readonly TableShape[] = [{ name: 't', columns: [{ name: 'a', type: 'BIGINT' }] }];
  const FOUND: FoundColumn = { table: 't', name: 'a', type: 'bigint' };

  it.each<[string, readonly FoundColumn[], string | undefined]>([
    ['the same', [FOUND], undefined],
    ['a further table', [FOUND, { table: 'u', name: 'a', type: 'bigint' }], 'table "u"'],
    ['a table without columns', [FOUND, { table: 'u', name: null, type: null }], 'table "u"'],
    ['a further column', [FOUND, { table: 't', name: 'b', type: 'bigint' }], 'column "t.b"'],
    ['another type', [{ ...FOUND, type: 'integer' }], 'of another type, integer'],
    ['no column', [{ table: 't', name: null, type: null }], 'no "t.a"'],
    ['nothing', [], 'no "t"'],
  ])('finds %s', (_, found, said) => {
    const difference = differenceOf(KNOWN, found);
    if (said === undefined) expect(difference).toBeUndefined();
    else expect(difference).toContain(said);
  });
});

describe('the batches of a copy', () => {
  const sizes = (rows: readonly (readonly SqlValue[])[]): readonly number[] =>
    [...batches(rows)].map((batch) => batch.length);

  it('are bounded in rows, and one more is another batch', () => {
    const rows = Array.from({ length: MAX_COPIED_ROWS + 1 }, (_, i) => [i]);
    expect(sizes(rows.slice(1))).toEqual([MAX_COPIED_ROWS]);
    expect(sizes(rows)).toEqual([MAX_COPIED_ROWS, 1]);
    expect(sizes([])).toEqual([]);
  });

  it('are bounded in bytes, and a larger row is alone', () => {
    const half = [new Uint8Array(MAX_COPIED_BYTES / 2)];
    expect(sizes([half, half])).toEqual([2]);
    expect(sizes([half, [new Uint8Array(MAX_COPIED_BYTES / 2 + 1)]])).toEqual([1, 1]);
    expect(sizes([[1], [new Uint8Array(MAX_COPIED_BYTES + 1)], [1]])).toEqual([1, 1, 1]);
  });

  it('that are fetched are of so many rows that the largest could be all of them', () => {
    expect([0, 1].map(rowsAtOnce)).toEqual([MAX_COPIED_ROWS, MAX_COPIED_ROWS]);
    expect(rowsAtOnce(MAX_COPIED_BYTES / MAX_COPIED_ROWS + 1)).toBe(MAX_COPIED_ROWS - 1);
    expect(rowsAtOnce(MAX_COPIED_BYTES)).toBe(1);
    expect(rowsAtOnce(MAX_COPIED_BYTES + 1)).toBe(1);
  });
});
