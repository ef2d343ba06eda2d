import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectIgnored, expectRefused } from '../../support/expect-refused.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld, successorOf } from '../../support/mesh-world.ts';
import { makeTestPki } from '../../support/pki.ts';

let world: MeshWorld;
let mallory: HostileMember;
let link: HostileLink;

function start(): void {
  world = new MeshWorld(['a', 'b', 'm']);
  world.start('a');
  world.start('b');
  mallory = new HostileMember(world, 'm');
  world.run(1_500);
  link = mallory.link('a');
  link.record('epoch-start', mallory.epochStart(3).bytes);
  link.record('heartbeat', mallory.heartbeat().bytes);
}

describe('an epoch-start', () => {
  beforeAll(start);

  it('is refused with a certificate of another CA', () => {
    const forger = new HostileMember(
      world,
      makeTestPki().node('b', { nodeId: world.node('b').identity.nodeId }),
    );
    expectRefused(world, 'a', 'LS_TRUST_UNKNOWN_ISSUER', () => {
      link.record('epoch-start', forger.epochStart(9).bytes);
    });
  });

  it('is refused with a certificate that is not a node’s', () => {
    const forger = new HostileMember(world, world.pki.operator('b'));
    expectRefused(world, 'a', 'LS_TRUST_WRONG_ROLE', () => {
      link.record('epoch-start', forger.epochStart(9).bytes);
    });
  });

  it('is refused in another’s name: with its chain, but mallory’s key', () => {
    const victim = world.node('b').identity;
    const forged = mallory.epochStart(9, { certId: victim.certId, chain: victim.chain });
    expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
      link.record('epoch-start', forged.bytes);
    });
  });

  it('is refused when it names another certificate than its chain', () => {
    const { certId } = world.node('b').identity;
    expectRefused(world, 'a', 'LS_RECORD_WRONG_SIGNER', () => {
      link.record('epoch-start', new HostileMember(world, 'm').epochStart(9, { certId }).bytes);
    });
  });

  it('is refused for an epoch that is over', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_OLD_EPOCH', () => {
      link.record('epoch-start', new HostileMember(world, 'm').epochStart(2).bytes);
    });
  });

  it('of a second process in the same epoch is refused and reported as a clone', () => {
    const clone = new HostileMember(world, 'm').epochStart(3, { nonce: new Uint8Array(8).fill(99) });
    expectRefused(world, 'a', 'LS_MESH_CLONE', () => {
      link.record('epoch-start', clone.bytes);
    });
    expect(world.codes('a', ['warn'])).toContain('LS_MESH_CLONE');
  });

  it('of a node that is not in the roster is refused', () => {
    const outsider = new HostileMember(world, world.pki.node('outsider'));
    expectRefused(world, 'a', 'LS_MESH_NOT_MEMBER', () => {
      link.record('epoch-start', outsider.epochStart().bytes);
    });
  });

  it('with a new key for a known node is refused without a statement of the old key', () => {
    const rekeyed = world.pki.node('m', { nodeId: mallory.identity.nodeId });
    expectRefused(world, 'a', 'LS_MESH_SUCCESSION', () => {
      link.record('epoch-start', new HostileMember(world, rekeyed).epochStart(9).bytes);
    });
  });

  it('with a new key is refused with somebody else’s statement', () => {
    const { identity } = mallory;
    const rekeyed = world.pki.node('b', { nodeId: world.node('b').identity.nodeId });
    const succession = [successorOf(identity, rekeyed, world.pki.domainId)];
    expectRefused(world, 'a', 'LS_MESH_SUCCESSION', () => {
      link.record('epoch-start', new HostileMember(world, rekeyed).epochStart(9, { succession }).bytes);
    });
  });

  it('brought again is ignored', () => {
    const [bytes = new Uint8Array()] = link.records('epoch-start');
    expectIgnored(world, 'a', () => {
      link.record('epoch-start', bytes);
    });
  });
});

describe('what a restarted node remembers', () => {
  beforeEach(() => {
    start();
    world.run(50);
    // Nobody is left who could tell it: all it knows is on its own disk.
    world.kill('b');
    world.kill('a');
    world.start('a');
    world.run(200);
    link = mallory.link('a');
  });

  it('refuses a replay of a lower epoch', () => {
    expectRefused(world, 'a', 'LS_HEARTBEAT_OLD_EPOCH', () => {
      link.record('epoch-start', new HostileMember(world, 'm').epochStart(2).bytes);
    });
  });

  it('refuses a new key for a node it has met, and takes it with the old key’s statement', () => {
    const old = mallory.identity;
    const rekeyed = world.pki.node('m', { nodeId: old.nodeId });
    const heir = new HostileMember(world, rekeyed);
    expectRefused(world, 'a', 'LS_MESH_SUCCESSION', () => {
      link.record('epoch-start', heir.epochStart(9).bytes);
    });
    const succession = [successorOf(old, rekeyed, world.pki.domainId)];
    link.record('epoch-start', heir.epochStart(9, { succession }).bytes);
    link.record('heartbeat', heir.heartbeat().bytes);
    expect(world.peer('a', 'm')).toMatchObject({ alive: true, epoch: 9, serial: rekeyed.serial });
  });

  it('follows several statements to a key it has never seen', () => {
    const keys = [mallory.identity];
    const { nodeId } = mallory.identity;
    for (let i = 0; i < 3; i++) keys.push(world.pki.node('m', { nodeId }));
    const succession = keys.slice(1).map((next, i) => successorOf(keys[i] ?? next, next, world.pki.domainId));
    const heir = new HostileMember(world, keys.at(-1) ?? mallory.identity);
    link.record('epoch-start', heir.epochStart(9, { succession: succession.slice(1) }).bytes);
    expect(world.peer('a', 'm').epoch).not.toBe(9);
    link.record('epoch-start', heir.epochStart(9, { succession }).bytes);
    expect(world.peer('a', 'm').epoch).toBe(9);
  });
});

describe('a node’s own words coming back', () => {
  const ghost = (fields: Parameters<HostileMember['epochStart']>[1] = {}, epoch = 5): Uint8Array =>
    new HostileMember(world, 'a').epochStart(epoch, fields).bytes;

  beforeEach(() => {
    world = new MeshWorld(['a', 'b', 'm']);
    world.start('a');
    world.start('b');
    mallory = new HostileMember(world, 'm');
  });

  it('of a higher epoch mean a lost disk while it boots: it goes above them', () => {
    world.run(500);
    link = mallory.link('a');
    link.record('epoch-start', ghost());
    world.run(200);
    expect(world.status('a').epoch).toBe(6);
    expect(world.node('a').persisted.epoch).toBe(6);
    expect(world.codes('a')).toEqual([]);
    world.run(3_000);
    expect(world.peer('b', 'a')).toMatchObject({ alive: true, epoch: 6 });
  });

  it('of several epochs, shown while it starts the next, are all exceeded', () => {
    world.run(500);
    link = mallory.link('a');
    for (const epoch of [5, 9, 7]) link.record('epoch-start', ghost({}, epoch));
    world.run(200);
    expect(world.status('a').epoch).toBe(10);
  });

  it('under another boot nonce later on mean a clone: it stops', () => {
    world.run(6_000);
    link = mallory.link('a');
    link.record('epoch-start', ghost({}, 1));
    expect(world.node('a').stopped?.fault?.code).toBe('LS_SELF_CLONE');
  });

  it('with a number it has not used mean a clone', () => {
    world.run(6_000);
    const twin = new HostileMember(world, 'a');
    link = mallory.link('a');
    link.record('heartbeat', twin.heartbeat({ seq: 500 }).bytes);
    expect(world.node('a').stopped?.fault?.code).toBe('LS_SELF_CLONE');
  });

  it('of an epoch that is over mean nothing', () => {
    world.kill('a');
    world.run(500);
    world.start('a');
    world.run(6_000);
    expect(world.status('a').epoch).toBe(2);
    link = mallory.link('a');
    expectIgnored(world, 'a', () => {
      link.record('epoch-start', ghost({}, 1));
      link.record('heartbeat', new HostileMember(world, 'a').heartbeat({ epoch: 1, seq: 999 }).bytes);
    });
  });

  it('forged by another member mean nothing', () => {
    world.run(6_000);
    link = mallory.link('a');
    const { certId } = world.node('a').identity;
    expectRefused(world, 'a', 'LS_RECORD_SIGNATURE', () => {
      link.record('heartbeat', mallory.heartbeat({ certId, epoch: 9 }).bytes);
    });
    expect(world.node('a').stopped).toBeUndefined();
  });
});

describe('a node that lost its disk', () => {
  it('comes back above the epoch that its peers show it', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(1_000);
    for (let i = 0; i < 4; i++) {
      world.kill('c');
      world.start('c');
      world.run(500);
    }
    expect(world.status('c').epoch).toBe(5);
    world.kill('c');
    const node = world.node('c');
    node.persisted = { ...node.persisted, epoch: 0, pins: [] };
    world.start('c');
    world.run(5_000);
    expect(world.status('c').epoch).toBe(6);
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, epoch: 6 });
    expect(world.node('c').stopped).toBeUndefined();
  });
});

describe('two processes with one identity and disk', () => {
  it('do not both live: after the boot window one stops and says why', () => {
    world = new MeshWorld(['a', 'b', 'c']);
    world.startAll();
    world.run(10_000);
    const copy = world.enroll('copy', world.node('c').identity);
    copy.persisted = { ...world.node('c').persisted };
    world.start('copy');
    world.run(20_000);
    const stopped = ['c', 'copy'].filter((name) => world.node(name).core === undefined);
    expect(stopped).toHaveLength(1);
    const [name = ''] = stopped;
    expect(world.node(name).stopped?.fault?.code).toBe('LS_SELF_CLONE');
    const survivor = name === 'c' ? 'copy' : 'c';
    world.run(10_000);
    expect(world.peer('a', 'c')).toMatchObject({ alive: true, epoch: world.status(survivor).epoch });
  });
});
