import {
  bytesShape,
  cborBytesHead,
  decodeCbor,
  encodeCbor,
  isCborArray,
  readList,
  readUint,
  textShape,
  tupleShape,
  uintShape,
  type CborValue,
  type Shape,
} from '../codec/index.ts';
import { MAX_EPOCH, MAX_SEQ, nodeIdField } from '../heartbeat/index.ts';
import { concatBytes, err, fault, ok, unixMs } from '../std/index.ts';
import type { Fault, NodeId, Result, UnixMs } from '../std/index.ts';
import type { LedgerEntry, LedgerEntryType, RecordEntryType } from './entry.ts';
import { MAX_NOTE_BYTES } from './note.ts';

/** Bytes of one entry's body. A CRL with a million entries has some 40 MB. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024;
/** A record or down certificate on its own; the largest is a roster. Their decoders have tighter caps. */
export const MAX_ENTRY_RECORD_BYTES = 4 * 1024 * 1024;
export const MAX_ENTRY_TEXT_BYTES = 256;

const ENTRY_VERSION = 1;
const MAX_CERTIFICATE_BYTES = 64 * 1024;
/** CBOR head of a maximal CRL plus the fields before it. */
const ENTRY_OVERHEAD_BYTES = 32;
const HEADER_ITEMS = 3;
const MAX_ELEMENTS = 8;

/** Type codes, part of the format: never reused. */
const CODES = {
  'epoch-start': 0,
  'key-change': 1,
  'heartbeat-sent': 2,
  'heartbeat-received': 3,
  leave: 4,
  accusation: 5,
  'down-certificate': 6,
  roster: 7,
  crl: 8,
  'certificate-event': 9,
  miss: 10,
  'state-change': 11,
  gap: 12,
  'checkpoint-received': 13,
  successor: 14,
  'log-key': 15,
} as const satisfies Record<LedgerEntryType, number>;

const EMPTY = new Uint8Array();
/** Of an empty byte string, encoded. */
const EMPTY_BYTES = 1;
const HIGHEST_CODE = Math.max(...Object.values(CODES));

/** An entry and when its log's host wrote it. */
export interface DatedEntry {
  readonly entry: LedgerEntry;
  readonly tMs: UnixMs;
}

/**
 * Body of an entry: deterministic CBOR `[1, typeCode, t_ms, …]`.
 * Errors: RangeError when a field breaks its own bound, because then its writer has a bug.
 */
export function encodeEntry(entry: LedgerEntry, tMs: UnixMs): Uint8Array {
  const fields = fieldsOf(entry);
  const body = encodeCbor([ENTRY_VERSION, CODES[entry.type], tMs, ...fields]);
  if (body.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${String(body.length)} bytes`);
  return body;
}

/**
 * Body of an entry in pieces that join to what {@link encodeEntry} gives, with its errors. A CRL is a piece of its own, and
 * the very bytes: a large one takes longer to copy than to do anything else with.
 */
export function encodeEntryPieces(entry: LedgerEntry, tMs: UnixMs): readonly Uint8Array[] {
  if (entry.type !== 'crl') return [encodeEntry(entry, tMs)];
  fieldsOf(entry);
  const { der } = entry;
  const head = encodeCbor([ENTRY_VERSION, CODES.crl, tMs, EMPTY]);
  return [concatBytes(head.subarray(0, -EMPTY_BYTES), cborBytesHead(der.length)), der];
}

/** Reads a hostile body of at most `maxBytes`. Errors: LS_LEDGER_ENTRY, with the codec's reason as cause. */
export function decodeEntry(body: Uint8Array, maxBytes: number = MAX_ENTRY_BYTES): Result<DatedEntry, Fault> {
  const decoded = decodeCbor(body, { maxBytes, maxDepth: 1, maxItems: 1 + MAX_ELEMENTS });
  const entry = decoded.ok ? readEntry(decoded.value) : decoded;
  return entry.ok ? entry : err(fault('LS_LEDGER_ENTRY', entry.error.detail, entry.error));
}

/**
 * The type of an entry from its first bytes alone; undefined when they can't be those of an entry.
 * For passes over a log that look at few types: the body may still be malformed.
 */
export function peekEntryType(body: Uint8Array): LedgerEntryType | undefined {
  const [head, version, code] = body;
  if (head === undefined || head < 0x80 + HEADER_ITEMS || head > 0x80 + MAX_ELEMENTS) return undefined;
  return version === ENTRY_VERSION && code !== undefined ? TYPE_OF_CODE.get(code) : undefined;
}

const TYPE_OF_CODE = new Map<number, LedgerEntryType>(
  (Object.keys(CODES) as LedgerEntryType[]).map((type) => [CODES[type], type]),
);

/** 0 where nothing was seen of the node yet. */
const numberUpTo = (max: number): Shape<number> => uintShape(max);
const wordShape = textShape(MAX_ENTRY_TEXT_BYTES);

const recordFields = tupleShape<{ readonly record: Uint8Array }>({
  record: bytesShape(1, MAX_ENTRY_RECORD_BYTES),
});
const FIELDS = {
  'down-certificate': tupleShape<{ readonly certificate: Uint8Array }>({
    certificate: bytesShape(1, MAX_ENTRY_RECORD_BYTES),
  }),
  crl: tupleShape<{ readonly der: Uint8Array }>({
    der: bytesShape(1, MAX_ENTRY_BYTES - ENTRY_OVERHEAD_BYTES),
  }),
  'certificate-event': tupleShape<{ readonly event: string; readonly der: Uint8Array }>({
    event: wordShape,
    der: bytesShape(1, MAX_CERTIFICATE_BYTES),
  }),
  miss: tupleShape<{ readonly nodeId: NodeId; readonly epoch: number; readonly lastSeq: number }>({
    nodeId: nodeIdField,
    epoch: numberUpTo(MAX_EPOCH),
    lastSeq: numberUpTo(MAX_SEQ),
  }),
  'state-change': tupleShape<{
    readonly nodeId: NodeId;
    readonly epoch: number;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  }>({
    nodeId: nodeIdField,
    epoch: numberUpTo(MAX_EPOCH),
    from: wordShape,
    to: wordShape,
    reason: wordShape,
  }),
  gap: tupleShape<{ readonly count: number; readonly reason: string }>({
    count: uintShape(Number.MAX_SAFE_INTEGER, 1),
    reason: wordShape,
  }),
  'checkpoint-received': tupleShape<{ readonly nodeId: NodeId; readonly note: Uint8Array }>({
    nodeId: nodeIdField,
    note: bytesShape(1, MAX_NOTE_BYTES),
  }),
};

function readEntry(value: CborValue): Result<DatedEntry, Fault> {
  const elements = readList(value, HEADER_ITEMS, MAX_ELEMENTS, 'entry');
  if (!elements.ok) return elements;
  const [versionItem, codeItem, timeItem, ...rest] = elements.value;
  const version = readUint(versionItem, ENTRY_VERSION, 'version', ENTRY_VERSION);
  if (!version.ok) return version;
  const code = readUint(codeItem, HIGHEST_CODE, 'type');
  if (!code.ok) return code;
  const tMs = readUint(timeItem, Number.MAX_SAFE_INTEGER, 't_ms');
  if (!tMs.ok) return tMs;
  const type = TYPE_OF_CODE.get(code.value);
  if (type === undefined) return err(fault('LS_LEDGER_ENTRY', `unknown type ${String(code.value)}`));
  const entry = readFields(type, rest);
  return entry.ok ? ok({ entry: entry.value, tMs: unixMs(tMs.value) }) : entry;
}

function fieldsOf(entry: LedgerEntry): readonly CborValue[] {
  const fields = encodeFields(entry);
  const check = readFields(entry.type, fields);
  if (!check.ok) throw new RangeError(`${entry.type}: ${check.error.detail}`);
  return fields;
}

function encodeFields(entry: LedgerEntry): readonly CborValue[] {
  switch (entry.type) {
    case 'down-certificate':
      return listOf(FIELDS['down-certificate'].encode(entry));
    case 'crl':
      return listOf(FIELDS.crl.encode(entry));
    case 'certificate-event':
      return listOf(FIELDS['certificate-event'].encode(entry));
    case 'miss':
      return listOf(FIELDS.miss.encode(entry));
    case 'state-change':
      return listOf(FIELDS['state-change'].encode(entry));
    case 'gap':
      return listOf(FIELDS.gap.encode(entry));
    case 'checkpoint-received':
      return listOf(FIELDS['checkpoint-received'].encode(entry));
    default:
      return listOf(recordFields.encode(entry));
  }
}

function readFields(type: LedgerEntryType, fields: readonly CborValue[]): Result<LedgerEntry, Fault> {
  switch (type) {
    case 'down-certificate':
      return tagged(type, FIELDS['down-certificate'].decode(fields, type));
    case 'crl':
      return tagged(type, FIELDS.crl.decode(fields, type));
    case 'certificate-event':
      return tagged(type, FIELDS['certificate-event'].decode(fields, type));
    case 'miss':
      return tagged(type, FIELDS.miss.decode(fields, type));
    case 'state-change':
      return tagged(type, FIELDS['state-change'].decode(fields, type));
    case 'gap':
      return tagged(type, FIELDS.gap.decode(fields, type));
    case 'checkpoint-received':
      return tagged(type, FIELDS['checkpoint-received'].decode(fields, type));
    default:
      return tagged<RecordEntryType, { readonly record: Uint8Array }>(
        type,
        recordFields.decode(fields, type),
      );
  }
}

function tagged<K extends LedgerEntryType, F extends object>(
  type: K,
  fields: Result<F, Fault>,
): Result<F & { readonly type: K }, Fault> {
  return fields.ok ? ok({ type, ...fields.value }) : fields;
}

/** The elements of an encoded tuple. */
function listOf(value: CborValue): readonly CborValue[] {
  if (!isCborArray(value)) throw new RangeError('a tuple encodes to an array');
  return value;
}
