import type { RootRow } from '../../authority/index.ts';
import { bytes, integer, nullable, time } from './columns.ts';
import type { Sql, SqlRow } from './sql.ts';

export async function allRoots(sql: Sql): Promise<readonly RootRow[]> {
  const rows = await sql.all('SELECT * FROM roots ORDER BY generation');
  return rows.map(rootOf);
}

export async function insertRoot(sql: Sql, row: RootRow): Promise<void> {
  await sql.run(
    'INSERT INTO roots (generation, certificate, cross_certificate, prepared_at) VALUES (?, ?, ?, ?)',
    row.generation,
    row.certificate,
    row.cross,
    row.preparedAt,
  );
}

function rootOf(row: SqlRow): RootRow {
  return {
    generation: integer(row, 'generation'),
    certificate: bytes(row, 'certificate'),
    cross: nullable(row, 'cross_certificate', bytes),
    preparedAt: time(row, 'prepared_at'),
  };
}
