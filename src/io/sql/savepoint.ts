import type { Fault, Result } from '../../std/index.ts';
import type { Sql } from './sql.ts';

/** A part of a transaction that can be undone alone. What `work` throws leaves the whole transaction to be undone. */
export async function attempt<T>(sql: Sql, work: () => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
  await sql.run('SAVEPOINT part');
  const result = await work();
  if (!result.ok) await sql.run('ROLLBACK TO SAVEPOINT part');
  await sql.run('RELEASE SAVEPOINT part');
  return result;
}
