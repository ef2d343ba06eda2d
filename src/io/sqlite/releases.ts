import type { ReleaseRow } from '../../authority/index.ts';
import type { SerialNumber, UnixMs } from '../../std/index.ts';
import { bytes, integer, nullable, serial, time } from './columns.ts';
import type { SqlRow, Statements } from './statements.ts';

const ORDER = 'ORDER BY crl_number, serial, held_at';

export function deleteRevocation(sql: Statements, wanted: SerialNumber): void {
  sql.run('DELETE FROM revocations WHERE serial = ?', wanted);
}

export function insertRelease(sql: Statements, row: ReleaseRow): void {
  sql.run(
    'INSERT INTO releases (serial, held_at, crl_number, record) VALUES (?, ?, ?, ?)',
    row.serial,
    row.heldAt,
    row.crlNumber,
    row.record,
  );
}

export function releasesFrom(sql: Statements, since: UnixMs): readonly ReleaseRow[] {
  return sql.all(`SELECT * FROM releases WHERE held_at >= ? ${ORDER}`, since).map(releaseOf);
}

export function releasesAfterCrl(sql: Statements, base: number): readonly ReleaseRow[] {
  return sql.all(`SELECT * FROM releases WHERE crl_number > ? ${ORDER}`, base).map(releaseOf);
}

export function newestReleasedHold(sql: Statements, wanted: SerialNumber): UnixMs | null {
  const row = sql.first('SELECT MAX(held_at) AS newest FROM releases WHERE serial = ?', wanted);
  return row === undefined ? null : nullable(row, 'newest', time);
}

function releaseOf(row: SqlRow): ReleaseRow {
  return {
    serial: serial(row, 'serial'),
    heldAt: time(row, 'held_at'),
    crlNumber: integer(row, 'crl_number'),
    record: bytes(row, 'record'),
  };
}
