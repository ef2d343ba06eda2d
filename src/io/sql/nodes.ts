import type { AddressRow, NodeEnd, NodeRow, RosterNode } from '../../authority/index.ts';
import type { NodeId, UnixMs } from '../../std/index.ts';
import { integer, joinList, list, nodeId, nodeName, nullable, oneOf, text, time } from './columns.ts';
import { crlReason } from './reasons.ts';
import type { Sql, SqlRow } from './sql.ts';

const NODE_STATES = ['enrolled', 'active', 'revoked', 'removed'] as const;
const LIVE = `state IN ('enrolled', 'active')`;
/**
 * Two searches by index, so that it costs nothing how many identities have ended long ago: the live ones, and those of
 * unexpired certificates that have ended.
 */
const IN_ROSTER = `SELECT node_id, name, state FROM nodes WHERE ${LIVE}
  UNION ALL
  SELECT DISTINCT nodes.node_id, nodes.name, nodes.state FROM certificates CROSS JOIN nodes
  WHERE certificates.not_after >= ? AND nodes.node_id = certificates.node_id AND NOT (${LIVE})`;

export async function findNode(sql: Sql, id: NodeId): Promise<NodeRow | null> {
  const row = await sql.first('SELECT * FROM nodes WHERE node_id = ?', id);
  return row === undefined ? null : nodeOf(row);
}

export async function findNodeByName(sql: Sql, name: string): Promise<NodeRow | null> {
  const row = await sql.first(
    `SELECT * FROM nodes WHERE name = ?
     ORDER BY CASE WHEN state IN ('enrolled', 'active') THEN 0 ELSE 1 END, generation DESC LIMIT 1`,
    name,
  );
  return row === undefined ? null : nodeOf(row);
}

export async function rosterNodes(sql: Sql, now: UnixMs): Promise<readonly RosterNode[]> {
  // Sorted here, or the database would read all there ever were in that order.
  const nodes = (await sql.all(IN_ROSTER, now)).map(rosterNodeOf);
  return nodes.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
}

export async function countRosterNodes(sql: Sql, now: UnixMs): Promise<number> {
  const row = await sql.first(`SELECT COUNT(*) AS n FROM (${IN_ROSTER}) AS members`, now);
  return row === undefined ? 0 : integer(row, 'n');
}

export async function insertNode(sql: Sql, node: NodeRow): Promise<void> {
  await sql.run(
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

export async function activateNode(sql: Sql, id: NodeId, at: UnixMs): Promise<void> {
  await sql.run(
    `UPDATE nodes SET state = 'active', activated_at = ? WHERE node_id = ? AND state = 'enrolled'`,
    at,
    id,
  );
}

export async function endNode(sql: Sql, id: NodeId, end: NodeEnd): Promise<void> {
  await sql.run(
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

export async function allAddresses(sql: Sql): Promise<readonly AddressRow[]> {
  const rows = await sql.all('SELECT * FROM addresses ORDER BY node_id');
  return rows.map((row) => ({
    nodeId: nodeId(row, 'node_id'),
    name: nodeName(row, 'name'),
    address: text(row, 'address'),
    updatedAt: time(row, 'updated_at'),
  }));
}

export async function putAddress(sql: Sql, row: AddressRow): Promise<void> {
  await sql.run(
    `INSERT INTO addresses (node_id, name, address, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (node_id) DO UPDATE SET address = excluded.address, updated_at = excluded.updated_at`,
    row.nodeId,
    row.name,
    row.address,
    row.updatedAt,
  );
}

export async function deleteAddress(sql: Sql, id: NodeId): Promise<void> {
  await sql.run('DELETE FROM addresses WHERE node_id = ?', id);
}

function rosterNodeOf(row: SqlRow): RosterNode {
  return {
    nodeId: nodeId(row, 'node_id'),
    name: nodeName(row, 'name'),
    state: oneOf(row, 'state', NODE_STATES),
  };
}

function nodeOf(row: SqlRow): NodeRow {
  return {
    ...rosterNodeOf(row),
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
