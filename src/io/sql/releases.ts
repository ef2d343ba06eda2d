import type { ReleaseRow } from '../../authority/index.ts';
import type { SerialNumber, UnixMs } from '../../std/index.ts';
import { bytes, integer, nullable, serial, time } from './columns.ts';
import type { Sql, SqlRow } from './sql.ts';

const ORDER = 'ORDER BY crl_number, serial, held_at';

export async function deleteRevocation(sql: Sql, wanted: SerialNumber): Promise<void> {
  await sql.run('DELETE FROM revocations WHERE serial = ?', wanted);
}

export async function insertRelease(sql: Sql, row: ReleaseRow): Promise<void> {
  await sql.run(
    'INSERT INTO releases (serial, held_at, crl_number, issuer, record) VALUES (?, ?, ?, ?, ?)',
    row.serial,
    row.heldAt,
    row.crlNumber,
    row.issuer,
    row.record,
  );
}

export async function releasesFrom(sql: Sql, since: UnixMs): Promise<readonly ReleaseRow[]> {
  const rows = await sql.all(`SELECT * FROM releases WHERE held_at >= ? ${ORDER}`, since);
  return rows.map(releaseOf);
}

export async function releasesAfterCrl(sql: Sql, base: number): Promise<readonly ReleaseRow[]> {
  const rows = await sql.all(`SELECT * FROM releases WHERE crl_number > ? ${ORDER}`, base);
  return rows.map(releaseOf);
}

export async function newestReleasedHold(sql: Sql, wanted: SerialNumber): Promise<UnixMs | null> {
  const row = await sql.first('SELECT MAX(held_at) AS newest FROM releases WHERE serial = ?', wanted);
  return row === undefined ? null : nullable(row, 'newest', time);
}

function releaseOf(row: SqlRow): ReleaseRow {
  return {
    serial: serial(row, 'serial'),
    heldAt: time(row, 'held_at'),
    crlNumber: integer(row, 'crl_number'),
    issuer: integer(row, 'issuer'),
    record: bytes(row, 'record'),
  };
}
