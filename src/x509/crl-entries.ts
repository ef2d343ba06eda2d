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

/**
 * What one thread found out about the entries of a CRL and another goes on with: no object per entry, and arrays that can be
 * handed over without a copy. Says nothing of bytes that it was not taken of.
 */
export interface EntrySurvey extends Omit<ReadEntries, 'entries'> {
  readonly size: number;
  /** Slots of the index from serial to position. */
  readonly slots: Uint32Array<ArrayBuffer>;
  /** Positions in the other content of entries that are not repeated here; undefined when there was none to compare with. */
  readonly notRepeated: Uint32Array<ArrayBuffer> | undefined;
}

/** Everything that takes O(size). `other`: content of the entries that these are to be compared with. */
export function surveyEntries(read: ReadEntries, other: Uint8Array | undefined): EntrySurvey {
  const { entries, unknownCritical, removal } = read;
  const compared = other === undefined ? undefined : Uint32Array.from(positionsNotRepeated(other, entries));
  const slots = entries instanceof CheckedEntries ? entries.slots : new Uint32Array(1);
  return { size: entries.size, slots, notRepeated: compared, unknownCritical, removal };
}

/** The entries again, of the very content that was surveyed; `other`: those whose content it was compared with. */
export function surveyedEntries(
  content: Uint8Array,
  survey: EntrySurvey,
  other: CrlEntries | undefined,
): ReadEntries {
  const { size, slots, notRepeated, unknownCritical, removal } = survey;
  // Weakly: a CRL must not keep all those before it in memory.
  const compared =
    other === undefined || notRepeated === undefined ? undefined : { other: new WeakRef(other), notRepeated };
  const entries = new CheckedEntries(content, size, new SerialIndex(content, slots), compared);
  return { entries, unknownCritical, removal };
}

/** The bytes of the entries; undefined where there are none. */
export function contentOfEntries(entries: CrlEntries): Uint8Array | undefined {
  return entries instanceof CheckedEntries ? entries.content : undefined;
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

/** Which of another's entries are not repeated. */
interface Comparison {
  readonly other: WeakRef<CrlEntries>;
  readonly notRepeated: Uint32Array;
}

/** Entries that {@link readCrlEntries} has gone through. */
class CheckedEntries implements CrlEntries {
  readonly size: number;
  readonly content: Uint8Array;
  #index: SerialIndex | undefined;
  readonly #compared: Comparison | undefined;

  constructor(content: Uint8Array, size: number, index?: SerialIndex, compared?: Comparison) {
    this.content = content;
    this.size = size;
    this.#index = index;
    this.#compared = compared;
  }

  get slots(): Uint32Array<ArrayBuffer> {
    return this.#indexed().slots;
  }

  find(serialHex: string): CrlEntry | undefined {
    const serial = fromHex(serialHex);
    if (serial === undefined) return undefined;
    const at = this.#indexed().find(serial, 0, serial.length);
    return at === undefined ? undefined : entryAt(this.content, at);
  }

  *notRepeatedIn(next: CrlEntries): Iterable<CrlEntry> {
    const known =
      next instanceof CheckedEntries && next.#compared?.other.deref() === this ? next.#compared : undefined;
    const positions = known?.notRepeated ?? positionsNotRepeated(this.content, next);
    for (const at of positions) yield entryAt(this.content, at);
  }

  /** The first entry of the serial in this entry is the same, byte for byte. */
  lists(bytes: Uint8Array, start: number, end: number): boolean {
    const integer = serialAt(bytes, start);
    const found = this.#indexed().find(bytes, integer + 2, integer + 2 + (bytes[integer + 1] ?? 0));
    return found !== undefined && this.repeats(found, bytes, start, end);
  }

  /** The entry at `at` is the same, byte for byte. */
  repeats(at: number, bytes: Uint8Array, start: number, end: number): boolean {
    const content = this.content;
    if (at + end - start > content.length) return false;
    for (let i = start; i < end; i++) if (bytes[i] !== content[at + i - start]) return false;
    return true;
  }

  #indexed(): SerialIndex {
    this.#index ??= SerialIndex.of(this.content, this.size);
    return this.#index;
  }

  *[Symbol.iterator](): Iterator<CrlEntry> {
    for (let at = 0; at < this.content.length; at = endOfElement(this.content, at)) {
      yield entryAt(this.content, at);
    }
  }
}

/** Positions in `content` of the entries that `next` does not repeat; see {@link CrlEntries.notRepeatedIn}. */
function* positionsNotRepeated(content: Uint8Array, next: CrlEntries): Iterable<number> {
  const listed = next instanceof CheckedEntries ? next : undefined;
  // Goes forward with each entry found there and never past another one: so whatever `next` lists before it is of
  // here, in the same order, and no other entry of the same serial comes first.
  let cursor = 0;
  for (let at = 0; at < content.length; at = endOfElement(content, at)) {
    const end = endOfElement(content, at);
    if (listed?.repeats(cursor, content, at, end) === true) cursor += end - at;
    else if (listed?.lists(content, at, end) !== true) yield at;
  }
}

/** Open addressing from serial bytes to the position of the entry: 4 bytes a slot, no objects. */
class SerialIndex {
  readonly #content: Uint8Array;
  /** Position + 1; 0 is empty. At most half of the slots are used. */
  readonly slots: Uint32Array<ArrayBuffer>;

  constructor(content: Uint8Array, slots: Uint32Array<ArrayBuffer>) {
    this.#content = content;
    this.slots = slots;
  }

  static of(content: Uint8Array, size: number): SerialIndex {
    const index = new SerialIndex(content, new Uint32Array(2 ** Math.ceil(Math.log2(2 * size + 1))));
    for (let at = 0; at < content.length; at = endOfElement(content, at)) index.#insert(at);
    return index;
  }

  /** The serial is in these bytes from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): number | undefined {
    const slot = this.#slotOf(bytes, start, end);
    const at = this.slots[slot] ?? 0;
    return at === 0 ? undefined : at - 1;
  }

  #insert(at: number): void {
    const integer = serialAt(this.#content, at);
    const start = integer + 2;
    const slot = this.#slotOf(this.#content, start, start + (this.#content[integer + 1] ?? 0));
    if (this.slots[slot] === 0) this.slots[slot] = at + 1;
  }

  /** The slot that holds this serial, or the empty one where it belongs. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(bytes, start, end) & mask;
    while (this.slots[slot] !== 0 && !this.#holds(this.slots[slot] ?? 0, bytes, start, end)) {
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
