import { beforeEach, describe, expect, it } from 'vitest';
import { proveKey } from '../../../src/heartbeat/index.ts';
import { MAX_KEY_CHANGES_PER_EPOCH } from '../../../src/mesh/limits.ts';
import { unixMs } from '../../../src/std/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { expectRefused } from '../../support/expect-refused.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld, successorOf } from '../../support/mesh-world.ts';
import { makeTestPki, type TestIdentity } from '../../support/pki.ts';

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;
let next: TestIdentity;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'c', 'm']);
  for (const name of ['a', 'b', 'c']) world.start(name);
  mallory = new HostileMember(world, 'm');
  world.run(1_500);
  link = mallory.link('a');
  link.record('epoch-start', mallory.epochStart().bytes);
  link.record('heartbeat', mallory.heartbeat().bytes);
  next = world.pki.node('m', { nodeId: mallory.identity.nodeId });
});

describe('a renewal', () => {
  it('keeps everyone alive without a single change of state', () => {
    const before = ['a', 'b'].map(
      (name) => world.node(name).transitions.filter(({ name: who }) => who === 'c').length,
    );
    const old = world.node('c').identity;
    const renewed = world.renew('c');
    world.run(5_000);
    for (const name of ['a', 'b']) {
      expect(world.peer(name, 'c')).toMatchObject({ alive: true, epoch: 2, serial: renewed.serial });
      expect(world.entries(name, 'key-change')).toHaveLength(1);
      expect(world.codes(name)).toEqual([]);
    }
    const after = ['a', 'b'].map(
      (name) => world.node(name).transitions.filter(({ name: who }) => who === 'c').length,
    );
    expect(after).toEqual(before);
    const ghost = new HostileMember(world, old);
    link = mallory.link('a');
    expectRefused(world, 'a', 'LS_MESH_OLD_CERTIFICATE', () => {
      link.record('heartbeat', ghost.heartbeat({ seq: 9_000 }).bytes);
    });
  });

  it('holds over a restart, and a node that was away learns of it', () => {
    world.kill('b');
    const renewed = world.renew('c');
    world.run(500);
    world.start('b');
    world.run(3_000);
    expect(world.peer('b', 'c')).toMatchObject({ alive: true, serial: renewed.serial });
    world.kill('c');
    world.start('c');
    world.run(4_000);
    for (const name of ['a', 'b']) {
      expect(world.peer(name, 'c')).toMatchObject({ alive: true, epoch: 3, serial: renewed.serial });
    }
  });

  it('is followed by a member that heard it and starts again', () => {
    const renewed = world.renew('c');
    world.run(2_000);
    for (const name of ['a', 'b']) {
      world.kill(name);
      world.run(100);
      world.start(name);
      world.run(4_000);
      expect(world.peer(name, 'c')).toMatchObject({ alive: true, serial: renewed.serial });
    }
  });

  it('is followed by a member that starts when the certificate before it has run out', () => {
    const { pki } = world;
    const { nodeId } = world.node('c').identity;
    world.renew('c', pki.node('c', { nodeId, notAfter: unixMs(world.now.wall + 6_000) }));
    world.run(1_000);
    const renewed = world.renew('c');
    world.kill('b');
    world.run(8_000);
    world.start('b');
    world.run(4_000);
    expect(world.peer('b', 'c')).toMatchObject({ alive: true, serial: renewed.serial });
  });

  it('on a slow disk, which heartbeats overtake, loses nobody', () => {
    world.node('c').disk = 'slow';
    world.run(2_000);
    const renewed = world.renew('c');
    world.run(12_000);
    for (const name of ['a', 'b']) {
      expect(world.peer(name, 'c')).toMatchObject({ alive: true, serial: renewed.serial });
      const lost = world
        .node(name)
        .transitions.filter((change) => change.name === 'c' && change.to === 'down');
      expect(lost).toEqual([]);
    }
  });

  it('that cannot be logged waits with the old key until there is room', () => {
    const old = world.node('c').identity;
    world.node('c').disk = 'full';
    const renewed = world.renew('c');
    world.run(4_000);
    expect(world.node('c').stopped).toBeUndefined();
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, flags: ['unlogged'], serial: old.serial });
    world.node('c').disk = 'good';
    world.run(4_000);
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, epoch: 2, serial: renewed.serial });
  });

  it('with a certificate that is not good, or another’s, changes nothing', () => {
    const wrong = [
      world.pki.node('c', { ...world.pki.faults.expired, nodeId: world.node('c').identity.nodeId }),
      world.pki.node('c'),
      makeTestPki().node('c', { nodeId: world.node('c').identity.nodeId }),
    ];
    for (const identity of wrong) {
      const node = world.node('c');
      const successor = successorOf(node.identity, identity, world.pki.domainId);
      expectRefused(world, 'c', 'LS_SELF_CERTIFICATE', () => {
        world.feed(node, { kind: 'renewed', chain: identity.chain, signer: identity.key, successor });
      });
    }
  });

  it('of many in a row loses nobody', () => {
    for (let i = 0; i <= MAX_KEY_CHANGES_PER_EPOCH; i++) {
      world.renew('c');
      world.run(20);
    }
    world.run(3_000);
    const { epoch } = world.status('c');
    expect(epoch).toBeGreaterThan(2);
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, epoch });
  });
});

describe('a key-change of a member', () => {
  const refuse = (code: Parameters<typeof expectRefused>[2], bytes: Uint8Array): void => {
    expectRefused(world, 'a', code, () => {
      link.record('key-change', bytes);
    });
  };

  it('counts when old key, new key and CA agree', () => {
    link.record('key-change', mallory.keyChange(next).bytes);
    link.record('heartbeat', mallory.heartbeat().bytes);
    expect(world.peer('a', 'm')).toMatchObject({ alive: true, serial: next.serial, seq: 3 });
  });

  it('is refused without the new key’s proof', () => {
    refuse('LS_RECORD_KEY_PROOF', mallory.keyChange(next, { proof: new Uint8Array(64).fill(1) }).bytes);
    const { domainId } = world.pki;
    const place = { domainId, nodeId: mallory.identity.nodeId, epoch: 1, seq: 77 };
    refuse(
      'LS_RECORD_KEY_PROOF',
      mallory.keyChange(next, { proof: proveKey(next.key, place, testCrypto) }).bytes,
    );
  });

  it('is refused with the certificate of another node', () => {
    refuse('LS_MESH_KEY_CHANGE_SUBJECT', mallory.keyChange(world.node('b').identity).bytes);
  });

  it('is refused with a certificate of another CA', () => {
    const forged = makeTestPki().node('m', { nodeId: mallory.identity.nodeId });
    refuse('LS_TRUST_UNKNOWN_ISSUER', mallory.keyChange(forged).bytes);
  });

  it('is refused with a certificate that is not valid', () => {
    const expired = world.pki.node('m', { ...world.pki.faults.expired, nodeId: mallory.identity.nodeId });
    refuse('LS_TRUST_EXPIRED', mallory.keyChange(expired).bytes);
  });

  it('is refused when the new key signed it', () => {
    refuse('LS_RECORD_SIGNATURE', mallory.keyChange(next, {}, { signer: next.key }).bytes);
    refuse(
      'LS_MESH_UNKNOWN_CERTIFICATE',
      mallory.keyChange(next, { certId: next.certId }, { signer: next.key }).bytes,
    );
  });

  it('is refused with a successor statement over another key, or of another node', () => {
    const { domainId } = world.pki;
    const other = world.pki.node('m', { nodeId: mallory.identity.nodeId });
    const over = successorOf(mallory.identity, other, domainId);
    refuse('LS_RECORD_SUCCESSOR', mallory.keyChange(next, { successor: over }).bytes);
    const foreign = successorOf(world.node('b').identity, next, domainId);
    refuse('LS_RECORD_WRONG_SIGNER', mallory.keyChange(next, { successor: foreign }).bytes);
  });

  it('is refused with a number that was used, or that does not continue', () => {
    refuse('LS_HEARTBEAT_FORK', mallory.keyChange(next, { seq: 1 }).bytes);
    refuse('LS_HEARTBEAT_FORK', mallory.keyChange(next, { prev: new Uint8Array(32) }).bytes);
    refuse('LS_HEARTBEAT_UNKNOWN_EPOCH', mallory.keyChange(next, { epoch: 2 }).bytes);
  });

  it('is refused when there were too many in one epoch', () => {
    for (let i = 0; i < MAX_KEY_CHANGES_PER_EPOCH; i++) {
      link.record('key-change', mallory.keyChange(next).bytes);
      next = world.pki.node('m', { nodeId: mallory.identity.nodeId });
    }
    world.run(1_000);
    expect(world.entries('a', 'key-change')).toHaveLength(MAX_KEY_CHANGES_PER_EPOCH);
    refuse('LS_MESH_TOO_MANY_KEYS', mallory.keyChange(next).bytes);
  });

  it('ends what the old key may say', () => {
    const old = new HostileMember(world, mallory.identity);
    link.record('key-change', mallory.keyChange(next).bytes);
    expectRefused(world, 'a', 'LS_MESH_OLD_CERTIFICATE', () => {
      link.record('heartbeat', old.heartbeat({ seq: 99 }).bytes);
    });
    expectRefused(world, 'a', 'LS_MESH_OLD_CERTIFICATE', () => {
      link.record('key-change', old.keyChange(next, { seq: 99 }).bytes);
    });
    link.record('heartbeat', mallory.heartbeat().bytes);
    expect(world.peer('a', 'm')).toMatchObject({ alive: true, seq: 3 });
  });
});
