import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../../../src/io/sql/migrations.ts';
import { migrate } from '../../../../src/io/sqlite/migrate.ts';
import { SqliteStore } from '../../../../src/io/sqlite/store.ts';
import { ok } from '../../../../src/std/index.ts';
import { valueOf } from '../../../support/result.ts';
import { testNodeId, testSerial } from '../../../support/store-rows.ts';

const BEFORE_GENERATIONS = 5;

it('gives what a store without generations holds to the first issuing CA', async () => {
  const database = new DatabaseSync(':memory:');
  const former = MIGRATIONS.filter(({ version }) => version <= BEFORE_GENERATIONS);
  for (const { statements } of former) for (const statement of statements) database.exec(statement);
  database.exec(`CREATE TABLE meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
    INSERT INTO meta VALUES ('schema_version', ${String(BEFORE_GENERATIONS)});
    INSERT INTO genesis VALUES (1, 'test.internal', X'01', X'02', X'03', NULL, 1000);
    INSERT INTO nodes VALUES ('${testNodeId(1)}', 'alpha', 1, 'enrolled', '', '', 1, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO certificates VALUES
      ('${testSerial(1)}', 1, 'node', 'alpha', '${testNodeId(1)}', X'04', 1, 9000, 1, X'05', X'06', NULL, NULL);
    INSERT INTO revocations VALUES ('${testSerial(1)}', 'superseded', 2000, 2);
    INSERT INTO releases VALUES ('${testSerial(1)}', 1500, 2, X'07');
    INSERT INTO crls VALUES ('root', 1, NULL, 1000, 9000, X'08', X'09');
    INSERT INTO crls VALUES ('issuing', 1, NULL, 1000, 9000, X'0A', X'0B');
    INSERT INTO crls VALUES ('issuing', 2, 1, 2000, 9000, X'0C', X'0D')`);
  migrate(database);
  const store = new SqliteStore(database);
  valueOf(
    await store.read(async (tx) => {
      expect(await tx.issuers()).toEqual([
        {
          ...{ generation: 1, state: 'active', certificate: Uint8Array.of(2), firstCrlNumber: 1 },
          ...{ preparedAt: 1_000, activatedAt: 1_000, endedAt: null, renewWithinMs: null },
        },
      ]);
      expect(await tx.roots()).toEqual([
        { generation: 1, certificate: Uint8Array.of(1), cross: null, preparedAt: 1_000 },
      ]);
      expect(await tx.newestRootCrl(1)).toMatchObject({ generation: 1, number: 1 });
      expect(await tx.certificate(testSerial(1))).toMatchObject({
        issuer: 1,
        revocation: { issuer: 1, crlNumber: 2 },
      });
      expect(await tx.releasesAfterCrl(0)).toMatchObject([{ issuer: 1, heldAt: 1_500 }]);
      expect(await tx.newestCrl()).toMatchObject({ generation: 1, number: 2, base: 1 });
      const key = { issuer: 'issuing', generation: 1 } as const;
      expect(await tx.crlBytes({ ...key, number: 1 })).toEqual(Uint8Array.of(0x0b));
      expect(await tx.crlBytes({ ...key, number: 2 })).toEqual(Uint8Array.of(0x0d));
      expect(await tx.crlBytes({ ...key, issuer: 'root', number: 1 })).toEqual(Uint8Array.of(9));
      return ok(null);
    }),
  );
  await store.close();
});
