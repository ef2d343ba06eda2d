import type { Genesis } from '../../authority/index.ts';
import { bytes, nullable, text, time } from './columns.ts';
import type { Sql } from './sql.ts';

export async function findGenesis(sql: Sql): Promise<Genesis | null> {
  const row = await sql.first('SELECT * FROM genesis WHERE id = 1');
  if (row === undefined) return null;
  return {
    trustDomain: text(row, 'trust_domain'),
    root: bytes(row, 'root'),
    issuing: bytes(row, 'issuing'),
    rosterSalt: bytes(row, 'roster_salt'),
    crlUrl: nullable(row, 'crl_url', text),
    createdAt: time(row, 'created_at'),
  };
}

export async function insertGenesis(sql: Sql, genesis: Genesis): Promise<void> {
  await sql.run(
    `INSERT INTO genesis (id, trust_domain, root, issuing, roster_salt, crl_url, created_at)
     VALUES (1, ?, ?, ?, ?, ?, ?)`,
    genesis.trustDomain,
    genesis.root,
    genesis.issuing,
    genesis.rosterSalt,
    genesis.crlUrl,
    genesis.createdAt,
  );
}
