import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Log } from '../../../src/app/log.ts';
import { ownIntervalFault, Reloader } from '../../../src/app/node/reloader.ts';
import { nodeHome, readNodeSettings } from '../../../src/app/node-config.ts';
import type { CoreConfig } from '../../../src/mesh/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MINIMAL = {
  name: 'n1',
  node_id: '0a'.repeat(16),
  trust_domain: 'mesh.internal',
  domain_id: '0b'.repeat(32),
  ca: { urls: ['https://ca.example:8440'] },
};
const BOUNDS = { minMs: 200, maxMs: 10_000 };

async function running() {
  const home = await tempDir();
  const write = (change: object): Promise<void> =>
    writeFile(nodeHome(home).config, stringify({ ...MINIMAL, ...change }));
  await write({});
  const applied: CoreConfig[] = [];
  const lines: string[] = [];
  const log = {
    info: (what: object) => lines.push(`info ${JSON.stringify(what)}`),
    warn: (what: object) => lines.push(`warn ${JSON.stringify(what)}`),
    error: (what: object) => lines.push(`error ${JSON.stringify(what)}`),
  };
  const read = () => readNodeSettings(home, {});
  const reloader = new Reloader({
    read,
    bounds: () => BOUNDS,
    apply: (config) => applied.push(config),
    log: log as unknown as Log,
    settings: (await read()).settings,
  });
  return { reloader, write, applied, lines };
}

describe('an interval', () => {
  it.each([BOUNDS.minMs, BOUNDS.maxMs])('of %i ms is within the bounds of the roster', (intervalMs) => {
    expect(ownIntervalFault(intervalMs, BOUNDS)).toBeUndefined();
  });

  it.each([BOUNDS.minMs - 1, BOUNDS.maxMs + 1])('of %i ms is not', (intervalMs) => {
    expect(ownIntervalFault(intervalMs, BOUNDS)?.code).toBe('LS_NODE_INTERVAL');
    expect(ownIntervalFault(intervalMs, undefined)).toBeUndefined();
  });
});

describe('a reload', () => {
  it('applies what can be changed, once, and says what waits for a restart each time', async () => {
    const { reloader, write, applied, lines } = await running();
    await write({ interval_ms: 500, detector: { floor_intervals: 3 }, listen: '127.0.0.1:9' });
    const changed = [
      { key: 'interval_ms', from: 1_000, to: 500 },
      { key: 'detector.floor_intervals', from: 2.5, to: 3 },
    ];
    const restart = [{ key: 'listen', from: '127.0.0.1:8450', to: '127.0.0.1:9' }];
    const first = await reloader.reload();
    expect(first.restart).toEqual(restart);
    expect(first.changed).toHaveLength(changed.length);
    expect(first.changed).toEqual(expect.arrayContaining(changed));
    expect(applied).toHaveLength(1);
    expect(applied[0]).toMatchObject({ intervalMs: 500, judgement: { detector: { floorIntervals: 3 } } });
    for (const change of changed) expect(lines).toContain(`info ${JSON.stringify(change)}`);
    expect(lines).toContain(`warn ${JSON.stringify(restart[0])}`);
    expect(await reloader.reload()).toEqual({ changed: [], restart });
    expect(applied).toHaveLength(1);
  });

  it.each([
    ['an unknown key', { intervall_ms: 500 }, 'LS_CONFIG_UNKNOWN_KEY'],
    ['a number out of range', { interval_ms: 500, detector: { floor_intervals: 1 } }, 'LS_CONFIG_INVALID'],
    ['an interval below the roster’s bounds', { interval_ms: BOUNDS.minMs - 1 }, 'LS_NODE_INTERVAL'],
    ['an interval above the roster’s bounds', { interval_ms: BOUNDS.maxMs + 1 }, 'LS_NODE_INTERVAL'],
  ])('refuses a file with %s, and keeps every value', async (_what, change, code) => {
    const { reloader, write, applied, lines } = await running();
    await write(change);
    await expect(reloader.reload()).rejects.toMatchObject({ code });
    await reloader.reloadOnSignal();
    expect(lines.at(-1)).toContain(`"code":"${code}"`);
    expect(applied).toEqual([]);
    await write({ interval_ms: 700 });
    expect((await reloader.reload()).changed).toEqual([{ key: 'interval_ms', from: 1_000, to: 700 }]);
  });

  it('goes back to defaults for what is no longer in the file; two at a time are one after the other', async () => {
    const { reloader, write, applied } = await running();
    await write({ recovery: { delay_ms: 9_000 } });
    const [first, second] = await Promise.all([reloader.reload(), reloader.reload()]);
    expect([first.changed.length, second.changed.length]).toEqual([1, 0]);
    await write({});
    expect((await reloader.reload()).changed).toEqual([{ key: 'recovery.delay_ms', from: 9_000, to: 1_000 }]);
    expect(applied.at(-1)?.judgement.recovery.delayMs).toBe(1_000);
  });
});
