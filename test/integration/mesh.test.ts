import { describe, expect, it } from 'vitest';
import type { Peer, TestCluster } from '../support/cluster.ts';
import { clusterForAll } from '../support/cluster-suite.ts';

const ALL = ['alpha', 'bravo', 'charlie'] as const;
const OTHERS = ['alpha', 'bravo'] as const;
const VICTIM = 'charlie';
/** On an idle machine everything here takes a second or two. */
const LIMIT_MS = 60_000;

describe('three nodes', () => {
  const cluster = clusterForAll(ALL);

  it('count each other alive, in their first epoch, by their own heartbeats', async () => {
    await allAlive(cluster());
    for (const name of ALL) {
      const status = await cluster().status(name);
      expect(status).toMatchObject({ self: name, state: 'active', quorate: true });
      expect(status?.peers.map((peer) => peer.name)).toEqual(ALL.filter((other) => other !== name).sort());
      for (const peer of status?.peers ?? []) {
        expect(peer).toMatchObject({ alive: true, state: 'alive', reason: 'heard' });
        expect(peer.serial).toMatch(/^[0-9a-f]{32}$/);
      }
    }
  });

  it('know the address of members that came after them, which node check goes through', async () => {
    const checked = await cluster().ask('alpha', 'node', 'check');
    expect(checked.code).toBe(0);
    for (const name of ['bravo', VICTIM]) {
      expect(checked.stdout).toContain(`${cluster().address(name)} and this node accept`);
    }
    await allAlive(cluster());
  });

  it('see one that was killed as down, and after a restart as alive in a higher epoch', async () => {
    const before = await epochOf(cluster());
    await cluster().node(VICTIM).kill('SIGKILL');
    await seen(cluster(), (peer) => peer?.state === 'down');
    expect(await cluster().peer('alpha', VICTIM)).toMatchObject({ alive: false, reason: 'down-certificate' });
    await cluster().run(VICTIM);
    await allAlive(cluster());
    expect(await epochOf(cluster())).toBeGreaterThan(before);
  });

  it('see one that is frozen as down, and thawed as alive again by itself', async () => {
    const before = await epochOf(cluster());
    await cluster().node(VICTIM).kill('SIGSTOP');
    await seen(cluster(), (peer) => peer?.state === 'down');
    await cluster().node(VICTIM).kill('SIGCONT');
    await allAlive(cluster());
    expect(await epochOf(cluster())).toBeGreaterThan(before);
    await cluster()
      .node(VICTIM)
      .errorLine(/LS_MESH_DECLARED_DOWN/);
  });

  it('see one that was told to leave as left, never as down', async () => {
    const left = await cluster().ask(VICTIM, 'node', 'leave', '--reason', 'kernel update');
    expect(left.code).toBe(0);
    expect((await cluster().node(VICTIM).ended).code).toBe(0);
    await expectLeft(cluster());
  });

  it('see one that got SIGTERM as left, never as down', async () => {
    const ended = await cluster().node(VICTIM).kill('SIGTERM');
    expect(ended?.code).toBe(143);
    await expectLeft(cluster());
  });

  it('are asked about by mesh status, explain and events', async () => {
    await allAlive(cluster());
    const status = await cluster().ask('alpha', 'mesh', 'status');
    expect(status.code).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ self: 'alpha', quorate: true });
    const explained = await cluster().ask('alpha', 'mesh', 'explain', VICTIM);
    expect(explained.code).toBe(0);
    expect(JSON.parse(explained.stdout)).toMatchObject({
      peer: { name: VICTIM, state: 'alive' },
      roster: { state: 'active' },
      certificate: { verdict: 'good' },
      link: { up: true },
      accusations: [],
      accusationsNeeded: 2,
      downCertificate: false,
      inquorate: false,
    });
    const unknown = await cluster().ask('alpha', 'mesh', 'explain', 'nobody');
    expect(unknown).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('LS_NODE_UNKNOWN_PEER') as string,
    });
    const events = await cluster().ask('alpha', 'mesh', 'events');
    expect(events.code).toBe(0);
    const seenOf = transitions(events.stdout).filter(({ peer }) => peer === VICTIM);
    expect(seenOf.at(-1)).toMatchObject({ to: 'alive', reason: 'heard' });
    expect(seenOf.map(({ to }) => to)).toEqual(expect.arrayContaining(['down', 'left']));
    for (const { t } of seenOf) expect(new Date(t).toISOString()).toBe(t);
  });

  it('answer mesh status --require with the exit code', async () => {
    await allAlive(cluster());
    expect(await required(cluster(), VICTIM)).toBe(0);
    expect(await required(cluster(), 'alpha')).toBe(0);
    expect(await required(cluster(), 'quorate')).toBe(0);
    expect(await required(cluster(), 'nobody')).toBe(3);
    await cluster().node(VICTIM).kill('SIGKILL');
    await seen(cluster(), (peer) => peer?.state === 'down');
    expect(await required(cluster(), VICTIM)).toBe(1);
    expect(await required(cluster(), 'quorate')).toBe(0);
    expect((await cluster().ask(VICTIM, 'mesh', 'status')).code).toBe(4);
    await cluster().run(VICTIM);
    await allAlive(cluster());
  });

  it('judge nobody when only one of them is left', async () => {
    await allAlive(cluster());
    await Promise.all(['bravo', VICTIM].map((name) => cluster().node(name).kill('SIGKILL')));
    const isUnjudged = (peer: Peer | undefined): boolean => peer?.reason === 'inquorate';
    await cluster().until(['alpha'], ['bravo', VICTIM], isUnjudged, LIMIT_MS);
    expect(await cluster().peer('alpha', VICTIM)).toMatchObject({ alive: false, state: 'unknown' });
    expect(await required(cluster(), 'quorate')).toBe(1);
    await Promise.all(['bravo', VICTIM].map((name) => cluster().run(name)));
    await allAlive(cluster());
    expect(await required(cluster(), 'quorate')).toBe(0);
  });
});

interface Transition {
  readonly t: string;
  readonly peer: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

async function expectLeft(cluster: TestCluster): Promise<void> {
  await seen(cluster, (peer) => peer?.state === 'left');
  for (const observer of OTHERS) {
    const events = transitions((await cluster.ask(observer, 'mesh', 'events')).stdout);
    const last = events.filter(({ peer }) => peer === VICTIM).at(-1);
    expect(last).toMatchObject({ from: 'alive', to: 'left', reason: 'left' });
  }
  await cluster.run(VICTIM);
  await allAlive(cluster);
}

async function allAlive(cluster: TestCluster): Promise<void> {
  await cluster.until(ALL, ALL, (peer) => peer?.state === 'alive', LIMIT_MS);
}

async function seen(cluster: TestCluster, expected: (peer: Peer | undefined) => boolean): Promise<void> {
  await cluster.until(OTHERS, [VICTIM], expected, LIMIT_MS);
}

async function epochOf(cluster: TestCluster): Promise<number> {
  return (await cluster.peer('alpha', VICTIM))?.epoch ?? 0;
}

async function required(cluster: TestCluster, what: string): Promise<number | null> {
  return (await cluster.ask('alpha', 'mesh', 'status', '--require', what)).code;
}

function transitions(lines: string): readonly Transition[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Transition);
}
