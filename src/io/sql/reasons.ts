import { isCrlReason, type CrlReason } from '../../x509/index.ts';
import { corrupt, text } from './columns.ts';
import type { SqlRow } from './sql.ts';

export function crlReason(row: SqlRow, column: string): CrlReason {
  const value = text(row, column);
  return isCrlReason(value) ? value : corrupt(column);
}
