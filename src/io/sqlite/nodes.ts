import type { AddressRow, NodeEnd, NodeRow } from '../../authority/index.ts';
import type { NodeId, UnixMs } from '../../std/index.ts';
import { integer, joinList, list, nodeId, nodeName, nullable, oneOf, text, time } from './columns.ts';
import { crlReason } from './reasons.ts';
import type { SqlRow, Statements } from './statements.ts';

const IN_ROSTER = `(state IN ('enrolled', 'active')
  OR node_id IN (SELECT node_id FROM certificates WHERE not_after >= ? AND node_id IS NOT NULL))`;

export function findNode(sql: Statements, id: NodeId): NodeRow | null {
  const row = sql.first('SELECT * FROM nodes WHERE node_id = ?', id);
  return row === undefined ? null : nodeOf(row);
}

export function findNodeByName(sql: Statements, name: string): NodeRow | null {
  const row = sql.first(
    `SELECT * FROM nodes WHERE name = ?
     ORDER BY CASE WHEN state IN ('enrolled', 'active') THEN 0 ELSE 1 END, generation DESC LIMIT 1`,
    name,
  );
  return row === undefined ? null : nodeOf(row);
}

export function rosterNodes(sql: Statements, now: UnixMs): readonly NodeRow[] {
  return sql.all(`SELECT * FROM nodes WHERE ${IN_ROSTER} ORDER BY node_id`, now).map(nodeOf);
}

export function countRosterNodes(sql: Statements, now: UnixMs): number {
  const row = sql.first(`SELECT COUNT(*) AS n FROM nodes WHERE ${IN_ROSTER}`, now);
  return row === undefined ? 0 : integer(row, 'n');
}

export function insertNode(sql: Statements, node: NodeRow): void {
  sql.run(
    `INSERT INTO nodes (node_id, name, generation, state, dns, ip, enrolled_at, activated_at, ended_at, reason,
       end_crl_number, end_roster_number)
     VALUES (?, ?, (SELECT COALESCE(MAX(generation), 0) + 1 FROM nodes WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    node.nodeId,
    node.name,
    node.name,
    node.state,
    joinList(node.dns),
    joinList(node.ip),
    node.enrolledAt,
    node.activatedAt,
    node.endedAt,
    node.reason,
    node.endCrlNumber,
    node.endRosterNumber,
  );
}

export function activateNode(sql: Statements, id: NodeId, at: UnixMs): void {
  sql.run(
    `UPDATE nodes SET state = 'active', activated_at = ? WHERE node_id = ? AND state = 'enrolled'`,
    at,
    id,
  );
}

export function endNode(sql: Statements, id: NodeId, end: NodeEnd): void {
  sql.run(
    `UPDATE nodes SET state = ?, ended_at = ?, reason = ?, end_crl_number = ?, end_roster_number = ?
     WHERE node_id = ?`,
    end.state,
    end.at,
    end.reason,
    end.crlNumber,
    end.rosterNumber,
    id,
  );
}

export function allAddresses(sql: Statements): readonly AddressRow[] {
  return sql.all('SELECT * FROM addresses ORDER BY node_id').map((row) => ({
    nodeId: nodeId(row, 'node_id'),
    name: nodeName(row, 'name'),
    address: text(row, 'address'),
    updatedAt: time(row, 'updated_at'),
  }));
}

export function putAddress(sql: Statements, row: AddressRow): void {
  sql.run(
    `INSERT INTO addresses (node_id, name, address, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (node_id) DO UPDATE SET address = excluded.address, updated_at = excluded.updated_at`,
    row.nodeId,
    row.name,
    row.address,
    row.updatedAt,
  );
}

export function deleteAddress(sql: Statements, id: NodeId): void {
  sql.run('DELETE FROM addresses WHERE node_id = ?', id);
}

function nodeOf(row: SqlRow): NodeRow {
  return {
    nodeId: nodeId(row, 'node_id'),
    name: nodeName(row, 'name'),
    state: oneOf(row, 'state', ['enrolled', 'active', 'revoked', 'removed']),
    dns: list(row, 'dns'),
    ip: list(row, 'ip'),
    enrolledAt: time(row, 'enrolled_at'),
    activatedAt: nullable(row, 'activated_at', time),
    endedAt: nullable(row, 'ended_at', time),
    reason: nullable(row, 'reason', crlReason),
    endCrlNumber: nullable(row, 'end_crl_number', integer),
    endRosterNumber: nullable(row, 'end_roster_number', integer),
  };
}
