import { decodeCbor, encodeCbor } from '../../../src/codec/index.ts';
import { verifyRecord, type RecordKey } from '../../../src/heartbeat/index.ts';
import {
  bodyChecksum,
  decodeEntry,
  encodeEntry,
  encodeSegmentHeader,
  FRAME_HEADER_BYTES,
  parseCheckpoint,
  scanSegment,
  SEGMENT_HEADER_BYTES,
  signCheckpoint,
  verifyNote,
  noteKey,
  writeFrame,
  type LedgerEntry,
} from '../../../src/ledger/index.ts';
import { decodeMessage, encodeMessage, FrameReader } from '../../../src/link/index.ts';
import { decodeDownCertificate, encodeDownCertificate } from '../../../src/membership/index.ts';
import { decodeToken, encodeToken } from '../../../src/authority/index.ts';
import { equalBytes, fromUtf8, utf8, type Fault, type Result } from '../../../src/std/index.ts';
import { testCrypto, testKey } from '../crypto.ts';
import { MESSAGES } from '../link-messages.ts';
import {
  hash,
  nodeIdNamed,
  nodeName,
  recordSamples,
  sampleDomain,
  sampleTime,
  type RecordSample,
} from '../record-samples.ts';
import { codeOf, valueOf } from '../result.ts';
import type { FuzzTarget } from './run.ts';

const CBOR_LIMITS = { maxBytes: 64 * 1024, maxDepth: 8, maxItems: 4096 };
const logKey = testKey('Ed25519');
const ORIGIN = 'lifesign/mesh.internal/log';
const note = signCheckpoint({ origin: ORIGIN, size: 7, root: hash('root') }, logKey, testCrypto);
const noteVerifier = valueOf(noteKey(ORIGIN, logKey.spki.subarray(-32), testCrypto));
const entries: readonly LedgerEntry[] = [
  { type: 'heartbeat-sent', record: hash('record') },
  { type: 'certificate-event', event: 'renewed', der: hash('der') },
  { type: 'miss', nodeId: nodeIdNamed('a'), epoch: 3, lastSeq: 77 },
  { type: 'state-change', nodeId: nodeIdNamed('a'), epoch: 3, from: 'alive', to: 'down', reason: 'silent' },
  { type: 'gap', count: 4, reason: 'disk-full' },
];
const bodies = entries.map((entry) => encodeEntry(entry, sampleTime));
const downCertificate = encodeDownCertificate({
  subject: nodeIdNamed('a'),
  epoch: 3,
  rosterNumber: 4,
  accusations: [hash('one'), hash('two')],
});
const token = encodeToken({
  urls: ['https://ca.mesh.internal:8440'],
  rootSha256: hash('root'),
  tokenId: '00112233445566778899aabbccddeeff',
  secret: hash('secret'),
  name: nodeName('alpha'),
});

/** Signed records, frames, ledger entries, segments, notes and tokens. */
export const recordTargets: readonly FuzzTarget[] = [
  ...recordSamples.map(recordTarget),
  {
    name: 'CBOR',
    seeds: atLeastOne(bodies),
    decode: (input) => sameAgain(decodeCbor(input, CBOR_LIMITS), encodeCbor, input),
  },
  {
    name: 'down certificate',
    seeds: [downCertificate],
    decode: (input) => sameAgain(decodeDownCertificate(input), encodeDownCertificate, input),
  },
  {
    name: 'ledger entry',
    seeds: atLeastOne(bodies),
    decode: (input) => sameAgain(decodeEntry(input), ({ entry, tMs }) => encodeEntry(entry, tMs), input),
  },
  {
    name: 'link message',
    seeds: atLeastOne(MESSAGES.map((message) => encodeMessage(message).subarray(4))),
    decode: (input) =>
      sameAgain(decodeMessage(input), (message) => encodeMessage(message).subarray(4), input),
  },
  { name: 'link frames', seeds: [concat(MESSAGES.slice(0, 4).map(encodeMessage))], decode: frames },
  { name: 'ledger segment', seeds: [segment()], decode: scanned },
  { name: 'signed note', seeds: [note], decode: checkpointNote },
  { name: 'enrollment token', seeds: [utf8(token)], decode: enrollmentToken },
];

/** Decoded, encoded again, and verified with the key that signed the seed. */
function recordTarget(sample: RecordSample): FuzzTarget {
  const signer = testKey('Ed25519');
  const key: RecordKey = {
    certId: sample.certId,
    nodeId: nodeIdNamed('a'),
    algorithm: 'Ed25519',
    spki: signer.spki,
  };
  const signed = sample.sign(signer, sampleDomain).bytes;
  const payload = valueOf(sample.decode(signed)).sign1.payload;
  return {
    name: `record ${sample.type}`,
    seeds: [signed],
    decode(input) {
      const record = sample.decode(input);
      if (!record.ok) return record.error.code;
      if (!equalBytes(record.value.bytes, input)) throw new Error('the bytes kept are others');
      const verified = verifyRecord(testCrypto, sampleDomain, record.value, key);
      if (verified.ok && !equalBytes(record.value.sign1.payload, payload)) {
        throw new Error('verified what nobody signed');
      }
      return undefined;
    },
  };
}

/** What was decoded encodes to the very input: there is one form of each value. */
function sameAgain<T>(
  decoded: Result<T, Fault>,
  encode: (value: T) => Uint8Array,
  input: Uint8Array,
): string | undefined {
  if (decoded.ok && !equalBytes(encode(decoded.value), input)) throw new Error('encodes to other bytes');
  return codeOf(decoded);
}

function frames(input: Uint8Array): string | undefined {
  const reader = new FrameReader();
  for (let at = 0; at < input.length; at += 1000) {
    reader.push(input.subarray(at, at + 1000));
    for (;;) {
      const body = reader.next(16 * 1024);
      if (!body.ok) return body.error.code;
      if (body.value === null) break;
      const message = decodeMessage(body.value);
      if (!message.ok) return message.error.code;
    }
  }
  return undefined;
}

function segment(): Uint8Array {
  const salt = hash('salt').subarray(0, 12);
  const size = SEGMENT_HEADER_BYTES + bodies.reduce((sum, body) => sum + FRAME_HEADER_BYTES + body.length, 0);
  const bytes = new Uint8Array(size + 64);
  bytes.set(encodeSegmentHeader({ firstIndex: 0, salt }));
  let at = SEGMENT_HEADER_BYTES;
  for (const body of bodies) {
    at = writeFrame(bytes, at, { body, bodyChecksum: bodyChecksum(body), batchStart: at }, salt);
  }
  return bytes;
}

function scanned(input: Uint8Array): string | undefined {
  const { frames: found, end } = scanSegment(input);
  for (const { body } of found) {
    if (!bodies.some((known) => equalBytes(known, body))) throw new Error('a frame that nobody wrote');
  }
  return end.kind === 'clean' ? undefined : end.kind;
}

function checkpointNote(input: Uint8Array): string | undefined {
  const text = verifyNote(input, noteVerifier, testCrypto);
  if (!text.ok) {
    const loose = fromUtf8(input);
    if (loose !== undefined) parseCheckpoint(loose);
    return text.error.code;
  }
  const checkpoint = parseCheckpoint(text.value);
  if (!checkpoint.ok || checkpoint.value.size !== 7) throw new Error('a checkpoint that nobody signed');
  return undefined;
}

function enrollmentToken(input: Uint8Array): string | undefined {
  const text = fromUtf8(input);
  if (text === undefined) return 'no text';
  return sameAgain(decodeToken(text), (value) => utf8(encodeToken(value)), input);
}

function atLeastOne(items: readonly Uint8Array[]): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...rest] = items;
  if (first === undefined) throw new Error('no seed');
  return [first, ...rest];
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
