import type { XStatic } from 'typebox/schema';
import { stringify } from 'yaml';
import { MAX_INTERVAL_MS } from '../heartbeat/index.ts';
import {
  domainIdOf,
  fault,
  fromHex,
  LsError,
  parseNodeId,
  parseNodeName,
  toHex,
  type DomainId,
  type NodeId,
  type NodeName,
} from '../std/index.ts';
import { DEFAULT_CORE_CONFIG, type CoreConfig } from '../mesh/index.ts';
import { overrideFromEnv, type Environment } from './config-env.ts';
import { readConfigFile } from './config-file.ts';
import { parseEndpoint } from './endpoint.ts';
import { nodeHome } from './node-home.ts';
import {
  toTuning,
  TUNING_SECTIONS,
  tuningConflict,
  tuningProperties,
  type NodeTuning,
} from './node-tuning.ts';

export { CRL_FILES, nodeHome, type NodeHome } from './node-home.ts';

/** What node.yaml says, checked and with defaults filled in. */
export interface NodeConfig {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly trustDomain: string;
  readonly domainId: DomainId;
  readonly ca: { readonly urls: readonly string[] };
  /** HOST:PORT this node listens on for its peers. */
  readonly listen: string;
  /** HOST:PORT at which peers reach this node. */
  readonly advertise: string;
  readonly seeds: readonly NodeSeed[];
  readonly intervalMs: number;
  /** How this node judges others. */
  readonly tuning: NodeTuning;
  readonly revocation: { readonly onStale: 'deny' | 'warn'; readonly graceMs: number };
  /** Set when the path of control.sock in the home would be too long for a Unix socket. */
  readonly controlSocket?: string;
}

/** A member the CA knew an address of; its own signed address always beats this hint. */
export interface NodeSeed {
  readonly name: NodeName;
  readonly nodeId: NodeId;
  /** HOST:PORT. */
  readonly address: string;
}

export const DEFAULT_NODE_LISTEN = '127.0.0.1:8450';
export const DEFAULT_INTERVAL_MS = 1_000;
export const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1_000;
/** Same cap as the member list. */
export const MAX_SEEDS = 10_000;
export const MAX_CA_URLS = 16;

/** Variables that start so set keys of node.yaml: see {@link overrideFromEnv}. */
export const ENV_PREFIX = 'LIFESIGN_NODE_';
/** Who the node is stands in its certificate, not in its environment. */
const FIXED_KEYS = ['name', 'node_id', 'trust_domain', 'domain_id'];

export type SettingValue = string | number;
export type NodeSettings = ReadonlyMap<string, SettingValue>;

const strict = { type: 'object', additionalProperties: false } as const;
const name = { type: 'string', description: 'Name of the node: one lower-case DNS label.' } as const;
const nodeId = {
  type: 'string',
  pattern: '^[0-9a-f]{32}$',
  description: 'Identity for life, picked by the CA.',
} as const;
const address = { type: 'string', description: 'HOST:PORT, for IPv6 [ADDRESS]:PORT.' } as const;

const ca = {
  ...strict,
  required: ['urls'],
  properties: {
    urls: {
      type: 'array',
      items: { type: 'string', pattern: '^https://', maxLength: 2_048 },
      minItems: 1,
      maxItems: MAX_CA_URLS,
      description: 'Where the CA is reached; tried in this order.',
    },
  },
} as const;

const revocation = {
  ...strict,
  default: {},
  required: ['on_stale', 'grace_ms'],
  properties: {
    on_stale: {
      enum: ['deny', 'warn'],
      default: 'deny',
      description:
        'What to do with peers when revocation data is older than nextUpdate plus grace: fail closed unless told otherwise.',
    },
    grace_ms: {
      type: 'integer',
      default: DEFAULT_GRACE_MS,
      minimum: 0,
      maximum: 30 * DEFAULT_GRACE_MS,
      description: 'How long after nextUpdate revocation data still counts: time to notice and repair.',
    },
  },
} as const;

/** JSON Schema of node.yaml. Units are part of the names. */
export const nodeConfigSchema = {
  ...strict,
  required: [
    'name',
    'node_id',
    'trust_domain',
    'domain_id',
    'ca',
    'listen',
    'seeds',
    'interval_ms',
    'revocation',
    ...TUNING_SECTIONS,
  ],
  properties: {
    name,
    node_id: nodeId,
    trust_domain: {
      type: 'string',
      minLength: 1,
      maxLength: 253,
      description: 'The cluster this node belongs to.',
    },
    domain_id: {
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
      description:
        'SHA-256 of the genesis root’s SubjectPublicKeyInfo. Constant for the life of the cluster.',
    },
    ca,
    listen: {
      type: 'string',
      default: DEFAULT_NODE_LISTEN,
      description: 'HOST:PORT to listen on. Loopback by default, so that nothing is exposed by accident.',
    },
    advertise: {
      type: 'string',
      description: 'HOST:PORT at which peers reach this node. Default: listen.',
    },
    seeds: {
      type: 'array',
      items: {
        ...strict,
        required: ['name', 'node_id', 'address'],
        properties: { name, node_id: nodeId, address },
      },
      default: [],
      maxItems: MAX_SEEDS,
      description: 'Members to dial first, as the CA last knew them.',
    },
    interval_ms: {
      type: 'integer',
      default: DEFAULT_INTERVAL_MS,
      minimum: 100,
      maximum: MAX_INTERVAL_MS,
      description:
        'Time between heartbeats, within the bounds that the CA’s roster sets for all. A second finds a frozen node in about three.',
    },
    revocation,
    ...tuningProperties,
    control_socket: {
      type: 'string',
      maxLength: 100,
      description: 'Path of the control socket when the home’s own path is too long.',
    },
  },
} as const;

/**
 * Reads node.yaml of `home`; what `env` sets goes before it. Throws LsError: LS_CONFIG_* with the file and key named.
 */
export async function readNodeConfig(home: string, env: Environment = process.env): Promise<NodeConfig> {
  return (await readNodeSettings(home, env)).config;
}

/** As {@link readNodeConfig}, with every key and its value beside: sections as dotted paths, lists as JSON. */
export async function readNodeSettings(
  home: string,
  env: Environment = process.env,
): Promise<{ readonly config: NodeConfig; readonly settings: NodeSettings }> {
  const path = nodeHome(home).config;
  const file = await readConfigFile(path, nodeConfigSchema, (value) =>
    overrideFromEnv(value, nodeConfigSchema, env, { prefix: ENV_PREFIX, fixed: FIXED_KEYS }),
  );
  return { config: toNodeConfig(file, path), settings: new Map(flat(file)) };
}

function flat(tree: object, prefix = ''): [string, SettingValue][] {
  return Object.entries(tree).flatMap(([key, value]: [string, unknown]): [string, SettingValue][] => {
    if (typeof value === 'string' || typeof value === 'number') return [[`${prefix}${key}`, value]];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return [[`${prefix}${key}`, JSON.stringify(value)]];
    }
    return flat(value, `${prefix}${key}.`);
  });
}

/** What the core of a node goes by. */
export function coreConfigOf({ intervalMs, tuning }: NodeConfig): CoreConfig {
  return { ...DEFAULT_CORE_CONFIG, ...tuning, intervalMs };
}

/** The text of node.yaml for `config`, with a line on how to change it; how it judges is left to the defaults. */
export function formatNodeConfig(config: Omit<NodeConfig, 'tuning'>): string {
  const file: Omit<XStatic<typeof nodeConfigSchema>, (typeof TUNING_SECTIONS)[number]> = {
    name: config.name,
    node_id: config.nodeId,
    trust_domain: config.trustDomain,
    domain_id: toHex(config.domainId),
    ca: { urls: [...config.ca.urls] },
    listen: config.listen,
    advertise: config.advertise,
    seeds: config.seeds.map((seed) => ({ name: seed.name, node_id: seed.nodeId, address: seed.address })),
    interval_ms: config.intervalMs,
    revocation: { on_stale: config.revocation.onStale, grace_ms: config.revocation.graceMs },
    ...(config.controlSocket === undefined ? {} : { control_socket: config.controlSocket }),
  };
  return `# Written by \`lifesign node enroll\`. Every key is explained in config/node.example.yaml.\n${stringify(file)}`;
}

function toNodeConfig(file: XStatic<typeof nodeConfigSchema>, path: string): NodeConfig {
  const invalid = (key: string, what: string): LsError =>
    new LsError(fault('LS_CONFIG_INVALID', `${path}: "${key}" ${what}`));
  const member = (
    parsed: { name: string; node_id: string },
    key: string,
  ): { name: NodeName; nodeId: NodeId } => {
    const memberName = parseNodeName(parsed.name);
    const memberId = parseNodeId(parsed.node_id);
    if (memberName === undefined) throw invalid(`${key}name`, 'must be one lower-case DNS label');
    if (memberId === undefined) throw invalid(`${key}node_id`, 'must be 32 lower-case hex digits');
    return { name: memberName, nodeId: memberId };
  };
  const domainId = domainIdOf(fromHex(file.domain_id) ?? new Uint8Array());
  if (domainId === undefined) throw invalid('domain_id', 'must be 64 lower-case hex digits');
  const advertise = file.advertise ?? file.listen;
  checkAddresses({ listen: file.listen, advertise }, path);
  const conflict = tuningConflict(file);
  if (conflict !== undefined) throw invalid(...conflict);
  return {
    ...member(file, ''),
    trustDomain: file.trust_domain,
    domainId,
    ca: file.ca,
    listen: file.listen,
    advertise,
    seeds: file.seeds.map((seed, i) => {
      checkAddresses({ [`seeds.${i}.address`]: seed.address }, path);
      return { ...member(seed, `seeds.${i}.`), address: seed.address };
    }),
    intervalMs: file.interval_ms,
    tuning: toTuning(file),
    revocation: { onStale: file.revocation.on_stale, graceMs: file.revocation.grace_ms },
    ...(file.control_socket === undefined ? {} : { controlSocket: file.control_socket }),
  };
}

function checkAddresses(addresses: Readonly<Record<string, string>>, path: string): void {
  for (const [key, text] of Object.entries(addresses)) {
    const parsed = parseEndpoint(text);
    if (!parsed.ok) {
      throw new LsError(fault('LS_CONFIG_ADDRESS', `${path}: "${key}": ${parsed.error.detail}`));
    }
  }
}
