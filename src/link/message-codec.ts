import {
  bytesShape,
  choiceShape,
  decodeCbor,
  encodeCbor,
  isCborArray,
  listShape,
  mappedShape,
  nullableShape,
  readList,
  readUint,
  textShape,
  tupleShape,
  uintShape,
  type CborLimits,
  type CborValue,
  type Shape,
} from '../codec/index.ts';
import { RECORD_TYPE_CODES } from '../heartbeat/index.ts';
import { err, fault, type Fault, type Result } from '../std/index.ts';
import { encodeFrame, MAX_FRAME_BYTES } from './frame.ts';
import {
  DIGEST_ID_BYTES,
  MAX_ADVERTISE_BYTES,
  MAX_BYE_CODE_BYTES,
  MAX_BYE_DETAIL_BYTES,
  MAX_DIGEST_IDS,
  MAX_ISSUER_BYTES,
  type Message,
  type MessageFields,
  type MessageKind,
} from './message.ts';

/** The whole frame of a message. Throws RangeError when its fields exceed their bounds, which would be a bug. */
export function encodeMessage(message: Message): Uint8Array {
  return encodeFrame(encodeCbor(wireForm(message)));
}

/**
 * Reads the body of one frame, which may be hostile.
 * Fails with LS_LINK_MESSAGE (malformed; the cause says where) or LS_LINK_MESSAGE_TYPE (no such kind).
 */
export function decodeMessage(body: Uint8Array): Result<Message, Fault> {
  const value = decodeCbor(body, MESSAGE_LIMITS);
  if (!value.ok) return malformed(value.error);
  const elements = readList(value.value, 1, MAX_MESSAGE_ELEMENTS, 'message');
  if (!elements.ok) return malformed(elements.error);
  const [first, ...fields] = elements.value;
  const code = readUint(first, Number.MAX_SAFE_INTEGER, 'message type');
  if (!code.ok) return malformed(code.error);
  const kind = KIND_OF_CODE.get(code.value);
  if (kind === undefined) {
    return err(fault('LS_LINK_MESSAGE_TYPE', `no message has the type ${String(code.value)}`));
  }
  const message = decodeFields(kind, fields);
  return message.ok ? message : malformed(message.error);
}

const MAX_MESSAGE_ELEMENTS = 16;

/** The largest message in items is a full digest. */
const MESSAGE_LIMITS: CborLimits = {
  maxBytes: MAX_FRAME_BYTES,
  maxDepth: 2,
  maxItems: MAX_DIGEST_IDS + MAX_MESSAGE_ELEMENTS,
};

const COUNTER = uintShape(Number.MAX_SAFE_INTEGER);
const IDS = listShape(bytesShape(DIGEST_ID_BYTES), 0, MAX_DIGEST_IDS);
const BYE_CODE = /^[A-Z][A-Z0-9_]*$/;
/** Control characters could forge lines in a log or move a terminal's cursor. */
const ONE_LINE = /^\P{Cc}*$/u;

const FIELDS: {
  readonly [K in MessageKind]: { readonly code: number; readonly shape: Shape<MessageFields[K]> };
} = {
  hello: {
    code: 0,
    shape: tupleShape<MessageFields['hello']>({
      versionMin: uintShape(0xff, 1),
      versionMax: uintShape(0xff, 1),
      nonce: bytesShape(8),
      epoch: COUNTER,
      crlNumber: COUNTER,
      rosterNumber: COUNTER,
      advertise: nullableShape(
        matchingText(MAX_ADVERTISE_BYTES, ONE_LINE, 'text without control characters'),
      ),
      domainId: bytesShape(32),
    }),
  },
  bye: {
    code: 1,
    shape: tupleShape<MessageFields['bye']>({
      code: matchingText(MAX_BYE_CODE_BYTES, BYE_CODE, 'capital letters, digits and underscores'),
      detail: matchingText(MAX_BYE_DETAIL_BYTES, ONE_LINE, 'text without control characters'),
    }),
  },
  record: {
    code: 2,
    shape: tupleShape<MessageFields['record']>({
      type: choiceShape(RECORD_TYPE_CODES),
      bytes: bytesShape(1, MAX_FRAME_BYTES),
    }),
  },
  crl: {
    code: 3,
    shape: tupleShape<MessageFields['crl']>({
      delta: mappedShape(uintShape(1), (code) => code === 1, Number, '0 or 1'),
      der: bytesShape(1, MAX_FRAME_BYTES),
    }),
  },
  digest: { code: 4, shape: tupleShape<MessageFields['digest']>({ ids: IDS }) },
  want: { code: 5, shape: tupleShape<MessageFields['want']>({ ids: IDS }) },
  ping: { code: 6, shape: tupleShape<MessageFields['ping']>({ token: COUNTER }) },
  pong: { code: 7, shape: tupleShape<MessageFields['pong']>({ token: COUNTER }) },
  down: {
    code: 8,
    shape: tupleShape<MessageFields['down']>({ certificate: bytesShape(1, MAX_FRAME_BYTES) }),
  },
  issuer: { code: 9, shape: tupleShape<MessageFields['issuer']>({ der: bytesShape(1, MAX_ISSUER_BYTES) }) },
};

const KIND_OF_CODE: ReadonlyMap<number, MessageKind> = new Map(
  (Object.keys(FIELDS) as MessageKind[]).map((kind) => [FIELDS[kind].code, kind]),
);

function wireForm<K extends MessageKind>(message: Message<K>): CborValue {
  const { code, shape } = FIELDS[message.kind];
  const fields = shape.encode(message);
  if (!isCborArray(fields)) throw new TypeError('a tuple encodes to an array');
  return [code, ...fields];
}

function decodeFields(kind: MessageKind, values: readonly CborValue[]): Result<Message, Fault> {
  const fields = FIELDS[kind].shape.decode(values, kind);
  // The compiler does not carry the kind of a mapped type's member over to the union it belongs to.
  return fields.ok ? { ok: true, value: { kind, ...fields.value } as unknown as Message } : fields;
}

function matchingText(maxBytes: number, pattern: RegExp, expected: string): Shape<string> {
  const keep = (text: string): string => text;
  return mappedShape(textShape(maxBytes), (text) => (pattern.test(text) ? text : undefined), keep, expected);
}

function malformed(cause: Fault): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_LINK_MESSAGE', `malformed message: ${cause.detail}`, cause));
}
