import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TestCluster } from '../support/cluster.ts';
import { clusterForAll } from '../support/cluster-suite.ts';

const ALL = ['alpha', 'bravo', 'charlie'] as const;
const NODE = 'alpha';
const LIMIT_MS = 60_000;

describe('a node that runs', () => {
  const cluster = clusterForAll(ALL);
  const yaml = (): string => join(cluster().home(NODE), 'node.yaml');

  it('takes another interval and detector by reload and by SIGHUP, without a new epoch', async () => {
    const epoch = (await cluster().peer('bravo', NODE))?.epoch;
    await cluster().configure(NODE, (text) =>
      text.replace(/interval_ms: 1000/, 'interval_ms: 250\ndetector:\n  floor_intervals: 4'),
    );
    const reloaded = await cluster().ask(NODE, 'node', 'reload');
    expect(reloaded, reloaded.stderr).toMatchObject({ code: 0 });
    const changed = [
      { key: 'interval_ms', from: 1000, to: 250 },
      { key: 'detector.floor_intervals', from: 2.5, to: 4 },
    ];
    const said = JSON.parse(reloaded.stdout) as { changed: unknown[]; restart: unknown[] };
    expect(said.changed).toHaveLength(2);
    expect(said).toMatchObject({ changed: expect.arrayContaining(changed) as unknown, restart: [] });
    const before = await seqOf(cluster());
    await cluster().until(['bravo'], [NODE], (peer) => (peer?.seq ?? 0) > before + 12, LIMIT_MS);

    await cluster().configure(NODE, (text) => text.replace('interval_ms: 250', 'interval_ms: 300'));
    process.kill(cluster().node(NODE).pid, 'SIGHUP');
    await cluster()
      .node(NODE)
      .errorLine(/"key":"interval_ms","from":250,"to":300/, LIMIT_MS);
    await cluster().until(ALL, ALL, (peer) => peer?.state === 'alive', LIMIT_MS);
    expect((await cluster().peer('bravo', NODE))?.epoch).toBe(epoch);
  });

  it('refuses a bad file with its code and keeps what it had', async () => {
    const good = await readFile(yaml(), 'utf8');
    for (const [text, code] of [
      [good.replace('floor_intervals', 'flor_intervals'), 'LS_CONFIG_UNKNOWN_KEY'],
      [good.replace('floor_intervals: 4', 'floor_intervals: 11'), 'LS_CONFIG_INVALID'],
      [good.replace('interval_ms: 300', 'interval_ms: 10001'), 'LS_NODE_INTERVAL'],
    ] as const) {
      await writeFile(yaml(), text);
      const refused = await cluster().ask(NODE, 'node', 'reload');
      expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining(code) as string });
    }
    await writeFile(yaml(), good);
    const again = await cluster().ask(NODE, 'node', 'reload');
    expect(JSON.parse(again.stdout)).toEqual({ changed: [], restart: [] });
  });

  it('does not start with an interval that the roster does not allow, nor with a variable that sets no key', async () => {
    await cluster().node(NODE).kill('SIGTERM');
    const good = await readFile(yaml(), 'utf8');
    await writeFile(yaml(), good.replace('interval_ms: 300', 'interval_ms: 10001'));
    const wrong = await cluster().ask(NODE, 'node', 'run');
    expect(wrong).toMatchObject({ code: 3, stderr: expect.stringContaining('LS_NODE_INTERVAL') as string });
    await writeFile(yaml(), good);
    cluster().env['LIFESIGN_NODE_INTERVAL'] = '500';
    const typo = await cluster().ask(NODE, 'node', 'run');
    delete cluster().env['LIFESIGN_NODE_INTERVAL'];
    expect(typo).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('did you mean LIFESIGN_NODE_INTERVAL_MS?') as string,
    });
    await cluster().run(NODE, { LIFESIGN_NODE_INTERVAL_MS: '500' });
    await cluster().until(ALL, ALL, (peer) => peer?.state === 'alive', LIMIT_MS);
  });
});

async function seqOf(cluster: TestCluster): Promise<number> {
  return (await cluster.peer('bravo', NODE))?.seq ?? 0;
}
