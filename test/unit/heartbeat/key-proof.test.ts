import { describe, expect, it } from 'vitest';
import type { DomainId, Fault, Result } from '../../../src/std/index.ts';
import {
  decodeKeyChange,
  keyProofMessage,
  proveKey,
  signKeyChange,
  signSuccessor,
  verifyKeyChangeProof,
  verifyRecord,
} from '../../../src/heartbeat/index.ts';
import type { KeyChange, KeyProofPlace, Successor } from '../../../src/heartbeat/index.ts';
import { testCrypto, testKey, withHighS } from '../../support/crypto.ts';
import { memberNamed, type TestMember } from '../../support/record-keys.ts';
import { nodeIdNamed, otherDomain, sampleDomain, sampleKeyChange } from '../../support/record-samples.ts';
import { codeOf, valueOf } from '../../support/result.ts';

interface Attempt {
  readonly old: TestMember;
  readonly next: TestMember;
  readonly place?: Partial<KeyProofPlace>;
  readonly successor?: Partial<Successor>;
  readonly successorSigner?: TestMember;
  readonly successorDomain?: DomainId;
  readonly body?: Partial<KeyChange>;
}

/** A key change with one thing changed, judged as a receiver would. */
function attempt(what: Attempt, newKey = what.next.key): Result<unknown, Fault> {
  const { old, next } = what;
  const { epoch, seq, tMs } = sampleKeyChange;
  const statement: Successor = {
    certId: old.key.certId,
    nodeId: old.key.nodeId,
    oldSpkiHash: testCrypto.sha256(old.key.spki),
    newSpki: next.key.spki,
    tMs,
    ext: new Map(),
    ...what.successor,
  };
  const statementSigner = (what.successorSigner ?? old).signer;
  const successor = signSuccessor(
    statement,
    statementSigner,
    what.successorDomain ?? sampleDomain,
    testCrypto,
  ).bytes;
  const place = { domainId: sampleDomain, nodeId: old.key.nodeId, epoch, seq, ...what.place };
  const proof = proveKey(next.signer, place, testCrypto);
  const body = { ...sampleKeyChange, certId: old.key.certId, successor, proof, ...what.body };
  const { bytes } = signKeyChange(body, old.signer, sampleDomain, testCrypto);
  const change = valueOf(verifyRecord(testCrypto, sampleDomain, valueOf(decodeKeyChange(bytes)), old.key));
  return verifyKeyChangeProof(testCrypto, sampleDomain, change, newKey);
}

const old = memberNamed('a', 1);
const next = memberNamed('a', 2, 'ES256');
const stranger = memberNamed('stranger');

describe('a key change', () => {
  it.each(['ES256', 'Ed25519'] as const)(
    'to a key of %s is proved by the new key and stated by the old',
    (name) => {
      const to = memberNamed('a', 2, name);
      expect(valueOf(attempt({ old, next: to }))).toMatchObject({ body: { newSpki: to.key.spki } });
    },
  );

  it.each<[string, Partial<KeyProofPlace>]>([
    ['another node', { nodeId: nodeIdNamed('b') }],
    ['another epoch', { epoch: sampleKeyChange.epoch + 1 }],
    ['another number', { seq: sampleKeyChange.seq + 1 }],
    ['another domain', { domainId: otherDomain }],
  ])('with a proof for %s is refused', (_what, place) => {
    expect(codeOf(attempt({ old, next, place }))).toBe('LS_RECORD_KEY_PROOF');
  });

  it('with a proof by another key is refused', () => {
    const message = { domainId: sampleDomain, nodeId: old.key.nodeId, epoch: 3, seq: 600_000 };
    const proof = stranger.signer.sign(keyProofMessage(message, next.key.spki, testCrypto));
    expect(codeOf(attempt({ old, next, body: { proof } }))).toBe('LS_RECORD_KEY_PROOF');
  });

  it('with a proof in its high-s form is refused', () => {
    const message = { domainId: sampleDomain, nodeId: old.key.nodeId, epoch: 3, seq: 600_000 };
    const proof = withHighS(proveKey(next.signer, message, testCrypto));
    expect(codeOf(attempt({ old, next, body: { proof } }))).toBe('LS_RECORD_KEY_PROOF');
  });

  it('to the key of another certificate than the chain shows is refused', () => {
    expect(codeOf(attempt({ old, next }, stranger.key))).toBe('LS_RECORD_KEY_PROOF');
    expect(codeOf(attempt({ old, next }, { ...next.key, algorithm: 'Ed25519' }))).toBe('LS_RECORD_KEY_PROOF');
  });

  it.each<[string, Partial<Successor>]>([
    ['another node', { nodeId: nodeIdNamed('b') }],
    ['another old key', { oldSpkiHash: testCrypto.sha256(stranger.key.spki) }],
    ['another new key', { newSpki: stranger.key.spki }],
  ])('whose successor statement is about %s is refused', (_what, successor) => {
    expect(codeOf(attempt({ old, next, successor }))).toBe('LS_RECORD_SUCCESSOR');
  });

  it('whose successor statement names another certificate is refused', () => {
    const successor = { certId: stranger.key.certId };
    expect(codeOf(attempt({ old, next, successor }))).toBe('LS_RECORD_WRONG_SIGNER');
  });

  it('whose successor statement the new key or a stranger signed is refused', () => {
    const ed = memberNamed('a', 2);
    expect(codeOf(attempt({ old, next: ed, successorSigner: ed }))).toBe('LS_RECORD_SIGNATURE');
    expect(codeOf(attempt({ old, next, successorSigner: stranger }))).toBe('LS_RECORD_SIGNATURE');
    expect(codeOf(attempt({ old, next, successorSigner: next }))).toBe('LS_RECORD_ALGORITHM');
  });

  it('whose successor statement is of another domain is refused', () => {
    expect(codeOf(attempt({ old, next, successorDomain: otherDomain }))).toBe('LS_RECORD_SIGNATURE');
  });

  it('whose successor statement is no statement is refused', () => {
    expect(codeOf(attempt({ old, next, body: { successor: new Uint8Array(9) } }))).toBe(
      'LS_RECORD_MALFORMED',
    );
  });
});

it('the proof message has the layout that FORMATS.md gives', () => {
  const { spki } = testKey('Ed25519');
  const place = { domainId: sampleDomain, nodeId: nodeIdNamed('a'), epoch: 0x0102, seq: 2 ** 40 };
  const message = Buffer.from(keyProofMessage(place, spki, testCrypto));
  expect(message.subarray(0, 21).toString()).toBe('lifesign/v1/key-proof');
  expect(message.subarray(21, 53)).toEqual(Buffer.from(sampleDomain));
  expect(message.subarray(53, 69).toString('hex')).toBe(nodeIdNamed('a'));
  expect(message.subarray(69, 85).toString('hex')).toBe('00000000000001020000010000000000');
  expect(message.subarray(85)).toEqual(Buffer.from(testCrypto.sha256(spki)));
});
