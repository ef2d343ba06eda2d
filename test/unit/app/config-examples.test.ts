import { copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { caConfigSchema, formatCaConfig, readCaConfig } from '../../../src/app/ca/config.ts';
import { caHome } from '../../../src/app/ca/home.ts';
import { nodeConfigSchema, nodeHome, readNodeConfig } from '../../../src/app/node-config.ts';
import { readRootConfig, rootConfigSchema } from '../../../src/app/root/config.ts';
import { rootHome } from '../../../src/app/root/home.ts';
import { expectCode } from '../../support/expect-code.ts';
import { tempDir } from '../../support/temp-dir.ts';

const example = (name: string): string => path.resolve(import.meta.dirname, '../../../config', name);

type Tree = Readonly<Record<string, unknown>>;

/** Every key of a schema with its default, sections as dotted paths. */
function keysOf(schema: Tree, prefix = ''): readonly (readonly [string, unknown])[] {
  return Object.entries(schema['properties'] as Readonly<Record<string, Tree>>).flatMap(([key, property]) => {
    const name = `${prefix}${key}`;
    return property['properties'] === undefined
      ? [[name, property['default']] as const]
      : keysOf(property, `${name}.`);
  });
}

function valueAt(tree: unknown, dotted: string): unknown {
  return dotted.split('.').reduce<unknown>((value, key) => (value as Tree | undefined)?.[key], tree);
}

describe('config/ca.example.yaml', () => {
  it('is a configuration the CA takes', async () => {
    const home = await tempDir();
    await copyFile(example('ca.example.yaml'), caHome(home).config);
    expect(await readCaConfig(home)).toMatchObject({
      trustDomain: 'mesh.internal',
      listen: { host: '::', port: 8440 },
    });
  });

  it('shows every key, with its default where it has one', async () => {
    const shown: unknown = parse(await readFile(example('ca.example.yaml'), 'utf8'));
    for (const [key, byDefault] of keysOf(caConfigSchema)) {
      expect(valueAt(shown, key), key).toBeDefined();
      if (byDefault !== undefined) expect(valueAt(shown, key), key).toEqual(byDefault);
    }
  });
});

describe('config/node.example.yaml', () => {
  it('is a configuration a node takes', async () => {
    const home = await tempDir();
    await copyFile(example('node.example.yaml'), nodeHome(home).config);
    expect(await readNodeConfig(home)).toMatchObject({ name: 'alpha', advertise: 'alpha.example:8450' });
  });

  it('shows every key', async () => {
    const shown: unknown = parse(await readFile(example('node.example.yaml'), 'utf8'));
    for (const [key] of keysOf(nodeConfigSchema)) expect(valueAt(shown, key), key).toBeDefined();
  });
});

describe('config/root.example.yaml', () => {
  it('is a configuration a root takes, and shows every key', async () => {
    const home = await tempDir();
    await copyFile(example('root.example.yaml'), rootHome(home).config);
    expect(await readRootConfig(home)).toEqual({ trustDomain: 'mesh.internal' });
    const shown: unknown = parse(await readFile(example('root.example.yaml'), 'utf8'));
    for (const [key] of keysOf(rootConfigSchema)) expect(valueAt(shown, key), key).toBeDefined();
  });

  it('has no key that nobody knows', async () => {
    const home = await tempDir();
    await writeFile(rootHome(home).config, 'trust_domain: mesh.internal\nurl: x\n');
    await expectCode('LS_CONFIG_UNKNOWN_KEY', () => readRootConfig(home));
  });
});

describe('ca.yaml', () => {
  const choice = {
    trustDomain: 'mesh.internal',
    urls: ['https://ca.example:8440'],
    crlUrl: 'http://ca.example:8441',
    listen: '[::]:8440',
    crlListen: '[::]:8441',
    permitDns: ['example'],
    store: 'sqlite',
    keyStore: 'file',
  };

  async function homeWith(change: object): Promise<string> {
    const home = await tempDir();
    const written = parse(formatCaConfig(choice)) as object;
    await writeFile(caHome(home).config, stringify({ ...written, ...change }));
    return home;
  }

  it('is read as pki init writes it, with the defaults', async () => {
    expect(await readCaConfig(await homeWith({}))).toMatchObject({
      ...choice,
      listen: { host: '::', port: 8440 },
      crlListen: { host: '::', port: 8441 },
      fullCrlEveryMs: 3_600_000,
      limits: { requestsPerSecond: 200, burst: 1_000, connections: 12_000, connectionsPerAddress: 1_024 },
    });
  });

  it.each([
    ['a token without its library', { key_store: 'pkcs11:token=ca' }, 'LS_CONFIG_KEY_STORE'],
    ['an unknown key', { trust_domian: 'x' }, 'LS_CONFIG_UNKNOWN_KEY'],
    ['an unknown limit', { limits: { request_per_second: 1 } }, 'LS_CONFIG_UNKNOWN_KEY'],
    ['no URL', { urls: [] }, 'LS_CONFIG_INVALID'],
    ['a URL without TLS', { urls: ['http://ca.example:8440'] }, 'LS_CONFIG_INVALID'],
    ['nine URLs', { urls: Array<string>(9).fill('https://ca.example:8440') }, 'LS_CONFIG_INVALID'],
    ['a CRL URL over TLS', { crl_url: 'https://ca.example:8441' }, 'LS_CONFIG_INVALID'],
    ['a listen address without a port', { listen: 'ca.example' }, 'LS_CONFIG_ADDRESS'],
    [
      'interval bounds the wrong way round',
      { interval_min_ms: 2_000, interval_max_ms: 1_000 },
      'LS_CONFIG_INVALID',
    ],
    ['an interval below what a roster can say', { interval_min_ms: 49 }, 'LS_CONFIG_INVALID'],
    ['an interval above what a roster can say', { interval_max_ms: 60_001 }, 'LS_CONFIG_INVALID'],
    ['a full CRL more often than every second', { full_crl_every_ms: 10 }, 'LS_CONFIG_INVALID'],
    ['a store of another kind', { store: 'mysql://ca@db.example/ca' }, 'LS_CONFIG_STORE'],
    ['a rate of nothing', { limits: { requests_per_second: 0 } }, 'LS_CONFIG_INVALID'],
  ] as const)('refuses %s', async (_, change, code) => {
    const home = await homeWith(change);
    await expectCode(code, () => readCaConfig(home));
  });
});
