import { concatBytes, type DomainId, type FaultCode } from '../../src/std/index.ts';
import {
  decodeCbor,
  decodeSign1,
  encodeCbor,
  isCborArray,
  tagSign1,
  type CborValue,
} from '../../src/codec/index.ts';
import type { RecordType } from '../../src/heartbeat/index.ts';
import { withHighS } from './crypto.ts';
import { valueOf } from './result.ts';

/** A form of a record with one thing wrong, and the innermost code it is refused with. */
export interface RefusedForm {
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly code: FaultCode;
}

/** The same record in forms that every reader has to refuse. */
export function refusedForms(
  type: RecordType,
  payload: Uint8Array,
  domain: DomainId,
  otherDomain: DomainId,
  signAs: (type: RecordType, domain: DomainId, payload?: Uint8Array) => Uint8Array,
): readonly RefusedForm[] {
  const good = signAs(type, domain);
  const { signature } = valueOf(decodeSign1(good, good.length));
  const fields = fieldsOf(payload);
  const longVersion = concatBytes(payload.subarray(0, 1), Uint8Array.of(0x18, 0x01), payload.subarray(2));
  const header = Uint8Array.of(0xa1, 0x01, 0x26);
  const withKid = Uint8Array.of(0xa2, 0x01, 0x26, 0x04, 0x41, 0x00);
  const parts = (protectedHeader: Uint8Array, unprotected: CborValue, s = signature): Uint8Array =>
    encodeCbor([protectedHeader, unprotected, payload, s]);
  return [
    { what: 'tag 18 on the wire', bytes: tagSign1(good), code: 'LS_COSE_STRUCTURE' },
    { what: 'a byte after it', bytes: concatBytes(good, Uint8Array.of(0)), code: 'LS_CBOR_TRAILING' },
    { what: 'its last byte missing', bytes: good.subarray(0, -1), code: 'LS_CBOR_TRUNCATED' },
    {
      what: 'a key id in the unprotected header',
      bytes: parts(header, new Map([[4, header]])),
      code: 'LS_COSE_HEADER',
    },
    { what: 'a key id in the protected header', bytes: parts(withKid, new Map()), code: 'LS_COSE_HEADER' },
    { what: 'high s', bytes: parts(header, new Map(), withHighS(signature)), code: 'LS_COSE_HIGH_S' },
    {
      what: 'version 2',
      bytes: signAs(type, domain, encodeCbor(fields.with(0, 2))),
      code: 'LS_RECORD_VERSION',
    },
    {
      what: 'the version in long form',
      bytes: signAs(type, domain, longVersion),
      code: 'LS_CBOR_NOT_CANONICAL',
    },
    {
      what: 'a field more',
      bytes: signAs(type, domain, encodeCbor([...fields, 0])),
      code: 'LS_CBOR_FIELD_RANGE',
    },
    {
      what: 'the last field missing',
      bytes: signAs(type, domain, encodeCbor(fields.slice(0, -1))),
      code: 'LS_CBOR_FIELD_RANGE',
    },
    { what: 'signed for another domain', bytes: signAs(type, otherDomain), code: 'LS_RECORD_SIGNATURE' },
    { what: 'signed as another type', bytes: signAs(otherType(type), domain), code: 'LS_RECORD_SIGNATURE' },
  ];
}

const otherType = (type: RecordType): RecordType => (type === 'leave' ? 'heartbeat' : 'leave');

function fieldsOf(payload: Uint8Array): readonly CborValue[] {
  const value = valueOf(decodeCbor(payload, { maxBytes: payload.length, maxDepth: 9, maxItems: 9999 }));
  return isCborArray(value) ? value : [];
}
