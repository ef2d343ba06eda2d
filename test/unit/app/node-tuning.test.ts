import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import {
  coreConfigOf,
  nodeConfigSchema,
  nodeHome,
  readNodeConfig,
  readNodeSettings,
} from '../../../src/app/node-config.ts';
import {
  DEFAULT_TUNING,
  TUNING_RANGES,
  TUNING_SECTIONS,
  tuningProperties,
} from '../../../src/app/node-tuning.ts';
import { DEFAULT_CORE_CONFIG } from '../../../src/mesh/index.ts';
import { expectCode } from '../../support/expect-code.ts';
import { tempDir } from '../../support/temp-dir.ts';

const MINIMAL = {
  name: 'n1',
  node_id: '0a'.repeat(16),
  trust_domain: 'mesh.internal',
  domain_id: '0b'.repeat(32),
  ca: { urls: ['https://ca.example:8440'] },
};

interface Setting {
  readonly type: 'integer' | 'number';
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
}

const SETTINGS: readonly (readonly [string, string, Setting])[] = TUNING_SECTIONS.flatMap((section) =>
  Object.entries<Setting>(tuningProperties[section].properties).map(
    ([key, setting]) => [section, key, setting] as const,
  ),
);

async function homeWith(change: object): Promise<string> {
  const home = await tempDir();
  await writeFile(nodeHome(home).config, stringify({ ...MINIMAL, ...change }));
  return home;
}

/** Others out of the way of a value at its bound. */
function beside(section: string, key: string, value: number): object {
  const partners: Readonly<Record<string, readonly [string, 'floor' | 'ceiling']>> = {
    floor_intervals: ['ceiling_intervals', 'ceiling'],
    ceiling_intervals: ['floor_intervals', 'floor'],
    short_window_heartbeats: ['long_window_heartbeats', 'ceiling'],
    long_window_heartbeats: ['short_window_heartbeats', 'floor'],
    redial_min_ms: ['redial_max_ms', 'ceiling'],
    redial_max_ms: ['redial_min_ms', 'floor'],
  };
  const [partner = '', end] = partners[key] ?? [];
  const found = SETTINGS.find(([, name]) => name === partner)?.[2];
  if (found === undefined) return { [section]: { [key]: value } };
  return { [section]: { [key]: value, [partner]: end === 'floor' ? found.minimum : found.maximum } };
}

describe('how a node judges, in node.yaml', () => {
  it('is by default what the core does without', async () => {
    const config = await readNodeConfig(await homeWith({}), {});
    expect(config.tuning).toEqual(DEFAULT_TUNING);
    expect(coreConfigOf(config)).toEqual(DEFAULT_CORE_CONFIG);
  });

  it('has a range for each number, and no other', () => {
    expect(SETTINGS).toHaveLength(Object.keys(TUNING_RANGES).length);
    for (const [, key, setting] of SETTINGS) {
      expect(setting.default, key).toBeGreaterThanOrEqual(setting.minimum);
      expect(setting.default, key).toBeLessThanOrEqual(setting.maximum);
    }
  });

  it('is shown in the example with its defaults', async () => {
    const file = path.resolve(import.meta.dirname, '../../../config/node.example.yaml');
    const shown = parse(await readFile(file, 'utf8')) as Record<string, Record<string, unknown>>;
    for (const [section, key, setting] of SETTINGS) {
      expect(shown[section]?.[key], `${section}.${key}`).toBe(setting.default);
    }
  });

  it.each(SETTINGS)('takes %s.%s at its bounds and refuses what is beyond', async (section, key, setting) => {
    const step = setting.type === 'integer' ? 1 : 0.001;
    for (const value of [setting.minimum, setting.maximum]) {
      const { settings } = await readNodeSettings(await homeWith(beside(section, key, value)), {});
      expect(settings.get(`${section}.${key}`)).toBe(value);
    }
    for (const value of [setting.minimum - step, setting.maximum + step, String(setting.default), null]) {
      const home = await homeWith({ [section]: { [key]: value } });
      await expectCode('LS_CONFIG_INVALID', () => readNodeConfig(home, {}));
    }
  });

  it.each([
    ['a ceiling below the floor', { detector: { floor_intervals: 3, ceiling_intervals: 2.9 } }],
    [
      'a long window below the short one',
      { detector: { short_window_heartbeats: 9, long_window_heartbeats: 8 } },
    ],
    ['a longest pause below the first', { links: { redial_min_ms: 1_001, redial_max_ms: 1_000 } }],
    ['a window of half a heartbeat', { detector: { short_window_heartbeats: 4.5 } }],
    ['a section that is none', { detector: 3 }],
  ])('refuses %s', async (_what, change) => {
    const home = await homeWith(change);
    await expectCode('LS_CONFIG_INVALID', () => readNodeConfig(home, {}));
  });

  it('names the nearest known key', async () => {
    const home = await homeWith({ detector: { floor_interval: 3 } });
    await expect(readNodeConfig(home, {})).rejects.toMatchObject({
      code: 'LS_CONFIG_UNKNOWN_KEY',
      fault: { detail: expect.stringContaining('"floor_intervals"') as string },
    });
  });
});

describe('the environment', () => {
  it('goes before the file, key by key', async () => {
    const home = await homeWith({ interval_ms: 500, detector: { floor_intervals: 4 } });
    const config = await readNodeConfig(home, {
      LIFESIGN_NODE_INTERVAL_MS: '250',
      LIFESIGN_NODE_DETECTOR_MARGIN_INTERVALS: '0.75',
      LIFESIGN_NODE_REVOCATION_ON_STALE: 'warn',
      LIFESIGN_HOME: '/elsewhere',
    });
    expect(config).toMatchObject({ intervalMs: 250, revocation: { onStale: 'warn' } });
    expect(config.tuning.judgement.detector).toMatchObject({ floorIntervals: 4, marginIntervals: 0.75 });
  });

  it.each([
    ['a word for a number', { LIFESIGN_NODE_INTERVAL_MS: 'soon' }],
    ['nothing for a number', { LIFESIGN_NODE_INTERVAL_MS: '' }],
    ['a number in another notation', { LIFESIGN_NODE_INTERVAL_MS: '1e3' }],
    ['a number below its range', { LIFESIGN_NODE_DETECTOR_FLOOR_INTERVALS: '1.4' }],
    ['a number above its range', { LIFESIGN_NODE_DETECTOR_FLOOR_INTERVALS: '10.1' }],
    ['a word outside its set', { LIFESIGN_NODE_REVOCATION_ON_STALE: 'maybe' }],
  ])('is refused with %s, and the variable is named', async (_what, env) => {
    const home = await homeWith({});
    await expect(readNodeConfig(home, env)).rejects.toMatchObject({
      code: 'LS_CONFIG_INVALID',
      fault: { detail: expect.stringContaining(Object.keys(env)[0] ?? '') as string },
    });
  });

  it.each([
    'LIFESIGN_NODE_INTERVALL_MS',
    'LIFESIGN_NODE_NAME',
    'LIFESIGN_NODE_DOMAIN_ID',
    'LIFESIGN_NODE_SEEDS',
  ])('is refused with %s, which sets no key', async (variable) => {
    const home = await homeWith({});
    await expectCode('LS_CONFIG_UNKNOWN_KEY', () => readNodeConfig(home, { [variable]: 'x' }));
  });

  it('has a variable for every key but lists and who the node is', async () => {
    const { settings } = await readNodeSettings(
      await homeWith({ advertise: 'a:1', control_socket: '/s' }),
      {},
    );
    const fixed = ['name', 'node_id', 'trust_domain', 'domain_id', 'ca.urls', 'seeds'];
    for (const [key, value] of settings) {
      if (fixed.includes(key)) continue;
      const variable = `LIFESIGN_NODE_${key.replaceAll('.', '_').toUpperCase()}`;
      const read = await readNodeSettings(await homeWith({}), { [variable]: String(value) });
      expect(read.settings.get(key), variable).toBe(value);
    }
    expect(Object.keys(nodeConfigSchema.properties)).toContain('interval_ms');
  });
});
