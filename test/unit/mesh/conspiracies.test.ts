import { describe, expect, it } from 'vitest';
import { decodeHeartbeat } from '../../../src/heartbeat/index.ts';
import { decodeAccusation, encodeDownCertificate, type Accusation } from '../../../src/membership/index.ts';
import { unixMs } from '../../../src/std/index.ts';
import { HostileMember, type HostileLink } from '../../support/hostile-member.ts';
import { MeshWorld } from '../../support/mesh-world.ts';
import { valueOf } from '../../support/result.ts';

/*
 * At most H − 1 members with valid keys do all the harm they can for a while. Whatever they do, nobody who is alive
 * and can be reached is called dead by anyone correct, and whoever is accused answers.
 */

/** One hostile member with a link to every correct node, on which it hears and says everything. */
class Conspirator {
  readonly member: HostileMember;
  readonly links = new Map<string, HostileLink>();
  readonly #world: MeshWorld;
  readonly #listened = new Map<HostileLink, number>();

  constructor(world: MeshWorld, name: string, correct: readonly string[]) {
    this.#world = world;
    this.member = new HostileMember(world, name);
    const start = this.member.epochStart().bytes;
    for (const target of correct) {
      const link = this.member.link(target);
      link.record('epoch-start', start);
      this.links.set(target, link);
    }
  }

  beat(): void {
    const { bytes } = this.member.heartbeat();
    for (const link of this.links.values()) link.record('heartbeat', bytes);
  }

  /** The newest heartbeat of its own that `name` has sent us; it passes on others' answers too. */
  lastOf(name: string): Accusation['last'] {
    const { certId } = this.#world.node(name).identity;
    const heard = this.links.get(name)?.records('heartbeat') ?? [];
    const own = heard.findLast((bytes) => valueOf(decodeHeartbeat(bytes)).body.certId === certId);
    return { type: 'heartbeat', bytes: own ?? new Uint8Array() };
  }

  accuse(name: string, fields: Partial<Accusation> = {}): Uint8Array {
    const subject = this.#world.node(name).identity;
    return this.member.accuse(subject, this.lastOf(name), fields);
  }

  /** Tells everyone but the subject, which would answer. */
  tell(bytes: Uint8Array, subject: string): void {
    for (const [target, link] of this.links) if (target !== subject) link.record('accusation', bytes);
  }

  tellDown(certificate: Uint8Array, subject: string): void {
    for (const [target, link] of this.links) {
      if (target !== subject) link.send({ kind: 'down', certificate });
    }
  }

  /** Accusations that correct nodes have made since we last listened, as they came over our links. */
  overheard(gang: readonly Conspirator[]): readonly Overheard[] {
    const ours = gang.map(({ member }) => member.identity.certId);
    const fresh = [...this.links.values()].flatMap((link) => {
      const all = link.records('accusation');
      const known = this.#listened.get(link) ?? 0;
      this.#listened.set(link, all.length);
      return all.slice(known);
    });
    return fresh
      .map((bytes) => ({ bytes, body: valueOf(decodeAccusation(bytes)).body }))
      .filter(({ body }) => !ours.includes(body.certId));
  }
}

interface Overheard {
  readonly bytes: Uint8Array;
  readonly body: Accusation;
}

function answersOf(world: MeshWorld, name: string): number {
  return world
    .entries(name, 'heartbeat-sent')
    .filter(({ record }) => valueOf(decodeHeartbeat(record)).body.rebuts !== null).length;
}

function expectNobodyDead(world: MeshWorld, correct: readonly string[]): void {
  const ids = correct.map((name) => world.node(name).identity.nodeId);
  for (const name of correct) {
    const harmed = world
      .node(name)
      .transitions.filter(
        ({ nodeId, to, from }) => ids.includes(nodeId) && from !== 'unknown' && to !== 'alive',
      )
      .filter(({ to }) => to !== 'suspect');
    expect(harmed, `${name} called somebody dead`).toEqual([]);
    expect(world.status(name).quorate, `${name} is quorate`).toBe(true);
    expect(world.status(name).epoch).toBe(1);
  }
}

/** Every round all conspirators accuse everyone, afresh and with old words, and collect what they have into deaths. */
function conspire(
  world: MeshWorld,
  correct: readonly string[],
  hostile: readonly string[],
  rounds: number,
): void {
  const gang = hostile.map((name) => new Conspirator(world, name, correct));
  const [leader] = gang;
  const real: Overheard[] = [];
  for (let round = 0; round < rounds; round++) {
    world.run(50);
    if (round % 10 === 0) for (const each of gang) each.beat();
    real.push(...(leader?.overheard(gang) ?? []));
    for (const victim of correct) {
      const accusations = gang.map((each) => each.accuse(victim, { tMs: unixMs(1_000 + round) }));
      for (const [i, each] of gang.entries()) each.tell(accusations[i] ?? new Uint8Array(), victim);
      const { nodeId } = world.node(victim).identity;
      const against = real.filter(({ body }) => body.subject === nodeId);
      // The newest real one, and one that was answered long ago.
      for (const one of [against.at(-1), against[round % Math.max(1, against.length)]]) {
        if (one === undefined) continue;
        leader?.tell(one.bytes, victim);
        const { rosterNumber } = world;
        const parts = { subject: nodeId, epoch: 1, rosterNumber, accusations: [...accusations, one.bytes] };
        leader?.tellDown(encodeDownCertificate(parts), victim);
      }
    }
  }
}

describe('a conspiracy', () => {
  it('of one among three, accusing all the time, kills nobody and takes no quorum', () => {
    const world = new MeshWorld(['a', 'b', 'm']);
    const correct = ['a', 'b'];
    for (const name of correct) world.start(name);
    world.run(1_200);
    conspire(world, correct, ['m'], 30);
    expectNobodyDead(world, correct);
    for (const name of correct) expect(answersOf(world, name)).toBeGreaterThan(10);
    expect(world.entries('a', 'accusation').length).toBeGreaterThan(10);
  });

  it('of H − 1 among five kills nobody, though two correct ones cannot hear each other', () => {
    const world = new MeshWorld(['a', 'b', 'c', 'm', 'n']);
    const correct = ['a', 'b', 'c'];
    for (const name of correct) world.start(name);
    world.run(1_200);
    world.block('a', 'b');
    world.run(2_300);
    conspire(world, correct, ['m', 'n'], 24);
    expect(world.accusedBy('a')).toContain('b');
    expect(world.accusedBy('b')).toContain('a');
    expectNobodyDead(world, correct);
    for (const name of correct) expect(answersOf(world, name)).toBeGreaterThan(10);
  });

  it('of H − 1 with an old roster in which fewer were enough kills nobody', () => {
    const world = new MeshWorld(['a', 'b', 'c', 'm', 'n']);
    const correct = ['a', 'b', 'c'];
    world.publishRoster({}, [], { k: 4, h: 2 });
    for (const name of correct) world.start(name);
    world.run(1_200);
    world.publishRoster({}, correct, { k: 4, h: 3 });
    const gang = ['m', 'n'].map((name) => new Conspirator(world, name, correct));
    for (const each of gang) each.beat();
    const weak = world.rosterNumber - 1;
    const accusations = gang.map((each) => each.accuse('b', { rosterNumber: weak }));
    const subject = world.node('b').identity.nodeId;
    const certificate = encodeDownCertificate({ subject, epoch: 1, rosterNumber: weak, accusations });
    for (const [i, each] of gang.entries()) {
      each.tell(accusations[i] ?? new Uint8Array(), 'b');
      each.tellDown(certificate, 'b');
    }
    world.run(1_000);
    expectNobodyDead(world, correct);
    expect(world.codes('a', ['debug'])).toContain('LS_DOWN_CERTIFICATE_TOO_FEW');
  });

  it('of one who accuses everybody at once takes the quorum from nobody, not for a moment', () => {
    const world = new MeshWorld(['a', 'b', 'c', 'm']);
    const correct = ['a', 'b', 'c'];
    for (const name of correct) world.start(name);
    world.run(1_200);
    const mallory = new Conspirator(world, 'm', correct);
    mallory.beat();
    for (let round = 0; round < 20; round++) {
      for (const victim of correct) mallory.tell(mallory.accuse(victim, { tMs: unixMs(1 + round) }), victim);
      for (const name of correct) expect(world.status(name).quorate).toBe(true);
      world.run(50);
    }
  });

  it('of silence, by K − H observers, keeps no dead node alive', () => {
    const world = new MeshWorld(['a', 'b', 'c', 'd', 'm']);
    const correct = ['a', 'b', 'c', 'd'];
    for (const name of correct) world.start(name);
    world.run(1_200);
    const silent = new Conspirator(world, 'm', correct);
    silent.beat();
    world.kill('d');
    for (let i = 0; i < 3; i++) {
      world.run(500);
      for (const name of ['a', 'b', 'c'])
        silent.links.get(name)?.record('heartbeat', silent.member.heartbeat().bytes);
    }
    for (const name of ['a', 'b', 'c']) expect(world.peer(name, 'd').state).toBe('down');
  });

  it('that vouches for a dead node with its old heartbeats keeps it alive nowhere', () => {
    const world = new MeshWorld(['a', 'b', 'c', 'd', 'm']);
    const correct = ['a', 'b', 'c', 'd'];
    for (const name of correct) world.start(name);
    world.run(1_200);
    const liar = new Conspirator(world, 'm', correct);
    liar.beat();
    world.run(2_000);
    const old = liar.links.get('d')?.records('heartbeat') ?? [];
    liar.beat();
    world.kill('d');
    for (let i = 0; i < 30; i++) {
      world.run(100);
      for (const bytes of old)
        for (const name of ['a', 'b', 'c']) liar.links.get(name)?.record('heartbeat', bytes);
    }
    for (const name of ['a', 'b', 'c']) expect(world.peer(name, 'd').alive).toBe(false);
  });
});
