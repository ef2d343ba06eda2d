import { describe, expect, it } from 'vitest';
import {
  decodeEpochStart,
  decodeHeartbeat,
  extendChain,
  headOfEpoch,
  signEpochStart,
  signHeartbeat,
  verifyRecord,
} from '../../../src/heartbeat/index.ts';
import type { Heartbeat, Verified } from '../../../src/heartbeat/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { memberNamed } from '../../support/record-keys.ts';
import { hash, sampleDomain, sampleEpochStart, slimHeartbeat } from '../../support/record-samples.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const { signer, key } = memberNamed('a');

function beat(
  epoch: number,
  seq: number,
  prev: Uint8Array,
  more: Partial<Heartbeat> = {},
): Verified<Heartbeat> {
  const body = { ...slimHeartbeat, certId: key.certId, epoch, seq, prev, ...more };
  const { bytes } = signHeartbeat(body, signer, sampleDomain, testCrypto);
  return valueOf(verifyRecord(testCrypto, sampleDomain, valueOf(decodeHeartbeat(bytes)), key));
}

const start = signEpochStart(
  { ...sampleEpochStart, certId: key.certId, epoch: 3 },
  signer,
  sampleDomain,
  testCrypto,
);
const head = headOfEpoch(
  valueOf(verifyRecord(testCrypto, sampleDomain, valueOf(decodeEpochStart(start.bytes)), key)),
);

describe('the chain of a node’s records', () => {
  const first = beat(3, 1, start.structureHash);

  it('begins at the epoch-start and goes forward by one', () => {
    expect(head).toEqual({ epoch: 3, seq: 0, hash: start.structureHash });
    const step = valueOf(extendChain(head, first));
    expect(step).toEqual({ head: { epoch: 3, seq: 1, hash: first.structureHash }, missing: 0 });
    expect(valueOf(extendChain(step.head, beat(3, 2, first.structureHash))).head.seq).toBe(2);
  });

  it('may have gaps, which are counted', () => {
    expect(valueOf(extendChain(head, beat(3, 5, hash('unseen')))).missing).toBe(4);
  });

  it('refuses a record again and an earlier one', () => {
    const at1 = valueOf(extendChain(head, first)).head;
    const at2 = valueOf(extendChain(at1, beat(3, 2, first.structureHash))).head;
    expect(codeOf(extendChain(at1, first))).toBe('LS_HEARTBEAT_REPLAYED');
    expect(codeOf(extendChain(at2, first))).toBe('LS_HEARTBEAT_REPLAYED');
  });

  it('refuses an older epoch, and a newer one that was not started', () => {
    expect(codeOf(extendChain(head, beat(2, 9, hash('x'))))).toBe('LS_HEARTBEAT_OLD_EPOCH');
    expect(codeOf(extendChain(head, beat(4, 1, hash('x'))))).toBe('LS_HEARTBEAT_UNKNOWN_EPOCH');
  });

  it('shows a second history: two records with one number, or the next one on another past', () => {
    const at1 = valueOf(extendChain(head, first)).head;
    expect(codeOf(extendChain(at1, beat(3, 1, start.structureHash, { health: 1 })))).toBe(
      'LS_HEARTBEAT_FORK',
    );
    expect(codeOf(extendChain(at1, beat(3, 2, hash('another past'))))).toBe('LS_HEARTBEAT_FORK');
    expect(codeOf(extendChain(head, beat(3, 1, hash('another start'))))).toBe('LS_HEARTBEAT_FORK');
  });
});
