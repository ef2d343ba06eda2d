import type { CertificateQuery, CertificateRow, RevocationRow } from '../../authority/index.ts';
import type { NodeId, SerialNumber, UnixMs } from '../../std/index.ts';
import { bytes, integer, nodeId, nullable, oneOf, serial, text, time } from './columns.ts';
import { crlReason } from './reasons.ts';
import type { SqlRow, Statements } from './statements.ts';

const SELECT = `SELECT c.*, r.reason, r.revoked_at, r.crl_number
  FROM certificates c LEFT JOIN revocations r ON r.serial = c.serial`;

export function findCertificate(sql: Statements, wanted: SerialNumber): CertificateRow | null {
  return orNull(sql.first(`${SELECT} WHERE c.serial = ?`, wanted));
}

export function findCertificateByKey(sql: Statements, spkiSha256: Uint8Array): CertificateRow | null {
  return orNull(
    sql.first(
      `${SELECT} WHERE c.spki_sha256 = ? AND c.role = 'node' ORDER BY c.number DESC LIMIT 1`,
      spkiSha256,
    ),
  );
}

export function newestCertificate(sql: Statements, id: NodeId): CertificateRow | null {
  return orNull(sql.first(`${SELECT} WHERE c.node_id = ? ORDER BY c.number DESC LIMIT 1`, id));
}

export function findCertificates(sql: Statements, query: CertificateQuery): readonly CertificateRow[] {
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
  return sql.all(`${SELECT}${where} ORDER BY c.name, c.number DESC`, ...values).map(certificateOf);
}

export function countUnexpiredCertificates(sql: Statements, id: NodeId, now: UnixMs): number {
  const row = sql.first(
    'SELECT COUNT(*) AS n FROM certificates WHERE node_id = ? AND not_after >= ?',
    id,
    now,
  );
  return row === undefined ? 0 : integer(row, 'n');
}

export function insertCertificate(sql: Statements, row: CertificateRow): void {
  sql.run(
    `INSERT INTO certificates (serial, number, role, name, node_id, spki_sha256, not_before, not_after, issued_at,
       tbs, der, predecessor, confirmed_at)
     VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM certificates), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.serial,
    row.role,
    row.name,
    row.nodeId,
    row.spkiSha256,
    row.notBefore,
    row.notAfter,
    row.issuedAt,
    row.tbs,
    row.der,
    row.predecessor,
    row.confirmedAt,
  );
}

export function completeCertificate(sql: Statements, wanted: SerialNumber, der: Uint8Array): void {
  sql.run('UPDATE certificates SET der = ? WHERE serial = ? AND der IS NULL', der, wanted);
}

export function confirmCertificate(sql: Statements, wanted: SerialNumber, at: UnixMs): void {
  sql.run('UPDATE certificates SET confirmed_at = ? WHERE serial = ? AND confirmed_at IS NULL', at, wanted);
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
    tbs: bytes(row, 'tbs'),
    der: nullable(row, 'der', bytes),
    predecessor: nullable(row, 'predecessor', serial),
    confirmedAt: nullable(row, 'confirmed_at', time),
    revocation: row['crl_number'] === null ? null : revocationOf(row),
  };
}

/** Of a row of `revocations`, or of a certificate joined with it. */
export function revocationOf(row: SqlRow): RevocationRow {
  return {
    serial: serial(row, 'serial'),
    reason: crlReason(row, 'reason'),
    revokedAt: time(row, 'revoked_at'),
    crlNumber: integer(row, 'crl_number'),
  };
}
