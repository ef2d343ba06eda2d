import type {
  CrlHead,
  CrlIssuer,
  CrlRow,
  LedgerRow,
  RevocationRow,
  RosterHead,
  RosterRow,
} from '../../authority/index.ts';
import type { UnixMs } from '../../std/index.ts';
import { bytes, integer, nullable, oneOf, time } from './columns.ts';
import { revocationOf } from './certificates.ts';
import type { SqlRow, Statements } from './statements.ts';

export function insertRevocation(sql: Statements, row: RevocationRow): void {
  sql.run(
    `INSERT INTO revocations (serial, reason, revoked_at, crl_number) VALUES (?, ?, ?, ?)`,
    row.serial,
    row.reason,
    row.revokedAt,
    row.crlNumber,
  );
}

export function revocationsFrom(sql: Statements, since: UnixMs): readonly RevocationRow[] {
  return sql
    .all('SELECT * FROM revocations WHERE revoked_at >= ? ORDER BY crl_number, serial', since)
    .map(revocationOf);
}

export function revocationsAfterCrl(sql: Statements, base: number): readonly RevocationRow[] {
  return sql
    .all('SELECT * FROM revocations WHERE crl_number > ? ORDER BY crl_number, serial', base)
    .map(revocationOf);
}

const CRL_HEAD = 'SELECT issuer, number, base, this_update, next_update, sha256 FROM crls';

export function newestCrl(sql: Statements, issuer: CrlIssuer): CrlHead | null {
  const row = sql.first(`${CRL_HEAD} WHERE issuer = ? ORDER BY number DESC LIMIT 1`, issuer);
  return row === undefined ? null : crlHeadOf(row);
}

export function newestFullCrl(sql: Statements, issuer: CrlIssuer): CrlHead | null {
  const row = sql.first(`${CRL_HEAD} WHERE issuer = ? AND base IS NULL ORDER BY number DESC LIMIT 1`, issuer);
  return row === undefined ? null : crlHeadOf(row);
}

export function crlBytes(sql: Statements, issuer: CrlIssuer, number: number): Uint8Array | null {
  const row = sql.first('SELECT der FROM crls WHERE issuer = ? AND number = ?', issuer, number);
  return row === undefined ? null : nullable(row, 'der', bytes);
}

export function insertCrl(sql: Statements, row: CrlRow): void {
  const superseded = row.base === null ? '' : ' AND base IS NOT NULL';
  sql.run(`UPDATE crls SET der = NULL WHERE issuer = ? AND der IS NOT NULL${superseded}`, row.issuer);
  sql.run(
    'INSERT INTO crls (issuer, number, base, this_update, next_update, sha256, der) VALUES (?, ?, ?, ?, ?, ?, ?)',
    row.issuer,
    row.number,
    row.base,
    row.thisUpdate,
    row.nextUpdate,
    row.sha256,
    row.der,
  );
}

export function newestRoster(sql: Statements): RosterHead | null {
  const row = sql.first(
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

export function rosterRecord(sql: Statements, number: number): Uint8Array | null {
  const row = sql.first('SELECT record FROM rosters WHERE number = ?', number);
  return row === undefined ? null : nullable(row, 'record', bytes);
}

export function insertRoster(sql: Statements, row: RosterRow): void {
  sql.run('UPDATE rosters SET record = NULL WHERE record IS NOT NULL');
  sql.run(
    'INSERT INTO rosters (number, structure_hash, t_ms, h, active, record) VALUES (?, ?, ?, ?, ?, ?)',
    row.number,
    row.structureHash,
    row.tMs,
    row.h,
    row.active,
    row.record,
  );
}

export function ledgerSize(sql: Statements): number {
  const row = sql.first('SELECT COALESCE(MAX(idx) + 1, 0) AS n FROM ledger');
  return row === undefined ? 0 : integer(row, 'n');
}

export function ledgerRows(sql: Statements, from: number, limit: number): readonly LedgerRow[] {
  return sql
    .all('SELECT * FROM ledger WHERE idx >= ? ORDER BY idx LIMIT ?', from, limit)
    .map((row) => ({ index: integer(row, 'idx'), body: bytes(row, 'body') }));
}

export function appendLedger(sql: Statements, bodies: readonly Uint8Array[]): number {
  const first = ledgerSize(sql);
  bodies.forEach((body, at) => sql.run('INSERT INTO ledger (idx, body) VALUES (?, ?)', first + at, body));
  return first;
}

function crlHeadOf(row: SqlRow): CrlHead {
  return {
    issuer: oneOf(row, 'issuer', ['issuing', 'root']),
    number: integer(row, 'number'),
    base: nullable(row, 'base', integer),
    thisUpdate: time(row, 'this_update'),
    nextUpdate: time(row, 'next_update'),
    sha256: bytes(row, 'sha256'),
  };
}
