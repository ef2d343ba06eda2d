import { describe, expect, it } from 'vitest';
import { LsError, type NodeId } from '../../../../src/std/index.ts';
import {
  decodeRoster,
  MAX_ROSTER_BYTES,
  MAX_ROSTER_MEMBERS,
  signRoster,
  verifyRoster,
  type Roster,
  type RosterMember,
} from '../../../../src/membership/records/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { memberNamed } from '../../../support/record-keys.ts';
import { certIdNamed, must, nodeName, sampleDomain, sampleRoster } from '../../../support/record-samples.ts';
import { parseNodeId } from '../../../../src/std/index.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const { signer, key } = memberNamed('issuing');
const issuer = { certId: key.certId, algorithm: key.algorithm, spki: key.spki };
const signed = (changed: Partial<Roster>) =>
  signRoster({ ...sampleRoster, ...changed }, signer, sampleDomain, testCrypto);

const numberedId = (n: number): NodeId => must(parseNodeId(n.toString(16).padStart(32, '0')));

function manyMembers(count: number): readonly RosterMember[] {
  return Array.from({ length: count }, (_, i) => ({
    nodeId: numberedId(i),
    name: nodeName(`${'n'.repeat(57)}-${String(i).padStart(5, '0')}`),
    state: 'active',
  }));
}

describe('a roster', () => {
  it('is verified with the key of a CA, which has no nodeId', () => {
    const decoded = valueOf(decodeRoster(signed({}).bytes));
    const verified = valueOf(verifyRoster(testCrypto, sampleDomain, decoded, issuer));
    expect(verified.key).toEqual(issuer);
    expect(verified.body).toEqual(sampleRoster);
    const otherCa = { ...issuer, certId: certIdNamed('other CA') };
    expect(codeOf(verifyRoster(testCrypto, sampleDomain, decoded, otherCa))).toBe('LS_RECORD_WRONG_SIGNER');
    const otherKey = { ...issuer, spki: memberNamed('x').key.spki };
    expect(codeOf(verifyRoster(testCrypto, sampleDomain, decoded, otherKey))).toBe('LS_RECORD_SIGNATURE');
  });

  it('holds ten thousand members with the longest names, and not one more', () => {
    const { bytes } = signed({ members: manyMembers(MAX_ROSTER_MEMBERS), k: 9999, h: 5000 });
    expect(bytes.length).toBeLessThan(MAX_ROSTER_BYTES);
    expect(valueOf(decodeRoster(bytes)).body.members).toHaveLength(MAX_ROSTER_MEMBERS);
    expect(() => signed({ members: manyMembers(MAX_ROSTER_MEMBERS + 1) })).toThrow(LsError);
  });

  it('starts its chain with zeros', () => {
    const first = signed({ number: 1, prev: new Uint8Array(32) });
    expect(valueOf(decodeRoster(first.bytes)).body.number).toBe(1);
    expect(() => signed({ number: 1 })).toThrow(LsError);
    expect(() => signed({ number: 2, prev: new Uint8Array(32) })).toThrow(LsError);
  });

  it('has its members in order, each once', () => {
    const members = manyMembers(3);
    expect(() => signed({ members: [...members].reverse() })).toThrow(LsError);
    expect(() => signed({ members: [...members, ...members.slice(2)] })).toThrow(LsError);
  });
});
