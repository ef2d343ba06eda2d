import { expect } from 'vitest';
import type { FaultCode } from '../../src/std/index.ts';
import type { MeshWorld } from './mesh-world.ts';

/** Everything an attack could change in a node: what it shows, stores, logs and says to others. */
export function stateOf(world: MeshWorld, name: string): unknown {
  const node = world.node(name);
  const said = node.effects.filter((effect) => effect.kind !== 'report' && effect.kind !== 'wake');
  return {
    status: world.status(name),
    persisted: node.persisted,
    ledger: node.ledger.length,
    transitions: node.transitions.length,
    effects: said.length,
  };
}

/** Codes that `name` reported at any level while `action` ran. */
export function codesDuring(world: MeshWorld, name: string, action: () => void): readonly FaultCode[] {
  const { reports } = world.node(name);
  const before = reports.length;
  action();
  return reports.slice(before).map((report) => report.fault.code);
}

/** The node reports `code` and nothing else about it has changed: no state, no ledger entry, no byte sent. */
export function expectRefused(world: MeshWorld, name: string, code: FaultCode, action: () => void): void {
  const before = stateOf(world, name);
  expect(codesDuring(world, name, action)).toContain(code);
  expect(stateOf(world, name)).toEqual(before);
}

/** Nothing happens at all: the node has seen it before, and it is no news. */
export function expectIgnored(world: MeshWorld, name: string, action: () => void): void {
  const before = stateOf(world, name);
  expect(codesDuring(world, name, action)).toEqual([]);
  expect(stateOf(world, name)).toEqual(before);
}
