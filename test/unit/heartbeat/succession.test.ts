import { describe, expect, it } from 'vitest';
import type { DomainId } from '../../../src/std/index.ts';
import { MAX_SUCCESSION, signSuccessor, verifySuccession } from '../../../src/heartbeat/index.ts';
import type { Successor } from '../../../src/heartbeat/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { memberNamed, type TestMember } from '../../support/record-keys.ts';
import { nodeIdNamed, otherDomain, sampleDomain, sampleTime } from '../../support/record-samples.ts';
import { codeOf } from '../../support/result.ts';

const nodeId = nodeIdNamed('a');
const generations = Array.from({ length: MAX_SUCCESSION + 2 }, (_, i) =>
  memberNamed('a', i + 1, i % 2 === 0 ? 'ES256' : 'Ed25519'),
);

interface Variation {
  readonly body?: Partial<Successor>;
  readonly signer?: TestMember;
  readonly domain?: DomainId;
}

function generation(n: number): TestMember {
  const member = generations[n - 1];
  if (member === undefined) throw new RangeError('no such generation');
  return member;
}

function statement(from: number, to: number, { body, signer, domain }: Variation = {}): Uint8Array {
  const old = generation(from);
  const full: Successor = {
    certId: old.key.certId,
    nodeId,
    oldSpkiHash: testCrypto.sha256(old.key.spki),
    newSpki: generation(to).key.spki,
    tMs: sampleTime,
    ext: new Map(),
    ...body,
  };
  return signSuccessor(full, (signer ?? old).signer, domain ?? sampleDomain, testCrypto).bytes;
}

function outcome(statements: readonly Uint8Array[], from: number, to: number, domain = sampleDomain): string {
  const { key } = generation(from);
  const toSpki = generation(to).key.spki;
  return codeOf(verifySuccession(statements, key, toSpki, nodeId, domain, testCrypto)) ?? 'leads there';
}

describe('successor statements', () => {
  it('are not needed for the key that is known', () => {
    expect(outcome([], 1, 1)).toBe('leads there');
  });

  it('lead over one step and over many, between both kinds of key', () => {
    expect(outcome([statement(1, 2)], 1, 2)).toBe('leads there');
    expect(outcome([statement(1, 2), statement(2, 3), statement(3, 4)], 1, 4)).toBe('leads there');
  });

  it('from before the known key are passed over', () => {
    expect(outcome([statement(1, 2), statement(2, 3), statement(3, 4)], 3, 4)).toBe('leads there');
  });

  it('may name a key that was never used, as after an answer of the CA that was lost', () => {
    expect(outcome([statement(1, 2), statement(1, 3), statement(3, 4)], 1, 4)).toBe('leads there');
  });

  it('do not lead backwards, nor over a missing step, nor when the newest come first', () => {
    expect(outcome([statement(1, 2)], 2, 1)).toBe('LS_RECORD_SUCCESSION');
    expect(outcome([statement(1, 2), statement(3, 4)], 1, 4)).toBe('LS_RECORD_SUCCESSION');
    expect(outcome([statement(2, 3), statement(1, 2)], 1, 3)).toBe('LS_RECORD_SUCCESSION');
    expect(outcome([], 1, 2)).toBe('LS_RECORD_SUCCESSION');
  });

  it('are followed up to their bound, and refused beyond it', () => {
    const steps = Array.from({ length: MAX_SUCCESSION + 1 }, (_, i) => statement(i + 1, i + 2));
    expect(outcome(steps.slice(0, MAX_SUCCESSION), 1, MAX_SUCCESSION + 1)).toBe('leads there');
    expect(outcome(steps, 1, MAX_SUCCESSION + 1)).toBe('LS_RECORD_SUCCESSION');
  });

  it('signed by anybody but the old key are refused', () => {
    expect(outcome([statement(1, 3, { signer: generation(3) })], 1, 3)).toBe('LS_RECORD_SIGNATURE');
    expect(outcome([statement(1, 2, { signer: generation(2) })], 1, 2)).toBe('LS_RECORD_ALGORITHM');
  });

  it('about another node or of another domain are refused', () => {
    const foreign = statement(1, 2, { body: { nodeId: nodeIdNamed('b') } });
    expect(outcome([foreign], 1, 2)).toBe('LS_RECORD_SUCCESSOR');
    expect(outcome([statement(1, 2, { domain: otherDomain })], 1, 2)).toBe('LS_RECORD_SIGNATURE');
    expect(outcome([statement(1, 2)], 1, 2, otherDomain)).toBe('LS_RECORD_SIGNATURE');
  });

  it('to a key that cannot sign records are refused', () => {
    const odd = statement(1, 2, { body: { newSpki: testKey('ES384').spki } });
    expect(outcome([odd], 1, 2)).toBe('LS_RECORD_SUCCESSOR');
  });

  it('that are damaged are refused', () => {
    const whole = statement(1, 2);
    expect(outcome([whole.subarray(0, -1)], 1, 2)).toBe('LS_RECORD_MALFORMED');
    expect(outcome([new Uint8Array()], 1, 2)).toBe('LS_RECORD_MALFORMED');
    expect(outcome([new Uint8Array(1025)], 1, 2)).toBe('LS_RECORD_TOO_LARGE');
  });
});
