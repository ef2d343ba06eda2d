import type { TokenRow } from '../../authority/index.ts';
import type { SerialNumber, UnixMs } from '../../std/index.ts';
import { bytes, integer, joinList, list, nodeName, nullable, oneOf, serial, text, time } from './columns.ts';
import type { SqlRow, Statements } from './statements.ts';

const OUTSTANDING = 'spent_at IS NULL AND voided IS NULL';

export function findToken(sql: Statements, tokenId: string): TokenRow | null {
  const row = sql.first('SELECT * FROM tokens WHERE token_id = ?', tokenId);
  return row === undefined ? null : tokenOf(row);
}

export function allTokens(sql: Statements): readonly TokenRow[] {
  return sql.all('SELECT * FROM tokens ORDER BY number DESC').map(tokenOf);
}

export function countOutstandingTokens(sql: Statements, now: UnixMs): number {
  const row = sql.first(`SELECT COUNT(*) AS n FROM tokens WHERE ${OUTSTANDING} AND expires_at >= ?`, now);
  return row === undefined ? 0 : integer(row, 'n');
}

export function insertToken(sql: Statements, token: TokenRow): void {
  sql.run(
    `INSERT INTO tokens (token_id, number, secret_sha256, name, dns, ip, replace_live, created_at, expires_at,
       voided, spent_at, spent_spki_sha256, spent_serial)
     VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM tokens), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    token.tokenId,
    token.secretSha256,
    token.name,
    joinList(token.dns),
    joinList(token.ip),
    token.replace ? 1 : 0,
    token.createdAt,
    token.expiresAt,
    token.voided,
    token.spent?.at ?? null,
    token.spent?.spkiSha256 ?? null,
    token.spent?.serial ?? null,
  );
}

export function deleteToken(sql: Statements, tokenId: string): boolean {
  return sql.run('DELETE FROM tokens WHERE token_id = ?', tokenId) === 1;
}

/** The condition and the change are one statement, so that of many redeemers one wins. */
export function spendToken(
  sql: Statements,
  tokenId: string,
  spent: { at: UnixMs; spkiSha256: Uint8Array; serial: SerialNumber },
): boolean {
  const changed = sql.run(
    `UPDATE tokens SET spent_at = ?, spent_spki_sha256 = ?, spent_serial = ? WHERE token_id = ? AND ${OUTSTANDING}`,
    spent.at,
    spent.spkiSha256,
    spent.serial,
    tokenId,
  );
  return changed === 1;
}

export function voidTokens(sql: Statements, name: string, why: 'revoked' | 'removed'): void {
  sql.run(`UPDATE tokens SET voided = ? WHERE name = ? AND ${OUTSTANDING}`, why, name);
}

export function purgeTokens(sql: Statements, expiredBefore: UnixMs): void {
  sql.run('DELETE FROM tokens WHERE expires_at < ?', expiredBefore);
}

function tokenOf(row: SqlRow): TokenRow {
  return {
    tokenId: text(row, 'token_id'),
    secretSha256: bytes(row, 'secret_sha256'),
    name: nodeName(row, 'name'),
    dns: list(row, 'dns'),
    ip: list(row, 'ip'),
    replace: integer(row, 'replace_live') === 1,
    createdAt: time(row, 'created_at'),
    expiresAt: time(row, 'expires_at'),
    voided: nullable(row, 'voided', (r, c) => oneOf(r, c, ['revoked', 'removed'])),
    spent:
      row['spent_at'] === null
        ? null
        : {
            at: time(row, 'spent_at'),
            spkiSha256: bytes(row, 'spent_spki_sha256'),
            serial: serial(row, 'spent_serial'),
          },
  };
}
