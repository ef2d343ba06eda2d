import type { BelowIssuer, IssuerRow } from '../../authority/index.ts';
import type { UnixMs } from '../../std/index.ts';
import { bytes, integer, nullable, oneOf, time } from './columns.ts';
import type { Sql, SqlRow } from './sql.ts';

export async function allIssuers(sql: Sql): Promise<readonly IssuerRow[]> {
  const rows = await sql.all('SELECT * FROM issuers ORDER BY generation');
  return rows.map(issuerOf);
}

/** The CA's own servers and OCSP responders have new certificates as soon as another issuing CA is active. */
export async function belowIssuer(sql: Sql, generation: number, now: UnixMs): Promise<BelowIssuer> {
  const row = await sql.first(
    `SELECT COUNT(CASE WHEN r.serial IS NULL OR r.reason = 'certificateHold' THEN 1 END) AS live, MAX(c.not_after) AS last_not_after
     FROM certificates c LEFT JOIN revocations r ON r.serial = c.serial
     WHERE c.not_after >= ? AND c.issuer = ? AND c.role NOT IN ('ocsp', 'server')`,
    now,
    generation,
  );
  if (row === undefined) return { live: 0, lastNotAfter: null };
  return { live: integer(row, 'live'), lastNotAfter: nullable(row, 'last_not_after', time) };
}

export async function insertIssuer(sql: Sql, row: IssuerRow): Promise<void> {
  await sql.run(
    `INSERT INTO issuers (generation, state, certificate, prepared_at, activated_at, ended_at, first_crl_number,
       renew_within_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    row.generation,
    row.state,
    row.certificate,
    row.preparedAt,
    row.activatedAt,
    row.endedAt,
    row.firstCrlNumber,
    row.renewWithinMs,
  );
}

export async function updateIssuer(sql: Sql, row: IssuerRow): Promise<void> {
  await sql.run(
    'UPDATE issuers SET state = ?, activated_at = ?, ended_at = ?, renew_within_ms = ? WHERE generation = ?',
    row.state,
    row.activatedAt,
    row.endedAt,
    row.renewWithinMs,
    row.generation,
  );
}

function issuerOf(row: SqlRow): IssuerRow {
  return {
    generation: integer(row, 'generation'),
    state: oneOf(row, 'state', ['prepared', 'active', 'retiring', 'retired', 'revoked']),
    certificate: bytes(row, 'certificate'),
    preparedAt: time(row, 'prepared_at'),
    activatedAt: nullable(row, 'activated_at', time),
    endedAt: nullable(row, 'ended_at', time),
    firstCrlNumber: integer(row, 'first_crl_number'),
    renewWithinMs: nullable(row, 'renew_within_ms', integer),
  };
}
