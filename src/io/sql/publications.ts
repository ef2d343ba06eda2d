import type {
  CrlHead,
  CrlKey,
  CrlRow,
  LedgerRow,
  RevocationRow,
  RosterHead,
  RosterRow,
} from '../../authority/index.ts';
import type { UnixMs } from '../../std/index.ts';
import { bytes, integer, nullable, oneOf, time } from './columns.ts';
import { revocationOf } from './certificates.ts';
import type { Sql, SqlRow } from './sql.ts';

export async function insertRevocation(sql: Sql, row: RevocationRow): Promise<void> {
  await sql.run(
    `INSERT INTO revocations (serial, reason, revoked_at, crl_number, issuer) VALUES (?, ?, ?, ?, ?)`,
    row.serial,
    row.reason,
    row.revokedAt,
    row.crlNumber,
    row.issuer,
  );
}

export async function revocationsFrom(sql: Sql, since: UnixMs): Promise<readonly RevocationRow[]> {
  const rows = await sql.all(
    'SELECT * FROM revocations WHERE revoked_at >= ? ORDER BY crl_number, serial',
    since,
  );
  return rows.map((row) => revocationOf(row));
}

export async function revocationsAfterCrl(sql: Sql, base: number): Promise<readonly RevocationRow[]> {
  const rows = await sql.all(
    'SELECT * FROM revocations WHERE crl_number > ? ORDER BY crl_number, serial',
    base,
  );
  return rows.map((row) => revocationOf(row));
}

const CRL_HEAD = 'SELECT issuer, generation, number, base, this_update, next_update, sha256 FROM crls';

/** A delta stands on the newest full CRL there was: what it names need not be searched for among all deltas. */
const NUMBER_OF_NEWEST_FULL = `SELECT COALESCE(base, number) FROM crls WHERE issuer = 'issuing' ORDER BY number DESC LIMIT 1`;

export async function newestCrl(sql: Sql): Promise<CrlHead | null> {
  const row = await sql.first(
    `${CRL_HEAD} WHERE issuer = 'issuing' ORDER BY number DESC, generation LIMIT 1`,
  );
  return row === undefined ? null : crlHeadOf(row);
}

export async function newestFullCrl(sql: Sql): Promise<CrlHead | null> {
  const row = await sql.first(
    `${CRL_HEAD} WHERE issuer = 'issuing' AND number = (${NUMBER_OF_NEWEST_FULL}) ORDER BY generation LIMIT 1`,
  );
  return row === undefined ? null : crlHeadOf(row);
}

export async function newestRootCrl(sql: Sql, generation: number): Promise<CrlHead | null> {
  const row = await sql.first(
    `${CRL_HEAD} WHERE issuer = 'root' AND generation = ? ORDER BY number DESC LIMIT 1`,
    generation,
  );
  return row === undefined ? null : crlHeadOf(row);
}

const ONE_CRL = 'WHERE issuer = ? AND generation = ? AND number = ?';

export async function crlBytes(sql: Sql, { issuer, generation, number }: CrlKey): Promise<Uint8Array | null> {
  const row = await sql.first(`SELECT der FROM crls ${ONE_CRL}`, issuer, generation, number);
  return row === undefined ? null : nullable(row, 'der', bytes);
}

export async function insertCrl(sql: Sql, row: CrlRow): Promise<void> {
  // Only the newest publication before, and the full one that it stands on, still have their bytes.
  const { issuer, generation } = row;
  const before =
    issuer === 'root' ? await newestRootCrl(sql, generation) : await issuingBefore(sql, row.number);
  if (before !== null) {
    const { number, base } = before;
    if (row.base === null || base !== null) await dropCrlBytes(sql, { issuer, generation, number });
    if (row.base === null && base !== null) await dropCrlBytes(sql, { issuer, generation, number: base });
  }
  await sql.run(
    `INSERT INTO crls (issuer, generation, number, base, this_update, next_update, sha256, der)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    issuer,
    generation,
    row.number,
    row.base,
    row.thisUpdate,
    row.nextUpdate,
    row.sha256,
    row.der,
  );
}

/** One of the last publication below a number. */
async function issuingBefore(sql: Sql, number: number): Promise<CrlHead | null> {
  const row = await sql.first(
    `${CRL_HEAD} WHERE issuer = 'issuing' AND number < ? ORDER BY number DESC, generation LIMIT 1`,
    number,
  );
  return row === undefined ? null : crlHeadOf(row);
}

async function dropCrlBytes(sql: Sql, { issuer, generation, number }: CrlKey): Promise<void> {
  await sql.run(`UPDATE crls SET der = NULL ${ONE_CRL}`, issuer, generation, number);
}

export async function newestRoster(sql: Sql): Promise<RosterHead | null> {
  const row = await sql.first(
    'SELECT number, structure_hash, t_ms, h, active FROM rosters ORDER BY number DESC LIMIT 1',
  );
  if (row === undefined) return null;
  return {
    number: integer(row, 'number'),
    structureHash: bytes(row, 'structure_hash'),
    tMs: time(row, 't_ms'),
    h: integer(row, 'h'),
    active: integer(row, 'active'),
  };
}

export async function rosterRecord(sql: Sql, number: number): Promise<Uint8Array | null> {
  const row = await sql.first('SELECT record FROM rosters WHERE number = ?', number);
  return row === undefined ? null : nullable(row, 'record', bytes);
}

export async function insertRoster(sql: Sql, row: RosterRow): Promise<void> {
  // Only the newest one still has its record.
  await sql.run('UPDATE rosters SET record = NULL WHERE number = (SELECT MAX(number) FROM rosters)');
  await sql.run(
    'INSERT INTO rosters (number, structure_hash, t_ms, h, active, record) VALUES (?, ?, ?, ?, ?, ?)',
    row.number,
    row.structureHash,
    row.tMs,
    row.h,
    row.active,
    row.record,
  );
}

export async function ledgerSize(sql: Sql): Promise<number> {
  const row = await sql.first('SELECT COALESCE(MAX(idx) + 1, 0) AS n FROM ledger');
  return row === undefined ? 0 : integer(row, 'n');
}

export async function ledgerRows(sql: Sql, from: number, limit: number): Promise<readonly LedgerRow[]> {
  const rows = await sql.all('SELECT * FROM ledger WHERE idx >= ? ORDER BY idx LIMIT ?', from, limit);
  return rows.map((row) => ({ index: integer(row, 'idx'), body: bytes(row, 'body') }));
}

export async function appendLedger(sql: Sql, bodies: readonly Uint8Array[]): Promise<number> {
  const first = await ledgerSize(sql);
  for (const [at, body] of bodies.entries()) {
    await sql.run('INSERT INTO ledger (idx, body) VALUES (?, ?)', first + at, body);
  }
  return first;
}

function crlHeadOf(row: SqlRow): CrlHead {
  return {
    issuer: oneOf(row, 'issuer', ['issuing', 'root']),
    generation: integer(row, 'generation'),
    number: integer(row, 'number'),
    base: nullable(row, 'base', integer),
    thisUpdate: time(row, 'this_update'),
    nextUpdate: time(row, 'next_update'),
    sha256: bytes(row, 'sha256'),
  };
}
