import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AuthorityStore, StoreReader } from '../../src/authority/index.ts';
import { openSqliteStore } from '../../src/io/index.ts';
import { err, fault, ok, unixMs } from '../../src/std/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { codeOf, valueOf } from '../support/result.ts';
import { step } from '../support/step.ts';
import { certificateRow, nodeRow, testNodeId, testSerial, tokenRow } from '../support/store-rows.ts';
import { tempDir } from '../support/temp-dir.ts';

const AT = unixMs(1_000);

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

  it('commits what answers ok and finds it again after reopening', async () => {
    const path = await freshPath();
    const first = open(path);
    valueOf(
      await first.transaction(async (tx) => step(tx.insertToken(tokenRow(7, { dns: ['a.x', 'b.x'] })))),
    );
    await first.close();
    const second = open(path);
    expect(await reading(second, (tx) => tx.token(tokenRow(7).tokenId))).toEqual(
      tokenRow(7, { dns: ['a.x', 'b.x'] }),
    );
  });

  it('undoes everything when the work answers a fault', async () => {
    const store = open(await freshPath());
    const refused = await store.transaction(async (tx) => {
      await tx.insertToken(tokenRow(1));
      return err(fault('LS_TOKEN_LIMIT', 'for this test'));
    });
    expect(codeOf(refused)).toBe('LS_TOKEN_LIMIT');
    expect(await reading(store, (tx) => tx.tokens())).toEqual([]);
  });

  it('undoes everything when the work throws, and goes on afterwards', async () => {
    const store = open(await freshPath());
    const broken = store.transaction(async (tx) => {
      await tx.insertToken(tokenRow(1));
      throw new TypeError('a bug');
    });
    await expect(broken).rejects.toThrow(TypeError);
    valueOf(await store.transaction(async (tx) => step(tx.insertToken(tokenRow(2)))));
    expect((await reading(store, (tx) => tx.tokens())).map((row) => row.tokenId)).toEqual([
      tokenRow(2).tokenId,
    ]);
  });

  it('lets one live identity hold a name, whatever the caller checked', async () => {
    const store = open(await freshPath());
    const name = nodeRow(1).name;
    valueOf(await store.transaction(async (tx) => step(tx.insertNode(nodeRow(1)))));
    await expect(store.transaction(async (tx) => step(tx.insertNode(nodeRow(2, { name }))))).rejects.toThrow(
      /UNIQUE/,
    );
    const ended = { state: 'removed', at: AT, reason: null, crlNumber: null, rosterNumber: 2 } as const;
    valueOf(
      await store.transaction(async (tx) => {
        await tx.endNode(testNodeId(1), ended);
        return step(tx.insertNode(nodeRow(2, { name })));
      }),
    );
    expect((await reading(store, (tx) => tx.nodeByName(name)))?.nodeId).toBe(testNodeId(2));
  });

  it('refuses rows that refer to nothing', async () => {
    const store = open(await freshPath());
    await expect(
      store.transaction(async (tx) => step(tx.insertCertificate(certificateRow(1)))),
    ).rejects.toThrow(/FOREIGN KEY/);
  });

  it('never gives a CRL or roster number twice', async () => {
    const store = open(await freshPath());
    const crl = { issuer: 'issuing', number: 4, base: null, thisUpdate: AT, nextUpdate: AT } as const;
    const bytes = { sha256: new Uint8Array(32), der: Uint8Array.of(1) };
    const roster = {
      number: 4,
      structureHash: new Uint8Array(32),
      tMs: AT,
      h: 1,
      active: 0,
      record: Uint8Array.of(1),
    };
    valueOf(
      await store.transaction(async (tx) => {
        await tx.insertCrl({ ...crl, ...bytes });
        return step(tx.insertRoster(roster));
      }),
    );
    await expect(store.transaction(async (tx) => step(tx.insertCrl({ ...crl, ...bytes })))).rejects.toThrow(
      /UNIQUE/,
    );
    await expect(store.transaction(async (tx) => step(tx.insertRoster(roster)))).rejects.toThrow(/UNIQUE/);
  });

  it('keeps the bytes of the newest full CRL and its newest delta only', async () => {
    const store = open(await freshPath());
    const insert = (number: number, base: number | null): Promise<unknown> =>
      store.transaction(async (tx) =>
        step(
          tx.insertCrl({
            issuer: 'issuing',
            number,
            base,
            thisUpdate: AT,
            nextUpdate: AT,
            sha256: new Uint8Array(32),
            der: Uint8Array.of(number),
          }),
        ),
      );
    const kept = async (): Promise<number[]> => {
      const rows = await Promise.all(
        [1, 2, 3, 4].map((number) => reading(store, (tx) => tx.crlBytes('issuing', number))),
      );
      return rows.flatMap((row) => (row === null ? [] : [...row]));
    };
    await insert(1, null);
    await insert(2, 1);
    await insert(3, 1);
    expect(await kept()).toEqual([1, 3]);
    await insert(4, null);
    expect(await kept()).toEqual([4]);
  });

  it('lets one of many concurrent redeemers of a token win, across store objects', async () => {
    const path = await freshPath();
    const [one, other] = [open(path), open(path)];
    valueOf(await one.transaction(async (tx) => step(tx.insertToken(tokenRow(1)))));
    const spent = { at: AT, spkiSha256: new Uint8Array(32), serial: testSerial(1) };
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? one : other).transaction(async (tx) =>
          step(tx.spendToken(tokenRow(1).tokenId, spent)),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok && outcome.value)).toHaveLength(1);
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
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

  it('answers closed after close', async () => {
    const store = open(await freshPath());
    await store.close();
    expect(codeOf(await store.read(async (tx) => step(tx.tokens())))).toBe('LS_CA_STORE_CLOSED');
  });
});
