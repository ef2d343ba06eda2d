export * from './bounds.ts';
export { extendChain, headOfEpoch, type ChainedBody, type ChainHead, type ChainStep } from './chain.ts';
export { decodeEpochStart, epochStartFormat, signEpochStart, type EpochStart } from './epoch-start.ts';
export { exportRecord, importRecord } from './export.ts';
export {
  addressField,
  certIdField,
  chainField,
  crlNumberField,
  digestField,
  epochField,
  extField,
  hashField,
  idBytes,
  nodeIdField,
  rosterNumberField,
  seqField,
  timeField,
} from './fields.ts';
export {
  defineRecord,
  FORMAT_VERSION,
  HIGHEST_FORMAT_VERSION,
  type RecordBody,
  type RecordDefinition,
  type RecordFormat,
} from './format.ts';
export {
  decodeHeartbeat,
  heartbeatFormat,
  signHeartbeat,
  type Heartbeat,
  type HeartbeatHead,
  type TreeHead,
} from './heartbeat.ts';
export { HEARTBEAT_FLAGS } from './flags.ts';
export { decodeKeyChange, keyChangeFormat, signKeyChange, type KeyChange } from './key-change.ts';
export { keyProofMessage, proveKey, verifyKeyChangeProof, type KeyProofPlace } from './key-proof.ts';
export { announcedModes, announcing, EXT_MODES, MODE_FLAGS } from './modes.ts';
export {
  externalAad,
  RECORD_TYPE_CODES,
  RECORD_TYPES,
  recordContext,
  recordTypeCode,
  recordTypeOfCode,
  type RecordType,
} from './record-type.ts';
export type { PublicKey, RecordKey, SignedRecord, SigningKey, Unverified, Verified } from './record.ts';
export { idOfRecord, signRecord } from './sign.ts';
export { recordAlgorithmOf } from './spki.ts';
export { verifySuccession } from './succession.ts';
export { decodeSuccessor, signSuccessor, successorFormat, type Successor } from './successor.ts';
export { checkSignature, verifyRecord } from './verify.ts';
