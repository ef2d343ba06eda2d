import { describe, expect, it } from 'vitest';
import {
  AFTERMATH_MS,
  infiltrate,
  Invariants,
  InvariantViolation,
  TRICKS,
  World,
  type Promised,
  type SimCrypto,
  type Trick,
} from '../../src/sim/index.ts';
import { simulatorWith } from '../support/patched-core.ts';
import { hashedCrypto } from '../support/sim-crypto.ts';
import type { Simulator } from '../support/sim-seeds.ts';

/*
 * Would the suite notice? Each test plants one bug of a kind that real systems had, outside the product's code: in the
 * crypto port, or in a copy of the core. The same story with the sound core breaks no promise.
 */

const OWN: Simulator = await import('../../src/sim/index.ts');

/** The promise that a story breaks; undefined when it breaks none. */
function brokenBy(story: () => void): Promised | undefined {
  try {
    story();
    return undefined;
  } catch (cause) {
    // That of a patched simulator is another class with the same name.
    if (cause instanceof Error && cause.name === 'InvariantViolation' && 'promise' in cause) {
      return cause.promise as Promised;
    }
    throw cause;
  }
}

/** Five members, the last of which does nothing but one trick. */
function withTrick(
  name: string,
  crypto: SimCrypto,
  life: (world: World) => void,
  by: Simulator = OWN,
): Promised | undefined {
  return brokenBy(() => {
    const world = new by.World({ seed: 4, nodes: 5, crypto });
    by.infiltrate(
      world,
      1,
      by.TRICKS.filter((make) => make().name === name),
    );
    const invariants = new by.Invariants(world);
    expect(invariants).toBeDefined();
    world.startAll();
    world.run(1_500);
    life(world);
  });
}

/** A correct member stalls again and again, each time for less than anybody may accuse it for. */
function stalls(world: World): void {
  for (let i = 0; i < 4; i++) {
    world.freeze(world.node(1));
    world.run(1_100);
    world.thaw(world.node(1));
    world.run(900);
  }
}

/** One dies and comes back, and its old death is long over when nothing else goes wrong. */
function comesBack(world: World): void {
  world.crash(world.node(0));
  world.run(1_500);
  world.start(world.node(0));
  world.run(AFTERMATH_MS + 1_000);
}

describe('an accusation whose signature is not checked', { timeout: 60_000 }, () => {
  const crypto = (): SimCrypto => {
    const sound = hashedCrypto();
    const isAccusation = (message: Uint8Array): boolean =>
      Buffer.from(message).includes('lifesign/v1/accusation');
    const verify: SimCrypto['port']['verify'] = (algorithm, spki, message, signature) =>
      isAccusation(message) || sound.port.verify(algorithm, spki, message, signature);
    return { ...sound, port: { ...sound.port, verify } };
  };

  it('lets an impostor kill', () => {
    expect(withTrick('impersonate', hashedCrypto(), stalls)).toBeUndefined();
    expect(withTrick('impersonate', crypto(), stalls)).toBe('P3-no-false-death');
  });
});

describe('a signature that any key may have made', { timeout: 60_000 }, () => {
  const crypto = (): SimCrypto => {
    const sound = hashedCrypto();
    const keys: Uint8Array[] = [];
    return {
      newKey: () => {
        const key = sound.newKey();
        keys.push(key.spki);
        return key;
      },
      port: {
        ...sound.port,
        verify: (algorithm, _, message, signature) =>
          keys.some((spki) => sound.port.verify(algorithm, spki, message, signature)),
      },
    };
  };

  it('lets an impostor speak for others', () => {
    expect(withTrick('impersonate', crypto(), stalls)).toBe('P1-no-impostor');
  });
});

describe('an epoch that is not compared', { timeout: 60_000 }, () => {
  it('lets old deaths be told again', async () => {
    const by = await simulatorWith([
      {
        file: 'mesh/accusations.ts',
        text: 'if (known !== epoch) return',
        instead: 'if (known === undefined) return',
      },
    ]);
    expect(withTrick('replay', hashedCrypto(), comesBack)).toBeUndefined();
    expect(withTrick('replay', hashedCrypto(), comesBack, by)).toBe('P3-no-false-death');
  });
});

describe('a revocation', { timeout: 60_000 }, () => {
  const story = (by: Simulator): Promised | undefined =>
    brokenBy(() => {
      const world = new by.World({ seed: 4, nodes: 4, crypto: hashedCrypto() });
      const invariants = new by.Invariants(world);
      world.startAll();
      world.run(3_000);
      world.revoke(world.node(3));
      invariants.revoked(world.node(3));
      world.run(3_000);
    });

  it('that does not reach live links is seen', async () => {
    const by = await simulatorWith([
      {
        file: 'mesh/revocations.ts',
        text: 'this.#links.rejudge((link) => {',
        instead: '[].forEach((link) => {',
      },
    ]);
    expect(story(OWN)).toBeUndefined();
    expect(story(by)).toBe('P2-no-zombie');
  });

  it('that changes no verdict is seen', async () => {
    const by = await simulatorWith([
      {
        file: 'trust/revocation/status.ts',
        text: 'if (entry === undefined) continue;',
        instead: 'if (entry !== undefined || entry === undefined) continue;',
      },
    ]);
    expect(story(by)).toBe('P2-no-zombie');
  });
});

describe('a violation', { timeout: 60_000 }, () => {
  it('says where and when, and what led to it', () => {
    const world = new World({ seed: 9, nodes: 3, crypto: hashedCrypto() });
    const invariants = new Invariants(world);
    world.startAll();
    world.run(1_000);
    const [node, subject] = [world.node(0), world.node(1)];
    const transition = {
      nodeId: subject.nodeId,
      name: subject.identity.name,
      epoch: 1,
      from: 'alive',
      to: 'left',
      reason: 'left',
      flags: [],
      at: world.wall,
    } as const;
    try {
      invariants.changed(node, transition);
      expect.unreachable();
    } catch (cause) {
      expect(cause).toBeInstanceOf(InvariantViolation);
      const violation = cause as InvariantViolation;
      expect(violation).toMatchObject({ promise: 'P1-no-impostor', seed: 9, at: 1_000, node: 'n0' });
      expect(violation.message).toContain('n0 sees n1 go unknown → alive');
    }
  });
});

describe('every trick', { timeout: 60_000 }, () => {
  it.each(TRICKS.map((make) => make().name))('“%s” harms nobody correct', (name) => {
    expect(withTrick(name, hashedCrypto(), stalls)).toBeUndefined();
  });

  it('is something that an adversary does', () => {
    const tricks: readonly Trick[] = TRICKS.map((make) => make());
    for (const { everyMs, act, bend } of tricks) {
      expect(act !== undefined || bend !== undefined).toBe(true);
      expect(everyMs).toBeGreaterThan(0);
    }
    const world = new World({ seed: 1, nodes: 5, crypto: hashedCrypto() });
    expect(infiltrate(world, 2)).toHaveLength(2);
    expect(world.nodes.filter(({ isHostile }) => isHostile)).toHaveLength(2);
  });
});
