/** The types that the store's columns have, as the migrations write them. */
export const COLUMN_TYPES = ['BIGINT', 'BYTEA', 'TEXT'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

export interface ColumnShape {
  readonly name: string;
  readonly type: ColumnType;
}

/** What a table is to a copy of it. Nobody lists tables: they are read out of a store that the migrations just made. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly ColumnShape[];
}

/** A column as a catalogue has it: with a type that may be anything. Null for a table without columns. */
export interface FoundColumn {
  readonly table: string;
  readonly name: string | null;
  readonly type: string | null;
}

/** Rows of a store that pass from one database to another at a time. */
export const MAX_COPIED_ROWS = 256;
/** And their bytes, unless one row alone is larger. */
export const MAX_COPIED_BYTES = 4 * 1024 * 1024;

/** The first table or column that is there and not known, or the other way round; undefined where there is none. */
export function differenceOf(
  known: readonly TableShape[],
  found: readonly FoundColumn[],
): string | undefined {
  const wanted = new Map<string, string | null>();
  for (const { name: table, columns } of known) {
    wanted.set(table, null);
    for (const { name, type } of columns) wanted.set(`${table}.${name}`, type);
  }
  const seen = new Set<string>();
  for (const { table, name, type } of found) {
    if (!wanted.has(table)) return `a table "${table}" that this program does not know`;
    seen.add(table);
    if (name === null) continue;
    const column = `${table}.${name}`;
    if (!wanted.has(column)) return `a column "${column}" that this program does not know`;
    if (wanted.get(column) !== type?.toUpperCase()) return `a column "${column}" of another type, ${type}`;
    seen.add(column);
  }
  const missing = [...wanted.keys()].find((each) => !seen.has(each));
  return missing === undefined ? undefined : `no "${missing}"`;
}

/** Rows that a copy leaves out, as a condition on those that it takes: marks of store objects that are gone by then. */
export function copiedRows({ name }: TableShape): string {
  return name === META ? `WHERE name NOT LIKE 'commit:%'` : '';
}

/** The table that says which schema the others have; a new store has one row in it, and none in any other. */
export const META = 'meta';
