import { createHash } from 'node:crypto';
import {
  certIdOf,
  digestOf,
  domainIdOf,
  nodeIdOf,
  parseNodeName,
  unixMs,
  utf8,
  type CertId,
  type Digest,
  type DomainId,
  type NodeId,
  type Fault,
  type NodeName,
  type Result,
  type Signer,
} from '../../src/std/index.ts';
import {
  epochStartFormat,
  heartbeatFormat,
  keyChangeFormat,
  signRecord,
  successorFormat,
  type EpochStart,
  type Heartbeat,
  type KeyChange,
  type RecordBody,
  type RecordFormat,
  type RecordType,
  type SignedRecord,
  type Successor,
  type Unverified,
} from '../../src/heartbeat/index.ts';
import {
  accusationFormat,
  edgeVerdictsFormat,
  leaveFormat,
  rosterFormat,
  type Accusation,
  type EdgeVerdicts,
  type Leave,
  type Roster,
} from '../../src/membership/records/index.ts';
import { logKeyFormat, type LogKey } from '../../src/ledger/index.ts';
import { testCrypto } from './crypto.ts';
import { fixedKey } from './fixed-keys.ts';

/* Well-formed bodies of every record type, with values that never change. */

export const sampleTime = unixMs(1_800_000_000_000);
export const sampleDomain: DomainId = must(domainIdOf(hash('domain')));
export const otherDomain: DomainId = must(domainIdOf(hash('other domain')));

export function hash(label: string): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(utf8(`lifesign sample ${label}`))
      .digest(),
  );
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a sample is broken');
  return value;
}

export const certIdNamed = (label: string): CertId => must(certIdOf(hash(`cert ${label}`).subarray(0, 16)));
export const nodeIdNamed = (label: string): NodeId => must(nodeIdOf(hash(`node ${label}`).subarray(0, 16)));
export const digestNamed = (label: string): Digest => must(digestOf(hash(`digest ${label}`)));
export const nodeName = (text: string): NodeName => must(parseNodeName(text));

/** Nothing optional in it, numbers of a mesh a few weeks old. */
export const slimHeartbeat: Heartbeat = {
  certId: certIdNamed('a'),
  epoch: 3,
  seq: 1_234_567,
  tMs: sampleTime,
  intervalMs: 1000,
  prev: hash('prev'),
  flags: 0,
  health: 0,
  crlNumber: 1234,
  rosterNumber: 321,
  viewDigest: hash('view').subarray(0, 8),
  checkpoint: null,
  heads: null,
  rebuts: null,
  ext: new Map(),
};

const head = (label: string) => ({
  nodeId: nodeIdNamed(label),
  epoch: 255,
  seq: 0xffff_ffff,
  hash: hash(`head ${label}`),
});

/** The largest that a node sends by itself: checkpoint, three heads, one rebuttal; epochs of one byte, seq of four. */
export const fullHeartbeat: Heartbeat = {
  ...slimHeartbeat,
  epoch: 255,
  seq: 0xffff_ffff,
  intervalMs: 60_000,
  flags: 7,
  health: 8,
  crlNumber: 65_535,
  rosterNumber: 65_535,
  checkpoint: { size: 0xffff_ffff, root: hash('root') },
  heads: [head('b'), head('c'), head('d')],
  rebuts: [digestNamed('accusation')],
};

export const sampleEpochStart: EpochStart = {
  certId: certIdNamed('a'),
  epoch: 3,
  tMs: sampleTime,
  nonce: hash('nonce').subarray(0, 8),
  chain: [hash('leaf certificate'), hash('issuing certificate')],
  logKey: hash('log key'),
  maxVersion: 1,
  addresses: ['a.mesh.internal:8450', '[fd00::1]:8450'],
  succession: [hash('statement')],
  ext: new Map(),
};

export const sampleSuccessor: Successor = {
  certId: certIdNamed('a'),
  nodeId: nodeIdNamed('a'),
  oldSpkiHash: hash('old spki'),
  newSpki: fixedKey('ES256', 'next').spki,
  tMs: sampleTime,
  ext: new Map(),
};

export const sampleKeyChange: KeyChange = {
  certId: certIdNamed('a'),
  epoch: 3,
  seq: 600_000,
  tMs: sampleTime,
  prev: hash('prev'),
  chain: [hash('new leaf certificate'), hash('issuing certificate')],
  successor: hash('statement'),
  proof: new Uint8Array([...hash('proof r'), ...hash('proof s')]),
  ext: new Map(),
};

export const sampleAccusation: Accusation = {
  certId: certIdNamed('b'),
  tMs: sampleTime,
  subject: nodeIdNamed('a'),
  epoch: 3,
  rosterNumber: 321,
  ring: 1,
  reason: 'closed',
  last: { type: 'heartbeat', bytes: hash('heartbeat') },
  ext: new Map(),
};

export const sampleLeave: Leave = {
  certId: certIdNamed('a'),
  epoch: 3,
  seq: 1_234_568,
  tMs: sampleTime,
  prev: hash('prev'),
  reason: 'rolling upgrade',
  ext: new Map(),
};

export const sampleEdgeVerdicts: EdgeVerdicts = {
  certId: certIdNamed('a'),
  epoch: 3,
  number: 2,
  tMs: sampleTime,
  rosterNumber: 321,
  silent: ['b', 'c'].map(nodeIdNamed).sort(),
  ext: new Map(),
};

const states = ['enrolled', 'active', 'revoked', 'removed'] as const;

export const sampleRoster: Roster = {
  certId: certIdNamed('issuing'),
  number: 2,
  prev: hash('roster 1'),
  tMs: sampleTime,
  salt: hash('salt').subarray(0, 16),
  k: 2,
  h: 2,
  intervalMinMs: 200,
  intervalMaxMs: 5000,
  members: states
    .map((state, i) => ({ nodeId: nodeIdNamed(state), name: nodeName(`node-${String(i)}`), state }))
    .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
  ext: new Map(),
};

export const sampleLogKey: LogKey = {
  certId: certIdNamed('issuing'),
  logKey: hash('log key'),
  tMs: sampleTime,
  ext: new Map(),
};

export interface RecordSample {
  readonly type: RecordType;
  readonly fields: readonly string[];
  encodeBody(): Uint8Array;
  decode(bytes: Uint8Array): Result<Unverified<RecordBody>, Fault>;
  sign(signer: Signer, domainId: DomainId): SignedRecord;
  readonly maxBytes: number;
  readonly certId: CertId;
}

/** One of each record type, for tests that hold for all of them. */
export const recordSamples: readonly RecordSample[] = [
  sampleOf(heartbeatFormat, fullHeartbeat),
  sampleOf(epochStartFormat, sampleEpochStart),
  sampleOf(keyChangeFormat, sampleKeyChange),
  sampleOf(accusationFormat, sampleAccusation),
  sampleOf(leaveFormat, sampleLeave),
  sampleOf(rosterFormat, sampleRoster),
  sampleOf(successorFormat, sampleSuccessor),
  sampleOf(logKeyFormat, sampleLogKey),
  sampleOf(edgeVerdictsFormat, sampleEdgeVerdicts),
];

function sampleOf<T extends RecordBody>(format: RecordFormat<T>, body: T): RecordSample {
  return {
    type: format.type,
    fields: Object.keys(body),
    encodeBody: () => format.encodeBody(body),
    decode: (bytes) => format.decode(bytes),
    sign: (signer, domainId) => signRecord(format, body, signer, domainId, testCrypto),
    maxBytes: format.maxBytes,
    certId: body.certId,
  };
}
