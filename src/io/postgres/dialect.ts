import type { SqlValue } from '../sql/index.ts';

/** A text of src/io/sql as PostgreSQL takes it. */
export interface Prepared {
  /** Under which the server keeps its plan, per connection. */
  readonly name: string;
  readonly text: string;
}

const prepared = new Map<string, Prepared>();

/** With `$1`, `$2` … for each `?`. The texts are constants, so what is kept is bounded by the code. */
export function prepare(sql: string): Prepared {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  let values = 0;
  const made = {
    name: `lifesign_${prepared.size}`,
    text: sql.replaceAll('?', () => `$${++values}`),
  };
  prepared.set(sql, made);
  return made;
}

/** Texts compare bytewise, as in SQLite: the order of names must not depend on the server's locale. */
export function bytewise(statement: string): string {
  return statement.replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"');
}

/** Bytes go out as they are: `pg` would take a Uint8Array for an array of numbers. */
export function parameter(value: SqlValue): SqlValue | Buffer {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}

const OID_BYTEA = 17;
const OID_INT8 = 20;
const OID_INT4 = 23;
const HEX_PREFIX_LENGTH = 2;

/** Reads a column as the port has it. Integers beyond 2^53 become NaN, which no column reader takes. */
export function parserOf(oid: number): (text: string) => unknown {
  switch (oid) {
    case OID_BYTEA:
      return (text) => new Uint8Array(Buffer.from(text.slice(HEX_PREFIX_LENGTH), 'hex'));
    case OID_INT8:
    case OID_INT4:
      return (text) => {
        const value = Number(text);
        return Number.isSafeInteger(value) ? value : Number.NaN;
      };
    default:
      return (text) => text;
  }
}
