import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCbor, type CborValue } from '../../../src/codec/index.ts';
import {
  decodeEntry,
  encodeEntry,
  encodeEntryPieces,
  MAX_ENTRY_BYTES,
  MAX_ENTRY_RECORD_BYTES,
  MAX_ENTRY_TEXT_BYTES,
  peekEntryType,
  type LedgerEntry,
} from '../../../src/ledger/index.ts';
import { concatBytes, nodeIdOf, toHex, unixMs, type NodeId } from '../../../src/std/index.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const now = unixMs(1_700_000_000_123);
const record = Uint8Array.of(1, 2, 3);
const nodeId = idOf(9);

const examples: readonly LedgerEntry[] = [
  { type: 'epoch-start', record },
  { type: 'key-change', record },
  { type: 'heartbeat-sent', record },
  { type: 'heartbeat-received', record },
  { type: 'leave', record },
  { type: 'accusation', record },
  { type: 'down-certificate', certificate: record },
  { type: 'roster', record },
  { type: 'crl', der: record },
  { type: 'certificate-event', event: 'renewed', der: record },
  { type: 'miss', nodeId, epoch: 3, lastSeq: 77 },
  { type: 'state-change', nodeId, epoch: 3, from: 'alive', to: 'suspect', reason: 'silent' },
  { type: 'gap', count: 4, reason: 'disk-full' },
  { type: 'checkpoint-received', nodeId, note: record },
  { type: 'successor', record },
  { type: 'log-key', record },
];

describe('a ledger entry', () => {
  it.each(examples)('of type $type is read back from its bytes', (entry) => {
    const body = encodeEntry(entry, now);
    expect(valueOf(decodeEntry(body))).toEqual({ entry, tMs: now });
    expect(peekEntryType(body)).toBe(entry.type);
  });

  it.each(examples)('of type $type is the same in pieces', (entry) => {
    expect(concatBytes(...encodeEntryPieces(entry, now))).toEqual(encodeEntry(entry, now));
  });

  it.each([1, 23, 24, 255, 256, 65_535, 65_536, 1_000_000])(
    'in pieces holds the very bytes of a CRL, which has %i',
    (length) => {
      const entry: LedgerEntry = { type: 'crl', der: new Uint8Array(length).fill(7) };
      const pieces = encodeEntryPieces(entry, now);
      expect(pieces.at(-1)).toBe(entry.der);
      expect(Buffer.compare(concatBytes(...pieces), encodeEntry(entry, now))).toBe(0);
    },
  );

  it('in pieces is refused beyond the same bound', () => {
    for (const length of [0, MAX_ENTRY_BYTES - 31]) {
      const entry: LedgerEntry = { type: 'crl', der: new Uint8Array(length) };
      expect(() => encodeEntryPieces(entry, now)).toThrow(RangeError);
    }
  });

  it('has the bytes that docs/FORMATS.md shows', () => {
    const gap: LedgerEntry = { type: 'gap', count: 4, reason: 'disk-full' };
    expect(toHex(encodeEntry(gap, now))).toBe('85010c1b0000018bcfe5687b0469' + '6469736b2d66756c6c');
  });

  it('is one of a closed list of types with fixed codes', () => {
    const codes = examples.map((entry) => encodeEntry(entry, now)[2]);
    expect(codes).toEqual(examples.map((_, code) => code));
  });

  it.each<[string, CborValue]>([
    ['not an array', 1],
    ['too short', [1, 0]],
    ['too long', [1, 0, 5, record, 1]],
    ['of another version', [2, 0, 5, record]],
    ['of an unknown type', [1, 16, 5, record]],
    ['of a negative type', [1, -1, 5, record]],
    ['with text for a time', [1, 0, '5', record]],
    ['with a negative time', [1, 0, -5, record]],
    ['with text for a record', [1, 0, 5, 'record']],
    ['with an empty record', [1, 0, 5, new Uint8Array(0)]],
    ['with an empty down certificate', [1, 6, 5, new Uint8Array(0)]],
    ['with an empty CRL', [1, 8, 5, new Uint8Array(0)]],
    ['with bytes for an event', [1, 9, 5, record, record]],
    ['with an event that is too long', [1, 9, 5, 'x'.repeat(MAX_ENTRY_TEXT_BYTES + 1), record]],
    ['with an empty certificate', [1, 9, 5, 'issued', new Uint8Array(0)]],
    ['with a node id that is too short', [1, 10, 5, new Uint8Array(15), 1, 1]],
    ['with a node id that is too long', [1, 10, 5, new Uint8Array(17), 1, 1]],
    ['with a negative epoch', [1, 10, 5, new Uint8Array(16), -1, 1]],
    ['with a negative last seq', [1, 10, 5, new Uint8Array(16), 1, -1]],
    ['with a state that is not text', [1, 11, 5, new Uint8Array(16), 1, 1, 'down', 'why']],
    ['with a state that is too long', [1, 11, 5, new Uint8Array(16), 1, 'up', 'x'.repeat(257), 'why']],
    ['with a reason that is null', [1, 11, 5, new Uint8Array(16), 1, 'up', 'down', null]],
    ['with an empty gap', [1, 12, 5, 0, 'why']],
    ['with an empty note', [1, 13, 5, new Uint8Array(16), new Uint8Array(0)]],
    ['with a nested array', [1, 0, 5, [record]]],
  ])('is refused when it is %s', (_, value) => {
    expect(codeOf(decodeEntry(encodeCbor(value)))).toBe('LS_LEDGER_ENTRY');
  });

  it('is refused with a byte too many or too few', () => {
    const body = encodeEntry(examples[0] ?? { type: 'roster', record }, now);
    expect(codeOf(decodeEntry(body.slice(0, -1)))).toBe('LS_LEDGER_ENTRY');
    expect(codeOf(decodeEntry(Uint8Array.of(...body, 0)))).toBe('LS_LEDGER_ENTRY');
  });

  it('has a bound on its bytes for readers and writers', () => {
    const body = encodeEntry({ type: 'roster', record: new Uint8Array(100) }, now);
    expect(decodeEntry(body, body.length).ok).toBe(true);
    expect(codeOf(decodeEntry(body, body.length - 1))).toBe('LS_LEDGER_ENTRY');
    const large = (length: number) => () =>
      encodeEntry({ type: 'roster', record: new Uint8Array(length) }, now);
    expect(large(MAX_ENTRY_RECORD_BYTES)).not.toThrow();
    expect(large(MAX_ENTRY_RECORD_BYTES + 1)).toThrow(RangeError);
    const down = (length: number) => () =>
      encodeEntry({ type: 'down-certificate', certificate: new Uint8Array(length) }, now);
    expect(down(MAX_ENTRY_RECORD_BYTES)).not.toThrow();
    expect(down(MAX_ENTRY_RECORD_BYTES + 1)).toThrow(RangeError);
    const crl = (length: number) => () => encodeEntry({ type: 'crl', der: new Uint8Array(length) }, now);
    expect(crl(MAX_ENTRY_BYTES - 32)).not.toThrow();
    expect(crl(MAX_ENTRY_BYTES - 31)).toThrow(RangeError);
  });

  it('is never made of noise: whatever decodes encodes to the same bytes', () => {
    const noise = fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated());
    fc.assert(
      fc.property(noise, (bytes) => {
        const decoded = decodeEntry(bytes);
        if (!decoded.ok) {
          expect(decoded.error.code).toBe('LS_LEDGER_ENTRY');
          return;
        }
        expect(encodeEntry(decoded.value.entry, decoded.value.tMs)).toEqual(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it('shows its type to a peek only when the first bytes can be those of an entry', () => {
    for (const bytes of [[], [0x84], [0x84, 2, 0], [0x84, 1, 16], [0x82, 1, 0], [0x89, 1, 0], [0x84, 1]]) {
      expect(peekEntryType(Uint8Array.from(bytes))).toBeUndefined();
    }
  });
});

function idOf(byte: number): NodeId {
  const id = nodeIdOf(new Uint8Array(16).fill(byte));
  if (id === undefined) throw new Error('sixteen bytes make a node id');
  return id;
}

function mutated(): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat(examples.length - 1), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([which, at, value]) => {
      const body = encodeEntry(examples[which] ?? { type: 'roster', record }, now);
      body[at % body.length] = value;
      return body;
    });
}
