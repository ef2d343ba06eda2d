import { err, fault, fromHex, ok, toHex, type Fault, type Result } from '../std/index.ts';
import { readDer } from '../codec/index.ts';
import { readCrlEntry, type CrlEntry, type ReadEntry } from './crl-entry.ts';
import { emptyEntryFields, endOfElement, scanPlainEntry, type EntryFields } from './crl-scan.ts';

/** Most entries in one CRL. */
export const MAX_CRL_ENTRIES = 2_000_000;
/** Longest single entry that is read. */
const MAX_CRL_ENTRY_BYTES = 4096;
/** Most different OIDs that are remembered of unknown critical extensions; one is enough to refuse the CRL. */
const MAX_UNKNOWN_CRITICAL = 8;

/** The entries of a CRL, decoded one by one when asked for. */
export interface CrlEntries extends Iterable<CrlEntry> {
  readonly size: number;
  /**
   * The entry of a serial (content bytes of the INTEGER, lower-case hexadecimal); of several the first.
   * O(1); the first call builds the index, O(size), so make it after the signature has been verified.
   */
  find(serialHex: string): CrlEntry | undefined;
  /**
   * Those that {@link find} of `next` does not answer byte for byte; of several with one serial the first counts. O(size), and
   * without an index as long as `next` lists them in the same order.
   */
  notRepeatedIn(next: CrlEntries): Iterable<CrlEntry>;
}

export interface ReadEntries {
  readonly entries: CrlEntries;
  /** OIDs of critical entry extensions that lifesign does not know. */
  readonly unknownCritical: readonly string[];
  /** Serial of the first entry with the reason removeFromCRL, which only deltas may have. */
  readonly removal: string | undefined;
}

export const noCrlEntries: CrlEntries = {
  size: 0,
  find: () => undefined,
  notRepeatedIn: () => [],
  [Symbol.iterator]: () => [][Symbol.iterator](),
};

/**
 * Checks every entry of revokedCertificates (`content` is the content of that SEQUENCE) without keeping any.
 * The bytes are not copied. Errors: LS_DER_*, LS_X509_CRL_ENTRY, LS_X509_CRL_TOO_MANY.
 */
export function readCrlEntries(content: Uint8Array): Result<ReadEntries, Fault> {
  const fields = emptyEntryFields();
  const unknownCritical = new Set<string>();
  let removal: string | undefined;
  let size = 0;
  for (let at = 0; at < content.length; size++) {
    if (size === MAX_CRL_ENTRIES) {
      return err(fault('LS_X509_CRL_TOO_MANY', `CRL with more than ${MAX_CRL_ENTRIES} entries`));
    }
    if (scanPlainEntry(content, at, content.length, fields)) {
      if (fields.reason === 'removeFromCRL') removal ??= serialOf(content, fields);
      at = fields.end;
      continue;
    }
    const entry = readOtherEntry(content, at);
    if (!entry.ok) return entry;
    if (entry.value.reason === 'removeFromCRL') removal ??= entry.value.serialHex;
    at += entry.value.length;
    for (const oid of entry.value.unknownCritical) {
      if (unknownCritical.size < MAX_UNKNOWN_CRITICAL) unknownCritical.add(oid);
    }
  }
  return ok({ entries: new CheckedEntries(content, size), unknownCritical: [...unknownCritical], removal });
}

/** Entries that {@link readCrlEntries} has gone through. */
class CheckedEntries implements CrlEntries {
  readonly size: number;
  readonly #content: Uint8Array;
  #index: SerialIndex | undefined;

  constructor(content: Uint8Array, size: number) {
    this.#content = content;
    this.size = size;
  }

  find(serialHex: string): CrlEntry | undefined {
    const serial = fromHex(serialHex);
    if (serial === undefined) return undefined;
    const at = this.#find(serial, 0, serial.length);
    return at === undefined ? undefined : entryAt(this.#content, at);
  }

  *notRepeatedIn(next: CrlEntries): Iterable<CrlEntry> {
    const content = this.#content;
    // Goes forward with each entry found there and never past another one: so whatever `next` lists before it is of
    // here, in the same order, and no other entry of the same serial comes first.
    let cursor = 0;
    for (let at = 0; at < content.length; at = endOfElement(content, at)) {
      const end = endOfElement(content, at);
      if (next instanceof CheckedEntries && next.#repeats(cursor, content, at, end)) cursor += end - at;
      else if (!(next instanceof CheckedEntries && next.#lists(content, at, end))) yield entryAt(content, at);
    }
  }

  /** The first entry of the serial in this entry is the same, byte for byte. */
  #lists(bytes: Uint8Array, start: number, end: number): boolean {
    const integer = serialAt(bytes, start);
    const found = this.#find(bytes, integer + 2, integer + 2 + (bytes[integer + 1] ?? 0));
    return found !== undefined && this.#repeats(found, bytes, start, end);
  }

  #repeats(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const content = this.#content;
    if (at + end - start > content.length) return false;
    for (let i = start; i < end; i++) if (bytes[i] !== content[at + i - start]) return false;
    return true;
  }

  #find(bytes: Uint8Array, start: number, end: number): number | undefined {
    this.#index ??= new SerialIndex(this.#content, this.size);
    return this.#index.find(bytes, start, end);
  }

  *[Symbol.iterator](): Iterator<CrlEntry> {
    for (let at = 0; at < this.#content.length; at = endOfElement(this.#content, at)) {
      yield entryAt(this.#content, at);
    }
  }
}

/** Open addressing from serial bytes to the position of the entry: 4 bytes a slot, no objects. */
class SerialIndex {
  readonly #content: Uint8Array;
  /** Position + 1; 0 is empty. At most half of the slots are used. */
  readonly #slots: Uint32Array;

  constructor(content: Uint8Array, size: number) {
    this.#content = content;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * size + 1)));
    for (let at = 0; at < content.length; at = endOfElement(content, at)) this.#insert(at);
  }

  /** The serial is in these bytes from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): number | undefined {
    const slot = this.#slotOf(bytes, start, end);
    const at = this.#slots[slot] ?? 0;
    return at === 0 ? undefined : at - 1;
  }

  #insert(at: number): void {
    const integer = serialAt(this.#content, at);
    const start = integer + 2;
    const slot = this.#slotOf(this.#content, start, start + (this.#content[integer + 1] ?? 0));
    if (this.#slots[slot] === 0) this.#slots[slot] = at + 1;
  }

  /** The slot that holds this serial, or the empty one where it belongs. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(bytes, start, end) & mask;
    while (this.#slots[slot] !== 0 && !this.#holds(this.#slots[slot] ?? 0, bytes, start, end)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #holds(stored: number, bytes: Uint8Array, start: number, end: number): boolean {
    const integer = serialAt(this.#content, stored - 1);
    if (this.#content[integer + 1] !== end - start) return false;
    for (let i = 0; i < end - start; i++) {
      if (this.#content[integer + 2 + i] !== bytes[start + i]) return false;
    }
    return true;
  }
}

/** Position of the serial's INTEGER in the entry at `at`. */
function serialAt(content: Uint8Array, at: number): number {
  const first = content[at + 1] ?? 0;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

/** FNV-1a with a final mix. Source: Fowler, Noll, Vo, draft-eastlake-fnv. */
function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = 0x811c_9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ (bytes[i] ?? 0), 0x0100_0193);
  return (value ^ (value >>> 15)) >>> 0;
}

function serialOf(content: Uint8Array, { serialStart, serialEnd }: EntryFields): string {
  return toHex(content.subarray(serialStart, serialEnd));
}

function entryAt(content: Uint8Array, at: number): CrlEntry {
  const fields = emptyEntryFields();
  if (scanPlainEntry(content, at, content.length, fields)) {
    const { revokedAt, reason } = fields;
    return { serialHex: serialOf(content, fields), revokedAt, reason, invalidityDate: undefined };
  }
  const entry = readOtherEntry(content, at);
  if (!entry.ok) throw new RangeError(`CRL bytes changed after they were parsed: ${entry.error.detail}`);
  const { serialHex, revokedAt, reason, invalidityDate } = entry.value;
  return { serialHex, revokedAt, reason, invalidityDate };
}

/** An entry of any form, with its length in bytes. */
function readOtherEntry(content: Uint8Array, at: number): Result<ReadEntry & { length: number }, Fault> {
  const window = content.subarray(at, at + MAX_CRL_ENTRY_BYTES);
  const length = Math.min(window.length, endOfElement(window, 0));
  return readDer('CRL entry', window.subarray(0, length), MAX_CRL_ENTRY_BYTES, (reader) => ({
    ...readCrlEntry(reader),
    length,
  }));
}
