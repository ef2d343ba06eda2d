import { toHex, type DomainId, type Signer } from '../../src/std/index.ts';
import { encodeSign1, sigStructure, type CborValue } from '../../src/codec/index.ts';
import {
  announcing,
  HEARTBEAT_FLAGS,
  epochStartFormat,
  exportRecord,
  externalAad,
  heartbeatFormat,
  keyChangeFormat,
  keyProofMessage,
  proveKey,
  recordContext,
  recordTypeCode,
  signRecord,
  successorFormat,
  type RecordBody,
  type RecordFormat,
  type RecordType,
} from '../../src/heartbeat/index.ts';
import {
  accusationFormat,
  encodeDownCertificate,
  edgeVerdictsFormat,
  leaveFormat,
  rosterFormat,
  type Accusation,
  type DownCertificate,
} from '../../src/membership/records/index.ts';
import { logKeyFormat } from '../../src/ledger/index.ts';
import { testCrypto } from './crypto.ts';
import {
  certIdNamed,
  fullHeartbeat,
  nodeIdNamed,
  otherDomain,
  sampleAccusation,
  sampleDomain,
  sampleEpochStart,
  sampleKeyChange,
  sampleEdgeVerdicts,
  sampleLeave,
  sampleLogKey,
  sampleRoster,
  sampleSuccessor,
  slimHeartbeat,
} from './record-samples.ts';
import { refusedForms } from './vector-refusals.ts';
import { vectorAlgorithms, type VectorKeys } from './vector-keys.ts';

/** A file of golden vectors: plain JSON, byte strings in hexadecimal. */
export type VectorFile = Readonly<Record<string, unknown>>;

/** Every file of golden vectors by its name, made from fixed keys and fixed bodies. */
export function buildVectors(keys: VectorKeys): ReadonlyMap<string, VectorFile> {
  const heartbeats = [
    ['slim', slimHeartbeat],
    ['full', fullHeartbeat],
    ['with ext', { ...slimHeartbeat, ext: new Map<number, CborValue>([[1, ['rack', 7]]]) }],
    [
      'that announces maintenance',
      { ...slimHeartbeat, flags: HEARTBEAT_FLAGS.maintenance, ext: announcing(2) },
    ],
  ] as const;
  return new Map([
    ['heartbeat.json', fileOf(keys, heartbeatFormat, 'a', () => heartbeats)],
    ['epoch-start.json', fileOf(keys, epochStartFormat, 'a', () => [['first', sampleEpochStart]])],
    ['key-change.json', fileOf(keys, keyChangeFormat, 'a', (a) => [['renewal', keyChangeBy(keys, a)]])],
    ['successor.json', fileOf(keys, successorFormat, 'a', (a) => [['renewal', successorBy(keys, a)]])],
    [
      'accusation.json',
      fileOf(keys, accusationFormat, 'b', (_, name) => [['silent', accusationBy(keys, name, 'b', 0)]]),
    ],
    ['leave.json', fileOf(keys, leaveFormat, 'a', () => [['with a reason', sampleLeave]])],
    [
      'edge-verdicts.json',
      fileOf(keys, edgeVerdictsFormat, 'a', () => [
        ['of two', sampleEdgeVerdicts],
        ['of none', { ...sampleEdgeVerdicts, silent: [] }],
      ]),
    ],
    ['roster.json', fileOf(keys, rosterFormat, 'issuing', () => rosters)],
    ['log-key.json', fileOf(keys, logKeyFormat, 'issuing', () => [['first', sampleLogKey]])],
    ['key-proof.json', keyProofFile(keys)],
    ['down-certificate.json', downCertificateFile(keys)],
  ]);
}

type Algorithm = (typeof vectorAlgorithms)[number];

const rosters = [
  ['first', { ...sampleRoster, number: 1, prev: new Uint8Array(32), members: [] }],
  ['of four', sampleRoster],
] as const;

function fileOf<T extends RecordBody>(
  keys: VectorKeys,
  format: RecordFormat<T>,
  signedBy: string,
  bodies: (signer: Signer, algorithm: Algorithm) => readonly (readonly [string, T])[],
): VectorFile {
  const { type, maxBytes } = format;
  const perAlgorithm = vectorAlgorithms.map((algorithm) => {
    const signer = keys.signer(algorithm, signedBy);
    return bodies(signer, algorithm).map(([name, body]) =>
      vectorOf(format, `${name}, ${algorithm}`, body, signer),
    );
  });
  return {
    type,
    typeCode: recordTypeCode(type),
    context: recordContext(type),
    maxBytes,
    domainId: toHex(sampleDomain),
    vectors: perAlgorithm.flat(),
    refused: refusalsOf(keys, format, signedBy, bodies),
  };
}

function vectorOf<T extends RecordBody>(format: RecordFormat<T>, name: string, body: T, signer: Signer) {
  const { bytes, structureHash, id } = signRecord(format, body, signer, sampleDomain, testCrypto);
  const payload = format.encodeBody(body);
  return {
    name,
    algorithm: signer.algorithm,
    spki: toHex(signer.spki),
    body: jsonOf(body),
    payload: toHex(payload),
    sigStructure: toHex(sigStructure(signer.algorithm, externalAad(format.type, sampleDomain), payload)),
    structureHash: toHex(structureHash),
    id,
    bytes: toHex(bytes),
    exported: toHex(exportRecord(bytes)),
  };
}

function refusalsOf<T extends RecordBody>(
  keys: VectorKeys,
  format: RecordFormat<T>,
  signedBy: string,
  bodies: (signer: Signer, algorithm: Algorithm) => readonly (readonly [string, T])[],
): readonly unknown[] {
  const signer = keys.signer('ES256', signedBy);
  const [first] = bodies(signer, 'ES256');
  if (first === undefined) return [];
  const payload = format.encodeBody(first[1]);
  const signAs = (type: RecordType, domain: DomainId, bytes = payload): Uint8Array => {
    const signature = signer.sign(sigStructure('ES256', externalAad(type, domain), bytes));
    return encodeSign1({ algorithm: 'ES256', payload: bytes, signature });
  };
  const forms = refusedForms(format.type, payload, sampleDomain, otherDomain, signAs);
  return forms.map(({ what, bytes, code }) => ({
    what,
    code,
    spki: toHex(signer.spki),
    bytes: toHex(bytes),
  }));
}

function successorBy(keys: VectorKeys, old: Signer) {
  const next = keys.signer(old.algorithm === 'ES256' ? 'ES256' : 'Ed25519', 'a, second key');
  return { ...sampleSuccessor, oldSpkiHash: testCrypto.sha256(old.spki), newSpki: next.spki };
}

function keyChangeBy(keys: VectorKeys, old: Signer) {
  const next = keys.signer(old.algorithm === 'ES256' ? 'ES256' : 'Ed25519', 'a, second key');
  const successor = signRecord(successorFormat, successorBy(keys, old), old, sampleDomain, testCrypto).bytes;
  return { ...sampleKeyChange, successor, proof: proveKey(next, proofPlace, testCrypto) };
}

const proofPlace = {
  domainId: sampleDomain,
  nodeId: nodeIdNamed('a'),
  epoch: sampleKeyChange.epoch,
  seq: sampleKeyChange.seq,
};

function accusationBy(keys: VectorKeys, algorithm: Algorithm, accuser: string, ring: number): Accusation {
  const subject = keys.signer(algorithm, 'a');
  const last = signRecord(heartbeatFormat, slimHeartbeat, subject, sampleDomain, testCrypto).bytes;
  const certId = certIdNamed(accuser);
  return { ...sampleAccusation, certId, ring, reason: 'silent', last: { type: 'heartbeat', bytes: last } };
}

function keyProofFile(keys: VectorKeys): VectorFile {
  const { epoch, seq } = proofPlace;
  const vectors = vectorAlgorithms.map((algorithm) => {
    const key = keys.signer(algorithm, 'a, second key');
    const message = keyProofMessage(proofPlace, key.spki, testCrypto);
    const proof = proveKey(key, proofPlace, testCrypto);
    return { algorithm, newSpki: toHex(key.spki), message: toHex(message), proof: toHex(proof) };
  });
  const place = { domainId: toHex(sampleDomain), nodeId: proofPlace.nodeId, epoch, seq };
  return { context: 'lifesign/v1/key-proof', ...place, vectors };
}

function downCertificateFile(keys: VectorKeys): VectorFile {
  const vectors = vectorAlgorithms.map((algorithm) => {
    const accusations = ['b', 'c'].map((accuser, ring) => {
      const body = accusationBy(keys, algorithm, accuser, ring);
      const signer = keys.signer(algorithm, accuser);
      return signRecord(accusationFormat, body, signer, sampleDomain, testCrypto).bytes;
    });
    const { subject, epoch, rosterNumber } = sampleAccusation;
    const certificate: DownCertificate = { subject, epoch, rosterNumber, accusations };
    const spkis = ['a', 'b', 'c'].map((label) => toHex(keys.signer(algorithm, label).spki));
    const bytes = toHex(encodeDownCertificate(certificate));
    return { algorithm, h: 2, subjectAndAccuserSpkis: spkis, body: jsonOf(certificate), bytes };
  });
  return { domainId: toHex(sampleDomain), vectors };
}

/** Byte strings as hexadecimal, maps as lists of pairs. */
function jsonOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map)
    return [...(value as ReadonlyMap<unknown, unknown>)].map(([key, entry]) => [key, jsonOf(entry)]);
  if (Array.isArray(value)) return value.map((element: unknown) => jsonOf(element));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, jsonOf(field)]));
}

/** The file that holds recorded ES256 signatures. */
export const RECORDED_FILE = 'es256-signatures.json';

export function encodeVectorFile(file: unknown): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}
