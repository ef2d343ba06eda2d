export { decodeCbor } from './cbor-decode.ts';
export { encodeCbor } from './cbor-encode.ts';
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
