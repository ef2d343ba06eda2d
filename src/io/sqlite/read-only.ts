import type { UnixMs } from '../../std/index.ts';
import { time } from './columns.ts';
import type { Statements } from './statements.ts';

export function findReadOnlySince(sql: Statements): UnixMs | null {
  const row = sql.first(`SELECT value FROM meta WHERE name = 'read_only_since'`);
  return row === undefined ? null : time(row, 'value');
}

export function putReadOnlySince(sql: Statements, since: UnixMs | null): void {
  sql.run(`DELETE FROM meta WHERE name = 'read_only_since'`);
  if (since !== null) sql.run(`INSERT INTO meta (name, value) VALUES ('read_only_since', ?)`, since);
}
