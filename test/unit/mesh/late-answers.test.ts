import { beforeEach, describe, expect, it } from 'vitest';
import type { Accusation } from '../../../src/membership/index.ts';
import { toHex, type Digest } from '../../../src/std/index.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { testCrypto } from '../../support/crypto.ts';

/* 'a' is the only production core: it hears of an accusation of 's' by 'm' after newer heartbeats than the answer. */

let world: MeshWorld;
let accuser: HostileMember;
let subject: HostileMember;
let fromAccuser: HostileLink;
let fromSubject: HostileLink;
let accusation: Uint8Array & { readonly id: Digest };

beforeEach(() => {
  world = new MeshWorld(['a', 'm', 's', 'x']);
  world.start('a');
  world.run(1_200);
  accuser = new HostileMember(world, 'm');
  subject = new HostileMember(world, 's');
  fromAccuser = accuser.link('a');
  fromSubject = subject.link('a');
  fromAccuser.record('epoch-start', accuser.epochStart().bytes);
  fromSubject.record('epoch-start', subject.epochStart().bytes);
  const first = subject.heartbeat().bytes;
  fromSubject.record('heartbeat', first);
  const last: Accusation['last'] = { type: 'heartbeat', bytes: first };
  accusation = accuser.accuse(world.node('s').identity, last);
});

function answer(): Uint8Array {
  return subject.heartbeat({ rebuts: [accusation.id] }).bytes;
}

describe('an answer to an accusation', () => {
  it('counts though newer heartbeats of its sender came first', () => {
    const late = answer();
    fromSubject.record('heartbeat', subject.heartbeat().bytes);
    fromAccuser.record('accusation', accusation);
    expect(world.peer('a', 's')).toMatchObject({ state: 'suspect', reason: 'accused' });
    fromAccuser.record('heartbeat', late);
    expect(world.peer('a', 's')).toMatchObject({ state: 'alive', seq: 3 });
    fromAccuser.record('accusation', accusation);
    expect(world.peer('a', 's').state).toBe('alive');
  });

  it('that comes late is no sign of life', () => {
    const late = answer();
    fromSubject.record('heartbeat', subject.heartbeat().bytes);
    world.run(2_000);
    const before = world.peer('a', 's').lastHeartbeatAgoMs;
    fromSubject.record('heartbeat', late);
    expect(world.peer('a', 's').lastHeartbeatAgoMs).toBe(before);
    world.run(5_000);
    expect(world.peer('a', 's').state).not.toBe('alive');
  });

  it('does not count by another key', () => {
    const forger = new HostileMember(world, 's');
    [forger.epoch, forger.seq, forger.prev] = [subject.epoch, subject.seq, subject.prev];
    const forged = forger.heartbeat({ rebuts: [accusation.id] }, { signer: accuser.identity.key }).bytes;
    subject.heartbeat();
    fromSubject.record('heartbeat', subject.heartbeat().bytes);
    fromAccuser.record('accusation', accusation);
    fromAccuser.record('heartbeat', forged);
    expect(world.peer('a', 's').reason).toBe('accused');
  });

  it('is passed on once, and not when it says nothing new', () => {
    const other = new HostileMember(world, 'x');
    const listener = other.link('a');
    listener.record('epoch-start', other.epochStart().bytes);
    const [old, newest] = [answer(), answer()];
    fromSubject.record('heartbeat', newest);
    fromSubject.record('heartbeat', old);
    fromSubject.record('heartbeat', newest);
    const passedOn = listener.records('heartbeat').map(idOf);
    expect(passedOn.filter((id) => id === idOf(newest))).toHaveLength(1);
    expect(passedOn).not.toContain(idOf(old));
  });
});

function idOf(bytes: Uint8Array): string {
  return toHex(testCrypto.sha256(bytes));
}
