import {
  fault,
  LsError,
  parseNodeId,
  parseNodeName,
  parseSerialNumber,
  unixMs,
  type NodeId,
  type NodeName,
  type SerialNumber,
  type UnixMs,
} from '../../std/index.ts';
import type { SqlRow } from './sql.ts';

/** Readers of one column each. A value that the schema does not allow throws LS_CA_STORE_CORRUPT. */

export function text(row: SqlRow, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : corrupt(column);
}

export function integer(row: SqlRow, column: string): number {
  const value = row[column];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : corrupt(column);
}

/** A copy that does not share memory with the database. */
export function bytes(row: SqlRow, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : corrupt(column);
}

export function time(row: SqlRow, column: string): UnixMs {
  return unixMs(integer(row, column));
}

export function nodeId(row: SqlRow, column: string): NodeId {
  return parseNodeId(text(row, column)) ?? corrupt(column);
}

export function nodeName(row: SqlRow, column: string): NodeName {
  return parseNodeName(text(row, column)) ?? corrupt(column);
}

export function serial(row: SqlRow, column: string): SerialNumber {
  return parseSerialNumber(text(row, column)) ?? corrupt(column);
}

export function oneOf<T extends string>(row: SqlRow, column: string, allowed: readonly T[]): T {
  const value = text(row, column);
  return allowed.find((candidate) => candidate === value) ?? corrupt(column);
}

/** Comma-separated text; empty text is the empty list. */
export function list(row: SqlRow, column: string): readonly string[] {
  const value = text(row, column);
  return value === '' ? [] : value.split(',');
}

export function joinList(values: readonly string[]): string {
  return values.join(',');
}

/** Null for SQL NULL, else what `read` makes of the column. */
export function nullable<T>(row: SqlRow, column: string, read: (row: SqlRow, column: string) => T): T | null {
  return row[column] === null ? null : read(row, column);
}

/** Throws LS_CA_STORE_CORRUPT. */
export function corrupt(column: string): never {
  throw new LsError(
    fault('LS_CA_STORE_CORRUPT', `column ${column} of the CA store holds what was never written there`),
  );
}
