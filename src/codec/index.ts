export { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from './base64.ts';
export { decodeCbor } from './cbor-decode.ts';
export { cborBytesHead, encodeCbor } from './cbor-encode.ts';
export {
  readArray,
  readBoolean,
  readBytes,
  readList,
  readMap,
  readNullable,
  readText,
  readUint,
  refuseField,
} from './cbor-read.ts';
export {
  bytesShape,
  choiceShape,
  listShape,
  mappedShape,
  nullableShape,
  textShape,
  tupleShape,
  uintShape,
  type FieldShapes,
  type Shape,
} from './cbor-shape.ts';
export { isCborArray, type CborLimits, type CborMap, type CborValue } from './cbor-value.ts';
export {
  checkSignatureForm,
  decodeSign1,
  encodeSign1,
  isLowS,
  SIGNATURE_BYTES,
  sigStructure,
  tagSign1,
  type Sign1,
  type Sign1Options,
} from './cose.ts';
export { DerReader, MAX_DER_DEPTH, readDer, type DerElement } from './der/reader.ts';
export { decodeUtcTime, timeLength, writeTime } from './der/time.ts';
export { asciiText } from './der/values.ts';
export { contextConstructed, contextPrimitive, derTag } from './der/tags.ts';
export {
  derBitString,
  derBoolean,
  derContext,
  derElement,
  derGeneralizedTime,
  derHeader,
  derMagnitude,
  derNamedBits,
  derNull,
  derOctetString,
  derOid,
  derPrintableString,
  derSequence,
  derSetOf,
  derTime,
  derUnsigned,
  derUtf8String,
  ia5Bytes,
} from './der/writer.ts';
export { ecdsaSignatureFromDer, ecdsaSignatureToDer, toLowS, type EcdsaAlgorithm } from './ecdsa.ts';
export {
  decodePem,
  decodePemOf,
  encodePem,
  MAX_PEM_BLOCKS,
  MAX_PEM_CHARACTERS,
  type PemBlock,
} from './pem.ts';
