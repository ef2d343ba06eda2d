export { chooseDuplicate, type LinkRole } from './duplicate.ts';
export {
  encodeFrame,
  FRAME_HEADER_BYTES,
  FrameReader,
  MAX_FRAME_BYTES,
  MAX_FRAME_BYTES_BEFORE_HELLO,
} from './frame.ts';
export {
  frameOf,
  HELLO_TIMEOUT_MS,
  LATE_TICK_MS,
  LinkMachine,
  type Frame,
  type LinkMachineOptions,
  type LinkOutput,
} from './machine.ts';
export { decodeMessage, encodeMessage } from './message-codec.ts';
export {
  DIGEST_ID_BYTES,
  MAX_ADVERTISE_BYTES,
  MAX_BYE_CODE_BYTES,
  MAX_BYE_DETAIL_BYTES,
  MAX_CRL_MESSAGE_BYTES,
  MAX_DIGEST_IDS,
  MAX_ISSUER_BYTES,
  type Hello,
  type Message,
  type MessageFields,
  type MessageKind,
} from './message.ts';
export {
  SEND_QUEUE_MAX_BYTES,
  SEND_QUEUE_MAX_FRAMES,
  SendQueue,
  type SendClass,
  type SendQueueLimits,
} from './send-queue.ts';
