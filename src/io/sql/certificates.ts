import type { CertificateQuery, CertificateRow, RevocationRow } from '../../authority/index.ts';
import type { NodeId, SerialNumber, UnixMs } from '../../std/index.ts';
import { bytes, integer, nodeId, nullable, oneOf, serial, text, time } from './columns.ts';
import { crlReason } from './reasons.ts';
import type { Sql, SqlRow } from './sql.ts';

const SELECT = `SELECT c.*, r.reason, r.revoked_at, r.crl_number, r.issuer AS listed_by
  FROM certificates c LEFT JOIN revocations r ON r.serial = c.serial`;

export async function findCertificate(sql: Sql, wanted: SerialNumber): Promise<CertificateRow | null> {
  return orNull(await sql.first(`${SELECT} WHERE c.serial = ?`, wanted));
}

export async function findCertificateByKey(sql: Sql, spkiSha256: Uint8Array): Promise<CertificateRow | null> {
  return orNull(
    await sql.first(
      `${SELECT} WHERE c.spki_sha256 = ? AND c.role = 'node' ORDER BY c.number DESC LIMIT 1`,
      spkiSha256,
    ),
  );
}

export async function newestCertificate(sql: Sql, id: NodeId): Promise<CertificateRow | null> {
  return orNull(await sql.first(`${SELECT} WHERE c.node_id = ? ORDER BY c.number DESC LIMIT 1`, id));
}

export async function findCertificates(
  sql: Sql,
  query: CertificateQuery,
): Promise<readonly CertificateRow[]> {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, value: string | number | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  add('c.name = ?', query.name);
  add('c.node_id = ?', query.nodeId);
  add('c.not_after >= ?', query.notAfterFrom);
  add('c.not_after <= ?', query.notAfterTo);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const rows = await sql.all(`${SELECT}${where} ORDER BY c.name, c.number DESC`, ...values);
  return rows.map(certificateOf);
}

export async function countUnexpiredCertificates(sql: Sql, id: NodeId, now: UnixMs): Promise<number> {
  const row = await sql.first(
    'SELECT COUNT(*) AS n FROM certificates WHERE node_id = ? AND not_after >= ?',
    id,
    now,
  );
  return row === undefined ? 0 : integer(row, 'n');
}

export async function insertCertificate(sql: Sql, row: CertificateRow): Promise<void> {
  await sql.run(
    `INSERT INTO certificates (serial, number, role, name, node_id, spki_sha256, not_before, not_after, issued_at,
       issuer, tbs, der, predecessor, confirmed_at)
     VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM certificates), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.serial,
    row.role,
    row.name,
    row.nodeId,
    row.spkiSha256,
    row.notBefore,
    row.notAfter,
    row.issuedAt,
    row.issuer,
    row.tbs,
    row.der,
    row.predecessor,
    row.confirmedAt,
  );
}

export async function completeCertificate(sql: Sql, wanted: SerialNumber, der: Uint8Array): Promise<void> {
  await sql.run('UPDATE certificates SET der = ? WHERE serial = ? AND der IS NULL', der, wanted);
}

export async function confirmCertificate(sql: Sql, wanted: SerialNumber, at: UnixMs): Promise<void> {
  await sql.run(
    'UPDATE certificates SET confirmed_at = ? WHERE serial = ? AND confirmed_at IS NULL',
    at,
    wanted,
  );
}

function orNull(row: SqlRow | undefined): CertificateRow | null {
  return row === undefined ? null : certificateOf(row);
}

function certificateOf(row: SqlRow): CertificateRow {
  return {
    serial: serial(row, 'serial'),
    role: oneOf(row, 'role', ['node', 'operator', 'server', 'ocsp']),
    name: text(row, 'name'),
    nodeId: nullable(row, 'node_id', nodeId),
    spkiSha256: bytes(row, 'spki_sha256'),
    notBefore: time(row, 'not_before'),
    notAfter: time(row, 'not_after'),
    issuedAt: time(row, 'issued_at'),
    issuer: integer(row, 'issuer'),
    tbs: bytes(row, 'tbs'),
    der: nullable(row, 'der', bytes),
    predecessor: nullable(row, 'predecessor', serial),
    confirmedAt: nullable(row, 'confirmed_at', time),
    revocation: row['crl_number'] === null ? null : revocationOf(row, 'listed_by'),
  };
}

/** Of a row of `revocations`, or of a certificate joined with it. */
export function revocationOf(row: SqlRow, issuer: 'issuer' | 'listed_by' = 'issuer'): RevocationRow {
  return {
    serial: serial(row, 'serial'),
    reason: crlReason(row, 'reason'),
    revokedAt: time(row, 'revoked_at'),
    crlNumber: integer(row, 'crl_number'),
    issuer: integer(row, issuer),
  };
}
