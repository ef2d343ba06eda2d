import { describe, expect, it } from 'vitest';
import {
  MAX_ROSTER_HISTORY,
  MemberTable,
  PREVIOUS_ROSTER_VALID_MS,
  type SubjectRecord,
} from '../../../src/membership/index.ts';
import type { Roster, RosterMemberState } from '../../../src/membership/records/index.ts';
import { monoMs } from '../../../src/std/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import {
  certIdNamed,
  digestNamed,
  hash,
  nodeIdNamed,
  nodeName,
  sampleTime,
} from '../../support/record-samples.ts';

const self = nodeIdNamed('self');

function roster(
  number: number,
  names: readonly string[],
  states: Record<string, RosterMemberState> = {},
): Roster {
  const members = ['self', ...names].map((name) => ({
    nodeId: nodeIdNamed(name),
    name: nodeName(name),
    state: states[name] ?? ('active' as const),
  }));
  const active = members.filter((member) => member.state === 'active').length;
  const k = Math.max(1, active - 1);
  return {
    certId: certIdNamed('ca'),
    number,
    prev: hash(`roster ${String(number)}`),
    tMs: sampleTime,
    salt: hash('salt').subarray(0, 16),
    k,
    h: Math.floor(k / 2) + 1,
    intervalMinMs: 100,
    intervalMaxMs: 60_000,
    members: members.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
    ext: new Map(),
  };
}

function tableWith(...rosters: readonly Roster[]): MemberTable {
  const table = new MemberTable(self, testCrypto);
  rosters.forEach((each, i) => {
    table.applyRoster(each, monoMs(i));
  });
  return table;
}

const start: SubjectRecord<'epoch-start'> = {
  type: 'epoch-start',
  seq: 0,
  bytes: hash('start'),
  id: digestNamed('start'),
  structureHash: hash('start s'),
};

describe('the member table', () => {
  it('holds everyone but ourselves', () => {
    const table = tableWith(roster(1, ['a', 'b']));
    expect(table.members.map((member) => member.name).sort()).toEqual(['a', 'b']);
    expect(table.get(self)).toBeUndefined();
  });

  it('keeps what it knows of a member over rosters and shows it as removed', () => {
    const table = tableWith(roster(1, ['a', 'b']));
    table.get(nodeIdNamed('a'))?.startEpoch(4, start, 1_000, monoMs(0));
    table.applyRoster(roster(2, ['a', 'b'], { a: 'removed' }), monoMs(1));
    expect(table.get(nodeIdNamed('a'))).toMatchObject({ epoch: 4, roster: 'removed' });
  });

  it('entitles under the present roster, and under the previous one for a while only', () => {
    const table = tableWith(roster(1, ['a', 'b']), roster(2, ['a', 'b', 'c']));
    const [a, b] = [nodeIdNamed('a'), nodeIdNamed('b')];
    const ring = (number: number): number => table.rosterView(number)?.observers.ringOf(a, b) ?? -1;
    expect(table.mayAccuse(a, b, ring(2), 2, monoMs(1))).toBe(true);
    expect(table.mayAccuse(a, b, ring(2) + 1, 2, monoMs(1))).toBe(false);
    expect(table.mayAccuse(a, b, ring(1), 1, monoMs(1 + PREVIOUS_ROSTER_VALID_MS))).toBe(true);
    expect(table.mayAccuse(a, b, ring(1), 1, monoMs(2 + PREVIOUS_ROSTER_VALID_MS))).toBe(false);
    expect(table.mayHaveAccused(a, b, ring(1), 1)).toBe(true);
    expect(table.mayAccuse(a, b, 0, 3, monoMs(1))).toBe(false);
  });

  it.each(['enrolled', 'revoked', 'removed'] as const)('entitles nobody who is %s now', (state) => {
    const table = tableWith(roster(1, ['a', 'b', 'c']), roster(2, ['a', 'b', 'c'], { a: state }));
    for (const number of [1, 2])
      for (const ring of [0, 1, 2])
        expect(table.mayAccuse(nodeIdNamed('a'), nodeIdNamed('b'), ring, number, monoMs(2))).toBe(false);
  });

  it('asks for as many accusers as today even under a roster in which fewer were enough', () => {
    const table = tableWith(roster(1, ['a']), roster(2, ['a', 'b', 'c', 'd']));
    expect(roster(1, ['a']).h).toBe(1);
    expect(table.quorumOf(1)).toBe(table.quorumOf(2));
    expect(table.quorumOf(2)).toBe(3);
  });

  it('concludes nothing under a roster it does not know', () => {
    expect(tableWith(roster(1, ['a'])).quorumOf(7)).toBe(Infinity);
    expect(new MemberTable(self, testCrypto).quorumOf(1)).toBe(Infinity);
  });

  it('remembers a bounded number of rosters', () => {
    const rosters = Array.from({ length: MAX_ROSTER_HISTORY + 1 }, (_, i) => roster(i + 1, ['a', 'b']));
    const table = tableWith(...rosters);
    expect(table.rosterView(1)).toBeUndefined();
    expect(table.rosterView(2)).toBeDefined();
    expect(table.rosterView(MAX_ROSTER_HISTORY + 1)).toBeDefined();
  });

  it('forgets accusations of observers that lost their place', () => {
    const table = tableWith(roster(1, ['a', 'b', 'c']));
    const subject = table.get(nodeIdNamed('b'));
    const accused = {
      id: digestNamed('x'),
      accuser: nodeIdNamed('a'),
      rosterNumber: 1,
      ring: table.rosterView(1)?.observers.ringOf(nodeIdNamed('a'), nodeIdNamed('b')) ?? -1,
      bytes: hash('x'),
      lastSeq: 0,
    };
    subject?.book.add(accused, monoMs(0));
    table.applyRoster(roster(2, ['a', 'b', 'c'], { a: 'revoked' }), monoMs(1));
    expect(subject?.book.count).toBe(0);
  });

  it.each([
    [2, 0, false],
    [2, 1, true],
    [3, 1, false],
    [3, 2, true],
    [4, 1, false],
    [4, 2, true],
    [5, 2, false],
    [5, 3, true],
  ])('of %i members with %i silent is inquorate: %s', (count, silent, inquorate) => {
    const names = Array.from({ length: count - 1 }, (_, i) => `n${String(i)}`);
    const table = tableWith(roster(1, names));
    for (const name of names) table.get(nodeIdNamed(name))?.startEpoch(1, start, 1_000, monoMs(0));
    for (const name of names.slice(0, silent)) table.get(nodeIdNamed(name))?.connectionRefused();
    expect(table.isInquorate(monoMs(1))).toBe(inquorate);
  });

  it('does not count those who left as lost', () => {
    const table = tableWith(roster(1, ['a', 'b']));
    for (const member of table.members) {
      member.startEpoch(1, start, 1_000, monoMs(0));
      member.leave = new Uint8Array([1]);
    }
    expect(table.isInquorate(monoMs(99_999))).toBe(false);
  });
});
