import type { CrlReason } from '../../x509/index.ts';
import { oneOf } from './columns.ts';
import type { SqlRow } from './statements.ts';

const CRL_REASONS: readonly CrlReason[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

export function crlReason(row: SqlRow, column: string): CrlReason {
  return oneOf(row, column, CRL_REASONS);
}
