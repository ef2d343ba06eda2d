import { beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../../../src/mesh/assemble.ts';
import type { Core } from '../../../src/mesh/core.ts';
import { Dialer, MAX_ADDRESSES_PER_PEER } from '../../../src/mesh/dialer.ts';
import { monoMs, type NodeId } from '../../../src/std/index.ts';
import { rosterOf } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';

let world: MeshWorld;
let core: Core;
let dialer: Dialer;
/** A peer with a lower id than ours, which dials us first, and one with a higher, which we dial first. */
let lower: NodeId | undefined;
let higher: NodeId | undefined;

const nobody = (): boolean => false;

beforeEach(() => {
  world = new MeshWorld(['a', 'b', 'c']);
  const [first, second, third] = [...world.nodes.values()].sort((x, y) =>
    x.identity.nodeId < y.identity.nodeId ? -1 : 1,
  );
  core = assemble(world.optionsOf(second?.name ?? ''));
  core.table.applyRoster(rosterOf(world), core.now.mono);
  dialer = new Dialer(core);
  [lower, higher] = [first?.identity.nodeId, third?.identity.nodeId];
});

function at(ms: number): void {
  core.now = { ...core.now, mono: monoMs(ms) };
}

function dials(isLinked: (nodeId: NodeId) => boolean = nobody): readonly string[] {
  dialer.dialDue(isLinked);
  return core.out.drain().flatMap((effect) => (effect.kind === 'dial' ? [effect.address] : []));
}

function peer(nodeId: NodeId | undefined): NodeId {
  if (nodeId === undefined) throw new Error('no such peer');
  return nodeId;
}

describe('Dialer', () => {
  it('dials whom it has a higher claim to at once, and leaves the others a moment to dial us', () => {
    dialer.hint({ nodeId: peer(higher), address: 'high:1' });
    dialer.hint({ nodeId: peer(lower), address: 'low:1' });
    expect(dials()).toEqual(['high:1']);
    at(core.config.dialGraceMs - 1);
    expect(dials()).toEqual([]);
    expect(dialer.nextDeadline(nobody)).toBe(core.config.dialGraceMs);
    at(core.config.dialGraceMs);
    expect(dials()).toEqual(['low:1']);
  });

  it('never dials itself, strangers, those who are linked, or without an address', () => {
    dialer.hint({ nodeId: core.own.nodeId, address: 'own:1' });
    dialer.hint({ nodeId: world.pki.node('x').nodeId, address: 'stranger:1' });
    dialer.signedAddresses(peer(lower), []);
    dialer.hint({ nodeId: peer(higher), address: 'high:1' });
    at(10_000);
    expect(dials((nodeId) => nodeId === higher)).toEqual([]);
    expect(dialer.nextDeadline((nodeId) => nodeId === higher)).toBeUndefined();
  });

  it.each(['removed', 'revoked'] as const)('does not dial one that the roster lists as %s', (state) => {
    dialer.hint({ nodeId: peer(higher), address: 'high:1' });
    const member = core.table.get(peer(higher));
    if (member !== undefined) member.roster = state;
    expect(dials()).toEqual([]);
  });

  it('believes a peer’s own addresses before any hint, takes turns among them, and keeps a few at most', () => {
    dialer.hint({ nodeId: peer(higher), address: 'hint:1' });
    const many = Array.from({ length: MAX_ADDRESSES_PER_PEER + 1 }, (_, i) => `own-${String(i)}:1`);
    dialer.signedAddresses(peer(higher), many);
    const tried = new Set<string>();
    for (let i = 0; i < 20; i++) {
      for (const address of dials()) tried.add(address);
      dialer.failed(peer(higher), false);
      at((i + 1) * 10_000);
    }
    expect([...tried].sort()).toEqual(many.slice(0, MAX_ADDRESSES_PER_PEER));
  });

  it('waits longer after every failure, up to a bound, and starts over once it was through', () => {
    dialer.hint({ nodeId: peer(higher), address: 'high:1' });
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      dials();
      dialer.failed(peer(higher), true);
      const next = dialer.nextDeadline(nobody) ?? 0;
      pauses.push(next - core.now.mono);
      at(next);
    }
    const { redialMinMs, redialMaxMs } = core.config;
    expect(pauses[0]).toBeLessThanOrEqual(2 * redialMinMs * 1.25);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(redialMaxMs * 1.25);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(redialMaxMs * 0.75);
    dialer.reached(peer(higher));
    dialer.ended(peer(higher));
    expect((dialer.nextDeadline(nobody) ?? 0) - core.now.mono).toBeLessThanOrEqual(2 * redialMinMs * 1.25);
  });

  it('takes a refusal for a death only after an abrupt loss', () => {
    dialer.hint({ nodeId: peer(higher), address: 'high:1' });
    expect(dialer.failed(peer(higher), true)).toBe(false);
    dialer.reached(peer(higher));
    dialer.lost(peer(higher));
    expect(dialer.nextDeadline(nobody)).toBe(core.now.mono);
    expect(dialer.failed(peer(higher), false)).toBe(false);
    expect(dialer.failed(peer(higher), true)).toBe(true);
    dialer.reached(peer(higher));
    dialer.ended(peer(higher));
    expect(dialer.failed(peer(higher), true)).toBe(false);
  });

  it('does not dial again while an answer may still come', () => {
    dialer.hint({ nodeId: peer(higher), address: 'high:1' });
    expect(dials()).toHaveLength(1);
    at(9_000);
    expect(dials()).toEqual([]);
    at(11_000);
    expect(dials()).toHaveLength(1);
  });
});
