import { beforeEach, describe, expect, it } from 'vitest';
import { signEdgeVerdicts, type EdgeVerdicts } from '../../../src/membership/index.ts';
import type { Matrix } from '../../../src/mesh/index.ts';
import { REPORTS_BURST } from '../../../src/mesh/reachability.ts';
import type { NodeId, Signer } from '../../../src/std/index.ts';
import { testCrypto } from '../../support/crypto.ts';
import { HostileMember } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { otherDomain } from '../../support/record-samples.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

let world: MeshWorld;

beforeEach(() => {
  world = new MeshWorld([...NAMES, 'm']);
  for (const name of NAMES) world.start(name);
  world.run(3_000);
});

const idOf = (name: string): NodeId => world.node(name).identity.nodeId;

function matrixOf(name: string): Matrix {
  const { core } = world.node(name);
  if (core === undefined) throw new Error(`${name} does not run`);
  return core.matrix(world.now);
}

/** What `observer` is said to hear of `subject`, as `name` was told. */
function cell(name: string, observer: string, subject: string): string | undefined {
  const found = matrixOf(name).members.find((member) => member.name === subject);
  return found?.observers.find((each) => each.name === observer)?.hears;
}

describe('the matrix', () => {
  it('says of a whole mesh that all hear all', () => {
    for (const name of NAMES) {
      expect(matrixOf(name).silentEdges).toBe(0);
      for (const observer of NAMES)
        for (const subject of NAMES)
          if (observer !== subject) expect(cell(name, observer, subject)).toBe('heard');
    }
    expect(cell('a', 'm', 'b')).toBe('unknown');
    expect(cell('a', 'b', 'm')).toBe('unknown');
  });

  it('shows at all a pair that is cut off from each other, warns once, and forgets it when it is healed', () => {
    world.block('a', 'b');
    world.run(10_000);
    for (const name of NAMES) {
      expect(cell(name, 'a', 'b'), name).toBe('silent');
      expect(cell(name, 'b', 'a'), name).toBe('silent');
      expect(cell(name, 'c', 'a'), name).toBe('heard');
      expect(matrixOf(name).silentEdges, name).toBe(2);
      expect(world.codes(name).filter((code) => code === 'LS_MESH_PARTIAL_PARTITION')).toHaveLength(1);
      for (const other of NAMES) if (other !== name) expect(world.peer(name, other).alive).toBe(true);
    }
    world.heal();
    world.run(8_000);
    for (const name of NAMES) expect(matrixOf(name).silentEdges, name).toBe(0);
  });

  it('is told to who comes later', () => {
    world.block('a', 'b');
    world.run(8_000);
    world.kill('e');
    world.run(3_000);
    world.start('e');
    world.run(8_000);
    expect(cell('e', 'a', 'b')).toBe('silent');
  });

  it('says nothing of the dead: that is no pair', () => {
    world.kill('c');
    world.run(8_000);
    expect(matrixOf('a').silentEdges).toBe(0);
    expect(cell('a', 'b', 'c')).toBe('unknown');
    // Others have its place.
    expect(cell('a', 'c', 'b')).toBeUndefined();
    expect(world.codes('a')).not.toContain('LS_MESH_PARTIAL_PARTITION');
  });
});

describe('a report', () => {
  let mallory: HostileMember;
  let link: ReturnType<HostileMember['link']>;

  beforeEach(() => {
    mallory = new HostileMember(world, 'm');
    link = mallory.link('a');
    link.record('epoch-start', mallory.epochStart(1).bytes);
    world.run(50);
    const heartbeat = mallory.heartbeat().bytes;
    for (const each of [link, mallory.link('d')]) each.record('heartbeat', heartbeat);
  });

  function report(
    overrides: Partial<EdgeVerdicts> = {},
    signer: Signer = mallory.identity.key,
    domainId = world.pki.domainId,
  ): Uint8Array {
    const body: EdgeVerdicts = {
      certId: mallory.identity.certId,
      epoch: 1,
      number: 1,
      tMs: world.now.wall,
      rosterNumber: world.rosterNumber,
      silent: [idOf('b')],
      ext: new Map(),
      ...overrides,
    };
    return signEdgeVerdicts(body, signer, domainId, testCrypto).bytes;
  }

  const send = (bytes: Uint8Array): void => {
    link.record('edge-verdicts', bytes);
  };

  it('is believed of its signer only, and changes no verdict', () => {
    send(report());
    world.run(100);
    expect(cell('a', 'm', 'b')).toBe('silent');
    expect(cell('d', 'm', 'b')).toBe('silent');
    expect(world.peer('d', 'b')).toMatchObject({ state: 'alive', reason: 'heard' });
    expect(cell('a', 'c', 'b')).toBe('heard');
  });

  it.each([
    ['by another key', 'LS_RECORD_SIGNATURE', () => report({}, world.node('b').identity.key)],
    [
      'in the name of another',
      'LS_RECORD_SIGNATURE',
      () => report({ certId: world.node('b').identity.certId }),
    ],
    ['for another domain', 'LS_RECORD_SIGNATURE', () => report({}, undefined, otherDomain)],
    ['of an epoch that is not its own', 'LS_MESH_EDGES_STALE', () => report({ epoch: 2 })],
  ])('%s is refused', (_, code, made) => {
    send(made());
    world.run(50);
    expect(world.codes('a', ['debug'])).toContain(code);
    for (const observer of ['m', 'b']) expect(cell('a', observer, 'b')).not.toBe('silent');
  });

  it('with one byte altered, or cut short, is refused', () => {
    const good = report();
    const altered = Uint8Array.from(good);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    send(altered);
    send(good.subarray(0, -1));
    world.run(50);
    expect(cell('a', 'm', 'b')).toBe('heard');
  });

  it('counts once and in order: an older one changes nothing', () => {
    send(report({ number: 2, silent: [] }));
    send(report({ number: 1 }));
    world.run(50);
    expect(cell('a', 'm', 'b')).toBe('heard');
    expect(world.codes('a', ['debug'])).toContain('LS_MESH_EDGES_STALE');
  });

  it('of whom it does not know, or of itself, says nothing', () => {
    const stranger = '00000000000000000000000000000001' as NodeId;
    send(report({ silent: [stranger, idOf('m')].sort() }));
    world.run(50);
    expect(matrixOf('a').silentEdges).toBe(0);
  });

  it('that comes faster than a member may is not taken, nor passed on', () => {
    for (let number = 1; number <= REPORTS_BURST + 1; number++) {
      send(report({ number, silent: number % 2 === 0 ? [idOf('b')] : [] }));
    }
    world.run(50);
    expect(world.codes('a', ['debug'])).toContain('LS_MESH_FLOOD');
    expect(cell('a', 'm', 'b')).toBe('silent');
    expect(world.node('d').core?.matrix(world.now).silentEdges).toBe(1);
  });
});
