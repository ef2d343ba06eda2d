import { describe, expect, it } from 'vitest';
import type { TestCluster } from '../support/cluster.ts';
import { clusterForAll } from '../support/cluster-suite.ts';

const ALL = ['alpha', 'bravo', 'charlie'] as const;
const OTHERS = ['alpha', 'bravo'] as const;
const SUBJECT = 'charlie';
const LIMIT_MS = 60_000;

describe('a node that its operator works on', () => {
  const cluster = clusterForAll(ALL);

  it('stays alive with a flag that all see, also over a restart and while it is stopped', async () => {
    expect(await put(cluster(), 'maintenance', 'on')).toEqual({ maintenance: true, draining: false });
    expect(await put(cluster(), 'maintenance', 'on')).toEqual({ maintenance: true, draining: false });
    await flagged(cluster(), ['maintenance'], 'alive');
    expect((await cluster().status(SUBJECT))?.flags).toEqual(['maintenance']);

    await cluster().node(SUBJECT).kill('SIGKILL');
    await flagged(cluster(), ['maintenance'], 'down');
    expect(await put(cluster(), 'drain', 'on')).toEqual({ maintenance: true, draining: true });
    await cluster().run(SUBJECT);
    await flagged(cluster(), ['maintenance', 'draining'], 'alive');

    expect(await put(cluster(), 'maintenance', 'off')).toEqual({ maintenance: false, draining: true });
    expect(await put(cluster(), 'drain', 'off')).toEqual({ maintenance: false, draining: false });
    await flagged(cluster(), [], 'alive');
    const events = (await cluster().ask('alpha', 'mesh', 'events')).stdout.trim().split('\n');
    const told = events
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ peer, from, to }) => peer === SUBJECT && from === to)
      .map(({ reason, flags }) => ({ reason, flags }));
    expect(told).toEqual([
      { reason: 'maintenance-on', flags: ['maintenance'] },
      { reason: 'draining-on', flags: ['maintenance', 'draining'] },
      { reason: 'maintenance-off', flags: ['draining'] },
      { reason: 'draining-off', flags: [] },
    ]);
  });

  it('is not put into a mode by other words, nor in a home that is none', async () => {
    expect(await cluster().ask(SUBJECT, 'node', 'drain', 'yes')).toMatchObject({ code: 3 });
    expect(await cluster().ask('nobody', 'node', 'drain', 'on')).not.toMatchObject({ code: 0 });
  });
});

async function put(cluster: TestCluster, mode: string, to: string): Promise<unknown> {
  const ended = await cluster.ask(SUBJECT, 'node', mode, to);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return JSON.parse(ended.stdout);
}

async function flagged(cluster: TestCluster, flags: readonly string[], state: string): Promise<void> {
  const isSo = (peer?: { readonly state: string; readonly flags: readonly string[] }): boolean =>
    peer?.state === state && peer.flags.join() === flags.join();
  await cluster.until(OTHERS, [SUBJECT], isSo, LIMIT_MS);
}
