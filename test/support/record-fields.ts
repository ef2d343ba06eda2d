import type { CborValue } from '../../src/codec/index.ts';
import type { RecordType } from '../../src/heartbeat/index.ts';
import { sampleRoster } from './record-samples.ts';

/** What one field of a record may be on the wire (other than in the sample, first) and what it may not. */
export interface FieldCase {
  readonly good: readonly [CborValue, ...CborValue[]];
  readonly bad: readonly [CborValue, ...CborValue[]];
  readonly nullable?: true;
}

const bytes = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);
const exactly = (length: number): FieldCase => ({
  good: [bytes(length)],
  bad: [bytes(length - 1), bytes(length + 1), bytes(0)],
});
const upTo = (max: number, min = 0): FieldCase => ({ good: [min, max], bad: [min - 1, max + 1] });
const times = (count: number, value: CborValue): CborValue => Array.from({ length: count }, () => value);

const id = exactly(16);
const hash32 = exactly(32);
const epoch = upTo(2 ** 48, 1);
const seq = upTo(2 ** 48, 1);
const number = upTo(2 ** 48);
const time = upTo(253_402_300_799_999);
const chain: FieldCase = {
  good: [[bytes(1)], times(3, bytes(4000))],
  bad: [[], times(4, bytes(1)), [bytes(0)], [bytes(8193)], [1]],
};
const ext: FieldCase = {
  good: [
    new Map<number, CborValue>([
      [1, 'tag'],
      [65_535, [1, new Map([[-1, 2]])]],
    ]),
  ],
  bad: [
    new Map([[-1, 1]]),
    new Map([[0, 1]]),
    new Map([[65_536, 1]]),
    new Map(Array.from({ length: 17 }, (_, i) => [i + 1, 0] as const)),
    new Map([[1, [[[0]]]]]),
  ],
};
const headOf = (...values: readonly CborValue[]): CborValue => [values];
const address = (text: string): CborValue => [text];

const members = sampleRoster.members.map((_, i): CborValue => [bytes(16, i + 1), `node-${String(i)}`, i]);
const member = (...values: readonly CborValue[]): CborValue => [values];

/** Every field of every record type, by name. The negative tests of decoding and of signatures both walk it. */
export const fieldCases: Readonly<Record<RecordType, Readonly<Record<string, FieldCase>>>> = {
  heartbeat: {
    certId: id,
    epoch,
    seq,
    tMs: time,
    intervalMs: { good: [50], bad: [0, 49, 60_001] },
    prev: hash32,
    flags: { good: [0, 1, 2, 4], bad: [-1, 8] },
    health: { good: [0], bad: [-1, 9] },
    crlNumber: number,
    rosterNumber: number,
    viewDigest: exactly(8),
    checkpoint: {
      good: [
        [0, bytes(32)],
        [2 ** 48, bytes(32)],
      ],
      bad: [
        [],
        [1],
        [1, bytes(32), 1],
        [-1, bytes(32)],
        [2 ** 48 + 1, bytes(32)],
        [1, bytes(31)],
        [bytes(32), 1],
      ],
      nullable: true,
    },
    heads: {
      good: [[], headOf(bytes(16), 1, 0, bytes(32)), times(4, [bytes(16), 2 ** 48, 2 ** 48, bytes(32)])],
      bad: [
        times(9, [bytes(16), 1, 0, bytes(32)]),
        headOf(bytes(15), 1, 0, bytes(32)),
        headOf(bytes(16), 0, 0, bytes(32)),
        headOf(bytes(16), 2 ** 48 + 1, 0, bytes(32)),
        headOf(bytes(16), 1, -1, bytes(32)),
        headOf(bytes(16), 1, 2 ** 48 + 1, bytes(32)),
        headOf(bytes(16), 1, 0, bytes(33)),
        headOf(bytes(16), 1, 0),
        headOf(bytes(16), 1, 0, bytes(32), 1),
        [null],
      ],
      nullable: true,
    },
    rebuts: {
      good: [[bytes(32)], times(14, bytes(32))],
      bad: [[], times(17, bytes(32)), [bytes(31)], [bytes(33)], [1]],
      nullable: true,
    },
    ext,
  },
  'epoch-start': {
    certId: id,
    epoch,
    tMs: time,
    nonce: exactly(8),
    chain,
    logKey: hash32,
    maxVersion: { good: [2, 1, 255], bad: [0, 256] },
    addresses: {
      good: [
        [],
        address('10.0.0.1:1'),
        address('[2001:db8::1]:65535'),
        address(`${'a'.repeat(253)}:65535`),
        times(4, 'a:1'),
      ],
      bad: [
        times(5, 'a:1'),
        address('a'),
        address('a:'),
        address(':1'),
        address('a:0'),
        address('a:01'),
        address('a:65536'),
        address('A:1'),
        address('a b:1'),
        address('a:1\n'),
        address('2001:db8::1:8450'),
        address('[fe80::1%eth0]:1'),
        address(`${'a'.repeat(254)}:1`),
        address(`${'a'.repeat(300)}:1`),
        [1],
      ],
    },
    succession: {
      good: [[], [bytes(1024)], times(14, bytes(1024))],
      bad: [times(17, bytes(1)), [bytes(0)], [bytes(1025)], [1]],
    },
    ext,
  },
  'key-change': {
    certId: id,
    epoch,
    seq,
    tMs: time,
    prev: hash32,
    chain,
    successor: { good: [bytes(1), bytes(1024)], bad: [bytes(0), bytes(1025)] },
    proof: exactly(64),
    ext,
  },
  accusation: {
    certId: id,
    tMs: time,
    subject: id,
    epoch,
    rosterNumber: number,
    ring: upTo(9998),
    reason: { good: [0], bad: [-1, 2] },
    last: {
      good: [
        [1, bytes(16 * 1024)],
        [0, bytes(1)],
      ],
      bad: [
        [],
        [0],
        [0, bytes(1), 0],
        [2, bytes(1)],
        [3, bytes(1)],
        [0, bytes(0)],
        [1, bytes(16 * 1024 + 1)],
        ['heartbeat', bytes(1)],
        [0, 'x'],
      ],
    },
    ext,
  },
  'edge-verdicts': {
    certId: id,
    epoch,
    number: seq,
    tMs: time,
    rosterNumber: number,
    silent: {
      good: [[], [bytes(16, 1), bytes(16, 2)]],
      bad: [
        [bytes(15)],
        ['x'],
        [bytes(16, 2), bytes(16, 1)],
        [bytes(16, 1), bytes(16, 1)],
        Array.from({ length: 65 }, (_, i) => bytes(16, i)),
      ],
    },
    ext,
  },
  leave: {
    certId: id,
    epoch,
    seq,
    tMs: time,
    prev: hash32,
    reason: { good: ['', 'é'.repeat(32)], bad: ['a'.repeat(65), 'é'.repeat(33)] },
    ext,
  },
  roster: {
    certId: id,
    number: { good: [3, 2 ** 48], bad: [0, 2 ** 48 + 1, 1] },
    prev: { good: hash32.good, bad: [...hash32.bad, bytes(32, 0)] },
    tMs: time,
    salt: id,
    k: { good: [3, 9999], bad: [0, 1, 10_000] },
    h: { good: [1], bad: [0, 3, 10_000] },
    intervalMinMs: { good: [50, 5000], bad: [49, 5001] },
    intervalMaxMs: { good: [200, 60_000], bad: [199, 60_001] },
    members: {
      good: [[], members],
      bad: [
        [...members].reverse(),
        [members[0] ?? 0, members[0] ?? 0],
        member(bytes(15), 'a', 1),
        member(bytes(16), '', 1),
        member(bytes(16), 'A', 1),
        member(bytes(16), 'a.b', 1),
        member(bytes(16), '-a', 1),
        member(bytes(16), 'a'.repeat(64), 1),
        member(bytes(16), 'a', 4),
        member(bytes(16), 'a', -1),
        member(bytes(16), 'a'),
        member(bytes(16), 'a', 1, 1),
        member('a', bytes(16), 1),
        [1],
      ],
    },
    ext,
  },
  successor: {
    certId: id,
    nodeId: id,
    oldSpkiHash: hash32,
    newSpki: { good: [bytes(1), bytes(512)], bad: [bytes(0), bytes(513)] },
    tMs: time,
    ext,
  },
  'log-key': { certId: id, logKey: hash32, tMs: time, ext },
};

/** A payload element list with one field replaced; the version is element 0. */
export function withField(
  payload: readonly CborValue[],
  fields: readonly string[],
  field: string,
  value: CborValue,
): readonly CborValue[] {
  return payload.with(fields.indexOf(field) + 1, value);
}
