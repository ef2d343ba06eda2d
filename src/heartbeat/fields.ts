import { certIdOf, digestOf, fromHex, nodeIdOf, ok, unixMs } from '../std/index.ts';
import type { CertId, Digest, NodeId, UnixMs } from '../std/index.ts';
import {
  bytesShape,
  listShape,
  mappedShape,
  readMap,
  refuseField,
  textShape,
  uintShape,
} from '../codec/index.ts';
import type { CborMap, Shape } from '../codec/index.ts';
import {
  HASH_BYTES,
  ID_BYTES,
  MAX_ADDRESS_BYTES,
  MAX_CHAIN_CERTIFICATE_BYTES,
  MAX_CHAIN_CERTIFICATES,
  MAX_CRL_NUMBER,
  MAX_EPOCH,
  MAX_EXT_ENTRIES,
  MAX_EXT_KEY,
  MAX_ROSTER_NUMBER,
  MAX_SEQ,
  MAX_UNIX_MS,
  MIN_EPOCH,
  MIN_SEQ,
} from './bounds.ts';

/* The kinds of field that signed records are made of, here and in membership. */

const PORT_LIMIT = 65_536;
const ADDRESS = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253}):([1-9][0-9]{0,4})$/;

export const certIdField: Shape<CertId> = mappedShape(bytesShape(ID_BYTES), certIdOf, idBytes, 'a certId');
export const nodeIdField: Shape<NodeId> = mappedShape(bytesShape(ID_BYTES), nodeIdOf, idBytes, 'a nodeId');
export const digestField: Shape<Digest> = mappedShape(bytesShape(HASH_BYTES), digestOf, idBytes, 'a digest');
export const hashField = bytesShape(HASH_BYTES);
export const epochField = uintShape(MAX_EPOCH, MIN_EPOCH);
export const seqField = uintShape(MAX_SEQ, MIN_SEQ);
export const crlNumberField = uintShape(MAX_CRL_NUMBER);
export const rosterNumberField = uintShape(MAX_ROSTER_NUMBER);
export const timeField: Shape<UnixMs> = mappedShape(uintShape(MAX_UNIX_MS), unixMs, (t) => t, 'a time in ms');

/** Certificates as DER, leaf first, without the root. Only their lengths are looked at here. */
export const chainField = listShape(bytesShape(1, MAX_CHAIN_CERTIFICATE_BYTES), 1, MAX_CHAIN_CERTIFICATES);

/** `HOST:PORT` in lower case; an IPv6 host in brackets. */
export const addressField: Shape<string> = mappedShape(
  textShape(MAX_ADDRESS_BYTES),
  (text) => (isAddress(text) ? text : undefined),
  (text) => text,
  'HOST:PORT in lower case',
);

/** Keys a later version gives a meaning to are positive and kept; a zero or negative key refuses the record. */
export const extField: Shape<CborMap> = {
  encode: (value) => value,
  decode: (value, field) => {
    const map = readMap(value, MAX_EXT_ENTRIES, field);
    if (!map.ok) return map;
    for (const key of map.value.keys()) {
      if (key < 1 || key > MAX_EXT_KEY) return refuseField(field, `key ${String(key)} is not understood`);
    }
    return ok(map.value);
  },
};

/** The bytes of a hexadecimal id. RangeError for an id that did not come from its parser. */
export function idBytes(id: CertId | NodeId | Digest): Uint8Array {
  const bytes = fromHex(id);
  if (bytes === undefined) throw new RangeError('an id is not lower-case hexadecimal');
  return bytes;
}

function isAddress(text: string): boolean {
  const port = ADDRESS.exec(text)?.[1];
  return port !== undefined && Number(port) < PORT_LIMIT;
}
