import type { UnixMs } from '../../std/index.ts';
import { time } from './columns.ts';
import type { Sql } from './sql.ts';

export async function findReadOnlySince(sql: Sql): Promise<UnixMs | null> {
  const row = await sql.first(`SELECT value FROM meta WHERE name = 'read_only_since'`);
  return row === undefined ? null : time(row, 'value');
}

export async function putReadOnlySince(sql: Sql, since: UnixMs | null): Promise<void> {
  await sql.run(`DELETE FROM meta WHERE name = 'read_only_since'`);
  if (since !== null) await sql.run(`INSERT INTO meta (name, value) VALUES ('read_only_since', ?)`, since);
}
