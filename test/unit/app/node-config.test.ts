import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatNodeConfig, nodeHome, readNodeConfig, type NodeConfig } from '../../../src/app/node-config.ts';
import { DEFAULT_TUNING } from '../../../src/app/node-tuning.ts';
import { domainIdOf, LsError, parseNodeId, parseNodeName } from '../../../src/std/index.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ls-node-config-'));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

const MINIMAL = [
  'name: n1',
  `node_id: ${'0a'.repeat(16)}`,
  'trust_domain: mesh.internal',
  `domain_id: ${'0b'.repeat(32)}`,
  'ca: { urls: ["https://ca.example:8440"] }',
];

async function codeOf(lines: readonly string[]): Promise<{ code: string; detail: string }> {
  await writeFile(nodeHome(home).config, lines.join('\n'));
  try {
    await readNodeConfig(home);
  } catch (error) {
    if (error instanceof LsError) return { code: error.code, detail: error.fault.detail };
    throw error;
  }
  return { code: 'none', detail: '' };
}

describe('node.yaml', () => {
  it('fills in the documented defaults', async () => {
    await writeFile(nodeHome(home).config, MINIMAL.join('\n'));
    expect(await readNodeConfig(home)).toMatchObject({
      listen: '127.0.0.1:8450',
      advertise: '127.0.0.1:8450',
      seeds: [],
      intervalMs: 1000,
      revocation: { onStale: 'deny', graceMs: 86_400_000 },
    });
  });

  it('is read back as it was written', async () => {
    const config = sampleConfig();
    await writeFile(nodeHome(home).config, formatNodeConfig(config));
    expect(await readNodeConfig(home)).toEqual({ ...config, tuning: DEFAULT_TUNING });
  });

  it('names the nearest known key for an unknown one', async () => {
    const { code, detail } = await codeOf([...MINIMAL, 'intervall_ms: 500']);
    expect(code).toBe('LS_CONFIG_UNKNOWN_KEY');
    expect(detail).toContain('interval_ms');
  });

  it('names the nearest known key inside a section', async () => {
    const { detail } = await codeOf([...MINIMAL, 'revocation: { onstale: deny }']);
    expect(detail).toContain('revocation.onstale');
    expect(detail).toContain('"on_stale"');
  });

  it.each([
    ['a missing file', 'LS_CONFIG_MISSING', undefined],
    ['a line that is not YAML', 'LS_CONFIG_SYNTAX', [...MINIMAL, 'listen: [']],
    ['a key given twice', 'LS_CONFIG_SYNTAX', [...MINIMAL, 'name: n2']],
    ['a missing key', 'LS_CONFIG_INVALID', MINIMAL.slice(1)],
    ['a number out of range', 'LS_CONFIG_INVALID', [...MINIMAL, 'interval_ms: 1']],
    ['a number written as text', 'LS_CONFIG_INVALID', [...MINIMAL, 'interval_ms: "1000"']],
    ['a word outside its set', 'LS_CONFIG_INVALID', [...MINIMAL, 'revocation: { on_stale: maybe }']],
    ['a name that is no DNS label', 'LS_CONFIG_INVALID', ['name: Not_A_Label', ...MINIMAL.slice(1)]],
    [
      'a plain-text CA URL',
      'LS_CONFIG_INVALID',
      [...MINIMAL.slice(0, 4), 'ca: { urls: ["http://ca:8440"] }'],
    ],
    ['an address without a port', 'LS_CONFIG_ADDRESS', [...MINIMAL, 'listen: "127.0.0.1"']],
    ['a port above 65535', 'LS_CONFIG_ADDRESS', [...MINIMAL, 'listen: "127.0.0.1:65536"']],
    ['an unbracketed IPv6 address', 'LS_CONFIG_ADDRESS', [...MINIMAL, 'listen: "::1:8450"']],
  ])('refuses %s', async (_, code, lines) => {
    if (lines === undefined) await expect(readNodeConfig(home)).rejects.toMatchObject({ code });
    else expect((await codeOf(lines)).code).toBe(code);
  });
});

function sampleConfig(): Omit<NodeConfig, 'tuning'> {
  const name = parseNodeName('n1');
  const nodeId = parseNodeId('0a'.repeat(16));
  const domainId = domainIdOf(new Uint8Array(32).fill(7));
  if (name === undefined || nodeId === undefined || domainId === undefined) throw new Error('bad sample');
  return {
    name,
    nodeId,
    trustDomain: 'mesh.internal',
    domainId,
    ca: { urls: ['https://ca.example:8440'] },
    listen: '0.0.0.0:8450',
    advertise: '[2001:db8::1]:8450',
    seeds: [{ name, nodeId, address: 'peer.example:8450' }],
    intervalMs: 500,
    revocation: { onStale: 'warn', graceMs: 0 },
    controlSocket: '/tmp/short.sock',
  };
}
