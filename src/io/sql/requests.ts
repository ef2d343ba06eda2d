import type { RequestDecision, RequestRow } from '../../authority/index.ts';
import type { UnixMs } from '../../std/index.ts';
import { bytes, integer, nodeName, nullable, oneOf, text, time } from './columns.ts';
import type { Sql, SqlRow } from './sql.ts';

export async function findRequest(sql: Sql, tokenId: string): Promise<RequestRow | null> {
  const row = await sql.first('SELECT * FROM requests WHERE token_id = ?', tokenId);
  return row === undefined ? null : requestOf(row);
}

export async function allRequests(sql: Sql): Promise<readonly RequestRow[]> {
  return (await sql.all('SELECT * FROM requests ORDER BY number')).map(requestOf);
}

export async function countPendingRequests(sql: Sql, now: UnixMs): Promise<number> {
  const row = await sql.first(
    'SELECT COUNT(*) AS n FROM requests WHERE verdict IS NULL AND expires_at >= ?',
    now,
  );
  return row === undefined ? 0 : integer(row, 'n');
}

export async function insertRequest(sql: Sql, row: RequestRow): Promise<void> {
  await sql.run(
    `INSERT INTO requests (token_id, number, name, spki_sha256, requested_at, expires_at, verdict, decided_at,
       decided_by, reason)
     VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM requests), ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.tokenId,
    row.name,
    row.spkiSha256,
    row.requestedAt,
    row.expiresAt,
    ...decisionValues(row.decision),
  );
}

export async function decideRequest(sql: Sql, tokenId: string, decision: RequestDecision): Promise<void> {
  await sql.run(
    'UPDATE requests SET verdict = ?, decided_at = ?, decided_by = ?, reason = ? WHERE token_id = ?',
    ...decisionValues(decision),
    tokenId,
  );
}

function decisionValues(decision: RequestDecision | null) {
  const { verdict = null, at = null, by = null, reason = null } = decision ?? {};
  return [verdict, at, by, reason] as const;
}

function requestOf(row: SqlRow): RequestRow {
  return {
    tokenId: text(row, 'token_id'),
    name: nodeName(row, 'name'),
    spkiSha256: bytes(row, 'spki_sha256'),
    requestedAt: time(row, 'requested_at'),
    expiresAt: time(row, 'expires_at'),
    decision:
      row['verdict'] === null
        ? null
        : {
            verdict: oneOf(row, 'verdict', ['approved', 'denied']),
            at: time(row, 'decided_at'),
            by: text(row, 'decided_by'),
            reason: nullable(row, 'reason', text),
          },
  };
}
