import { equalBytes, err, fault, ok } from '../std/index.ts';
import type { CertId, Fault, Result } from '../std/index.ts';
import { decodeCbor, decodeSign1, encodeCbor, isCborArray, tupleShape } from '../codec/index.ts';
import type { CborLimits, CborValue, FieldShapes, Shape } from '../codec/index.ts';
import { MAX_RECORD_DEPTH, MAX_RECORD_ITEMS } from './bounds.ts';
import type { RecordType } from './record-type.ts';
import type { Unverified } from './record.ts';

/** The version every record starts with. */
export const FORMAT_VERSION = 1;
/** The highest version this program reads and writes: what an epoch-start announces. */
export const HIGHEST_FORMAT_VERSION = FORMAT_VERSION;

/** What every signed record has: the id of the certificate whose key signed it. */
export interface RecordBody {
  readonly certId: CertId;
}

/** What makes a record type: one declaration that both its encoder and its decoder are made from. */
export interface RecordDefinition<T> {
  readonly type: RecordType;
  /** Cap on the complete COSE_Sign1, checked before a byte is decoded. */
  readonly maxBytes: number;
  /** Default MAX_RECORD_ITEMS. */
  readonly maxItems?: number;
  /** In wire order, after the version. */
  readonly fields: FieldShapes<T>;
  /** A rule between fields: says what is wrong, or undefined. */
  readonly check?: (body: T) => string | undefined;
}

export interface RecordFormat<T extends RecordBody> {
  readonly type: RecordType;
  readonly maxBytes: number;
  /** The payload: a CBOR array of the version and the fields. */
  encodeBody(body: T): Uint8Array;
  /**
   * Parses hostile bytes: strictly, within the size cap, and only what encodes to the same bytes again.
   * Errors: LS_RECORD_TOO_LARGE, LS_RECORD_VERSION, LS_RECORD_MALFORMED (its cause says which rule was broken).
   */
  decode(bytes: Uint8Array): Result<Unverified<T>, Fault>;
}

export function defineRecord<T extends RecordBody>(definition: RecordDefinition<T>): RecordFormat<T> {
  const { type, maxBytes } = definition;
  const shape = tupleShape(definition.fields);
  const limits: CborLimits = {
    maxBytes,
    maxDepth: MAX_RECORD_DEPTH,
    maxItems: definition.maxItems ?? MAX_RECORD_ITEMS,
  };
  const encodeBody = (body: T): Uint8Array => encodePayload(shape, body);

  function decode(bytes: Uint8Array): Result<Unverified<T>, Fault> {
    if (bytes.length > maxBytes) {
      const detail = `${type}: ${String(bytes.length)} bytes, at most ${String(maxBytes)}`;
      return err(fault('LS_RECORD_TOO_LARGE', detail));
    }
    const own = new Uint8Array(bytes);
    const sign1 = decodeSign1(own, maxBytes);
    if (!sign1.ok) return malformed(type, sign1.error);
    const body = decodePayload(sign1.value.payload);
    return body.ok ? ok({ type, bytes: own, sign1: sign1.value, body: body.value }) : body;
  }

  function decodePayload(payload: Uint8Array): Result<T, Fault> {
    const elements = decodeCbor(payload, limits);
    if (!elements.ok) return malformed(type, elements.error);
    const fields = withoutVersion(type, elements.value);
    if (!fields.ok) return fields;
    const body = shape.decode(fields.value, type);
    if (!body.ok) return malformed(type, body.error);
    const broken = definition.check?.(body.value);
    if (broken !== undefined) return err(fault('LS_RECORD_MALFORMED', `${type}: ${broken}`));
    if (!equalBytes(encodeBody(body.value), payload)) {
      return err(fault('LS_RECORD_MALFORMED', `${type}: does not encode to the same bytes again`));
    }
    return body;
  }

  return { type, maxBytes, encodeBody, decode };
}

function encodePayload<T>(shape: Shape<T>, body: T): Uint8Array {
  const fields = shape.encode(body);
  return encodeCbor([FORMAT_VERSION, ...(isCborArray(fields) ? fields : [])]);
}

function withoutVersion(type: RecordType, value: CborValue): Result<CborValue, Fault> {
  if (!isCborArray(value)) return err(fault('LS_RECORD_MALFORMED', `${type}: not an array`));
  const [version, ...fields] = value;
  if (version !== FORMAT_VERSION) {
    const found = typeof version === 'number' ? String(version) : 'none';
    return err(
      fault('LS_RECORD_VERSION', `${type}: version ${found}, this node reads ${String(FORMAT_VERSION)}`),
    );
  }
  return ok(fields);
}

function malformed(type: RecordType, cause: Fault): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_RECORD_MALFORMED', `${type}: ${cause.detail}`, cause));
}
