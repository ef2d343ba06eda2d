import type { TokenRow } from '../../authority/index.ts';
import type { SerialNumber, UnixMs } from '../../std/index.ts';
import { bytes, integer, joinList, list, nodeName, nullable, oneOf, serial, text, time } from './columns.ts';
import type { Sql, SqlRow } from './sql.ts';

const OUTSTANDING = 'spent_at IS NULL AND voided IS NULL';

export async function findToken(sql: Sql, tokenId: string): Promise<TokenRow | null> {
  const row = await sql.first('SELECT * FROM tokens WHERE token_id = ?', tokenId);
  return row === undefined ? null : tokenOf(row);
}

export async function allTokens(sql: Sql): Promise<readonly TokenRow[]> {
  return (await sql.all('SELECT * FROM tokens ORDER BY number DESC')).map(tokenOf);
}

export async function countOutstandingTokens(sql: Sql, now: UnixMs): Promise<number> {
  const row = await sql.first(
    `SELECT COUNT(*) AS n FROM tokens WHERE ${OUTSTANDING} AND expires_at >= ?`,
    now,
  );
  return row === undefined ? 0 : integer(row, 'n');
}

export async function insertToken(sql: Sql, token: TokenRow): Promise<void> {
  await sql.run(
    `INSERT INTO tokens (token_id, number, secret_sha256, name, dns, ip, replace_live, approval, est,
       created_at, expires_at, voided, spent_at, spent_spki_sha256, spent_serial)
     VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM tokens), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    token.tokenId,
    token.secretSha256,
    token.name,
    joinList(token.dns),
    joinList(token.ip),
    token.replace ? 1 : 0,
    token.approval ? 1 : 0,
    token.est ? 1 : 0,
    token.createdAt,
    token.expiresAt,
    token.voided,
    token.spent?.at ?? null,
    token.spent?.spkiSha256 ?? null,
    token.spent?.serial ?? null,
  );
}

export async function deleteToken(sql: Sql, tokenId: string): Promise<boolean> {
  return (await sql.run('DELETE FROM tokens WHERE token_id = ?', tokenId)) === 1;
}

/** The condition and the change are one statement, so that of many redeemers one wins. */
export async function spendToken(
  sql: Sql,
  tokenId: string,
  spent: { at: UnixMs; spkiSha256: Uint8Array; serial: SerialNumber },
): Promise<boolean> {
  const changed = await sql.run(
    `UPDATE tokens SET spent_at = ?, spent_spki_sha256 = ?, spent_serial = ? WHERE token_id = ? AND ${OUTSTANDING}`,
    spent.at,
    spent.spkiSha256,
    spent.serial,
    tokenId,
  );
  return changed === 1;
}

export async function voidTokens(sql: Sql, name: string, why: 'revoked' | 'removed'): Promise<void> {
  await sql.run(`UPDATE tokens SET voided = ? WHERE name = ? AND ${OUTSTANDING}`, why, name);
}

export async function purgeTokens(sql: Sql, expiredBefore: UnixMs): Promise<void> {
  await sql.run('DELETE FROM tokens WHERE expires_at < ?', expiredBefore);
}

function tokenOf(row: SqlRow): TokenRow {
  return {
    tokenId: text(row, 'token_id'),
    secretSha256: bytes(row, 'secret_sha256'),
    name: nodeName(row, 'name'),
    dns: list(row, 'dns'),
    ip: list(row, 'ip'),
    replace: integer(row, 'replace_live') === 1,
    approval: integer(row, 'approval') === 1,
    est: integer(row, 'est') === 1,
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
