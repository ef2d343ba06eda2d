import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeCbor, type CborValue } from '../../src/codec/index.ts';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/io/index.ts';
import { encodeFrame, encodeMessage, HELLO_TIMEOUT_MS, MAX_FRAME_BYTES } from '../../src/link/index.ts';
import { attackedCluster, HONEST } from '../support/attack/attack-cluster.ts';
import { memoryMiB, openFiles, shownLines } from '../support/attack/gauge.ts';
import type { Attacker } from '../support/attack/attacker.ts';
import { callSocket } from '../support/ca-process.ts';
import type { Peer } from '../support/cluster.ts';
import { testCrypto } from '../support/crypto.ts';

/*
 * Members with valid keys who try to take a node's memory, descriptors, processor or log; and what is left of one that
 * is revoked in the end.
 */

const attacked = attackedCluster({ log: 'info' });
const VICTIM = 'alpha';
/** What a node may have in memory at most, whatever it is sent; idle it has about 110. */
const MAX_MEMORY_MIB = 512;
/** Different codes that one attack may put into the log, and lines of one code: each kind once a minute. */
const MAX_LINES_OF_A_CODE = 40;
const FLOOD_MS = 12_000;
const HALF_OPEN = 10_000;
const ADDRESSES = 20;
/** Between hundreds of half-open connections, which are to overlap without filling the queue of the listener. */
const HALF_OPEN_PACE_MS = 30;
const SLACK_MS = 20_000;
/** Connections that a node may keep beyond what it had: those that are being made just then. */
const SLACK_FILES = 16;

/** `attack` leaves the victim within its bounds, and everybody alive to everybody else, throughout. */
async function bounded(attack: () => Promise<void>): Promise<void> {
  const node = attacked().cluster.node(VICTIM);
  const [files, before] = [await openFiles(node), shownLines(node)];
  const attacking = { over: false };
  const watching = (async () => {
    while (!attacking.over) {
      attacked().expectNoWrongDeath();
      await sleep(200);
    }
  })();
  await Promise.all([attack().finally(() => (attacking.over = true)), watching]);
  await attacked().calm();
  expect(await memoryMiB(node, 'VmHWM')).toBeLessThan(MAX_MEMORY_MIB);
  await attacked().eventually(async () => {
    const open = await openFiles(node);
    return open <= files + SLACK_FILES ? [] : [`${open} descriptors are open, ${files} were`];
  }, HANDSHAKE_TIMEOUT_MS + SLACK_MS);
  for (const [code, lines] of shownLines(node)) {
    expect([code, Math.max(0, lines - (before.get(code) ?? 0) - MAX_LINES_OF_A_CODE)]).toEqual([code, 0]);
  }
}

/** Sends what `messages` make as fast as the node takes it, on link after link, for a while; answers how many links. */
async function flood(attacker: Attacker, ms: number, message: (n: number) => Uint8Array): Promise<number> {
  const end = performance.now() + ms;
  let links = 0;
  let n = 0;
  while (performance.now() < end) {
    const link = attacker.dial(attacked().target(VICTIM));
    links += 1;
    if (!(await link.settled())) continue;
    while (!link.isClosed && performance.now() < end) {
      for (let i = 0; i < 100; i++) link.raw(message(n++));
      await Promise.race([link.drained(), sleep(1_000)]);
      await sleep(0);
    }
    link.destroy();
  }
  return links;
}

/** `attack` has the attacker's only links with the victim: of two at a time the node would keep one of its choice. */
async function alone(attacker: Attacker, attack: () => Promise<void>): Promise<void> {
  attacker.isPersistent = false;
  attacker.links.get(VICTIM)?.destroy();
  await sleep(200);
  await attack().finally(() => (attacker.isPersistent = true));
}

describe('a member that floods', () => {
  it('with accusations that are all good, link after link, does not keep its victim from being heard', async () => {
    const { first } = attacked();
    await bounded(() =>
      alone(first, async () => {
        const links = await flood(first, FLOOD_MS, () => {
          const bytes = first.accuse(attacked().victim(VICTIM)) ?? new Uint8Array(1);
          return encodeMessage({ kind: 'record', type: 'accusation', bytes });
        });
        expect(links).toBeGreaterThan(1);
      }),
    );
    expect(shownLines(attacked().cluster.node(VICTIM)).get('LS_MESH_FLOOD')).toBeGreaterThan(0);
  });

  it('with what was said before, which costs it nothing, neither', async () => {
    const { first, loot } = attacked();
    const said = loot.records().map(({ type, bytes }) => encodeMessage({ kind: 'record', type, bytes }));
    const downs = encodeMessage({
      kind: 'digest',
      ids: Array.from({ length: 1_024 }, () => new Uint8Array(16)),
    });
    await bounded(() =>
      alone(first, async () => {
        await flood(first, FLOOD_MS / 2, (n) => (n % 50 === 0 ? downs : (said[n % said.length] ?? downs)));
      }),
    );
  });
});

describe('a member that sends garbage', () => {
  it('as frames without end, random bytes and random values is cut each time', async () => {
    const { first } = attacked();
    const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));
    const long = (length: number): Uint8Array => {
      const head = new Uint8Array(4_000);
      new DataView(head.buffer).setUint32(0, length);
      return head;
    };
    const values: readonly CborValue[] = [
      [],
      0,
      'x',
      [99],
      [0],
      [2, 1],
      [2, 1, random(300)],
      [8, random(3_000)],
    ];
    const deep = Array.from({ length: 60_000 }, () => 0x81);
    const makers: readonly (() => Uint8Array)[] = [
      () => long(MAX_FRAME_BYTES + 1),
      () => long(0xffffffff),
      () => long(0),
      () => random(8_000),
      () => encodeFrame(random(500)),
      () => encodeFrame(Uint8Array.from(deep)),
      ...values.map((value) => () => encodeFrame(encodeCbor(value))),
    ];
    await bounded(() =>
      alone(first, async () => {
        for (let round = 0; round < 5; round++) {
          for (const make of makers) {
            const link = first.dial(attacked().target(VICTIM));
            await link.settled();
            link.raw(make());
            await Promise.race([link.closed(), sleep(200)]);
            link.destroy();
          }
        }
        // The largest frame that is allowed, never finished, on as many links as there are.
        const hoarders = Array.from({ length: 20 }, () => first.dial(attacked().target(VICTIM)));
        for (const link of hoarders) {
          await link.settled();
          link.raw(long(MAX_FRAME_BYTES));
        }
        await sleep(1_000);
        for (const link of hoarders) link.destroy();
      }),
    );
    const lines = shownLines(attacked().cluster.node(VICTIM));
    expect(lines.get('LS_LINK_FRAME_SIZE')).toBeGreaterThan(0);
    expect(lines.get('LS_LINK_MESSAGE')).toBeGreaterThan(0);
  });
});

describe('a member that opens connections', () => {
  it(`${HALF_OPEN} of them, half of the way through TLS, from many addresses: each is closed in time`, async () => {
    const { port } = attacked().target(VICTIM);
    const node = attacked().cluster.node(VICTIM);
    let most = 0;
    await bounded(async () => {
      const halves: Socket[] = [];
      for (let n = 0; halves.length < HALF_OPEN; n++) {
        for (let i = 0; i < 100; i++) halves.push(halfOpen(port, `127.77.0.${1 + (i % ADDRESSES)}`));
        await sleep(HALF_OPEN_PACE_MS);
        most = Math.max(most, await openFiles(node));
      }
      await attacked().eventually(async () => {
        const open = await openFiles(node);
        return open < 200 ? [] : [`${open} descriptors`];
      }, HANDSHAKE_TIMEOUT_MS + SLACK_MS);
      for (const half of halves) half.destroy();
    });
    expect(most).toBeGreaterThan(200);
  });

  it('and finishes TLS, and says nothing, on hundreds of them', async () => {
    const { first } = attacked();
    await bounded(async () => {
      for (let round = 0; round < 3; round++) {
        const links = Array.from({ length: 100 }, () =>
          first.dial(attacked().target(VICTIM), { greets: false }),
        );
        const allClosed = Promise.all(links.map((link) => link.closed()));
        await Promise.race([allClosed, sleep(HELLO_TIMEOUT_MS + SLACK_MS)]);
        expect(links.filter(({ isClosed }) => isClosed).length).toBeGreaterThan(90);
        for (const link of links) link.destroy();
      }
    });
  });

  it('and reads nothing of what it asks for', async () => {
    const { first } = attacked();
    await bounded(() =>
      alone(first, async () => {
        const end = performance.now() + FLOOD_MS;
        while (performance.now() < end) {
          const link = first.dial(attacked().target(VICTIM), { reads: false });
          const ids = first.loot.records().map(({ bytes }) => testCrypto.sha256(bytes).slice(0, 16));
          await sleep(500);
          while (!link.isClosed && performance.now() < end) {
            // All that it holds, and that it holds it, as often as it may be asked.
            for (let i = 0; i < 50; i++) link.send({ kind: 'want', ids: ids.slice(-1_024) });
            for (let i = 0; i < 50; i++) link.send({ kind: 'ping', token: i });
            await sleep(400);
          }
          link.destroy();
        }
      }),
    );
  });
});

describe('a member that is revoked in the end', () => {
  it('is cut at every node, refused when it comes back, and its word counts no more', async () => {
    const { cluster, first, attackers } = attacked();
    await attacked().reconnected(VICTIM);
    const others = HONEST.filter((name) => name !== 'foxtrot');
    const sessions = [...first.links.values()].map((link) => link.session ?? link.socket.getSession());
    attacked().mourn('foxtrot');
    await cluster.node('foxtrot').kill('SIGSTOP');
    for (const attacker of attackers) {
      const bytes = attacker.accuse(attacked().victim('foxtrot'));
      if (bytes !== undefined) attacker.tell('accusation', bytes, 'foxtrot');
    }
    await attacked().eventually(async () => {
      const accusers = await Promise.all(others.map((name) => attacked().accusersOf('foxtrot', name)));
      return accusers.every((names) => names.includes(first.name)) ? [] : accusers;
    });
    const links = others.map((name) => first.links.get(name));
    first.isPersistent = false;
    const { json } = await callSocket(cluster.caHome, 'POST', `/v1/nodes/${first.name}/revoke`, {});
    expect(json).toMatchObject({ name: first.name });
    const isRevoked = (peer: Peer | undefined): boolean => peer?.state === 'revoked';
    await cluster.until(others, [first.name], isRevoked);
    for (const link of links) {
      await attacked().eventually(() =>
        link?.isClosed === true ? [] : [`the link with ${link?.target ?? ''}`],
      );
      expect(link?.bye).toBe('LS_TRUST_REVOKED');
    }
    for (const name of others) expect(await attacked().accusersOf('foxtrot', name)).not.toContain(first.name);
    await cluster.until(others, ['foxtrot'], (peer) => peer?.state === 'down');
    for (const name of others) expect(await attacked().accusersOf('foxtrot', name)).not.toContain(first.name);
    await cluster.node('foxtrot').kill('SIGCONT');
    await cluster.until(HONEST, HONEST, (peer) => peer?.state === 'alive');
    await cluster.until(HONEST, [first.name], isRevoked);
    attacked().returned('foxtrot');

    for (const [i, target] of attacked().targets.entries()) {
      const session = sessions[i];
      const tls = session === undefined ? {} : { session };
      for (const link of [first.dial(target), first.dial(target, { tls })]) {
        await link.closed();
        expect([link.bye, link.hasResumed]).toEqual(['LS_TRUST_REVOKED', false]);
      }
    }
    await attacked().under(4_000, 250, () => {
      for (const attacker of attackers.filter((one) => one !== first)) {
        for (const name of HONEST) {
          const bytes = first.accuse(attacked().victim(name));
          if (bytes !== undefined) attacker.tell('accusation', bytes, name);
        }
        attacker.tell('epoch-start', first.epochStart({ epoch: first.epoch + 1 }).bytes);
      }
    });
    await cluster.until(HONEST, [first.name], isRevoked);
    for (const name of HONEST) {
      for (const subject of HONEST.filter((one) => one !== name)) {
        expect(await attacked().accusersOf(subject, name)).not.toContain(first.name);
      }
    }
    await attacked().calm();
  });
});

/** A caller that sends the head of a TLS record and no more. */
function halfOpen(port: number, localAddress: string): Socket {
  const socket = connectTcp({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  socket.on('connect', () => socket.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01)));
  socket.resume();
  return socket;
}
