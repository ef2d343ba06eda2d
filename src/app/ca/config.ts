import type { XStatic } from 'typebox/schema';
import { stringify } from 'yaml';
import { MAX_INTERVAL_MS, MIN_INTERVAL_MS } from '../../heartbeat/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { MAX_GRACE_AFTER_EXPIRY_MS } from '../../trust/index.ts';
import { parseConfig, readConfigFile } from '../config-file.ts';
import { parseEndpoint, type Endpoint } from '../endpoint.ts';
import { caHome } from './home.ts';
import { checkKeyStoreChoice, KEY_FILES } from './key-store.ts';
import { checkStoreChoice, SQLITE } from './store.ts';

export const CA_PORT = 8440;
export const CA_CRL_PORT = 8441;
export const DEFAULT_INTERVAL_MIN_MS = 100;
export const DEFAULT_INTERVAL_MAX_MS = 10_000;
const HOUR_MS = 60 * 60 * 1_000;
const strict = { type: 'object', additionalProperties: false } as const;

const limits = {
  ...strict,
  default: {},
  description: 'What one caller may take.',
  required: ['requests_per_second', 'burst', 'connections', 'connections_per_address'],
  properties: {
    requests_per_second: {
      type: 'integer',
      default: 200,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Steady rate of calls from one address. Nodes ask a few times an hour.',
    },
    burst: {
      type: 'integer',
      default: 1_000,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Calls one address may make at once: a whole site behind one NAT that starts together.',
    },
    connections: {
      type: 'integer',
      default: 12_000,
      minimum: 8,
      maximum: 1_000_000,
      description: 'Open connections altogether: one feed for each of 10,000 members, and room for calls.',
    },
    connections_per_address: {
      type: 'integer',
      default: 1_024,
      minimum: 1,
      maximum: 1_000_000,
      description: 'Open connections from one address.',
    },
  },
} as const;

const MINUTE_MS = 60_000;

const enrollment = {
  ...strict,
  default: {},
  description: 'Who becomes a member, and how.',
  required: ['require_approval', 'grace_after_expiry_minutes'],
  properties: {
    require_approval: {
      type: 'boolean',
      default: false,
      description: 'Every enrollment waits until an operator approves it (`pki requests`).',
    },
    grace_after_expiry_minutes: {
      type: 'integer',
      default: 0,
      minimum: 0,
      maximum: MAX_GRACE_AFTER_EXPIRY_MS / MINUTE_MS,
      description: 'How long after its certificate ran out a node may still renew it. Off by default.',
    },
  },
} as const;

/** JSON Schema of ca.yaml. Units are part of the names. */
export const caConfigSchema = {
  ...strict,
  required: [
    'trust_domain',
    'urls',
    'crl_url',
    'listen',
    'crl_listen',
    'permit_dns',
    'interval_min_ms',
    'interval_max_ms',
    'full_crl_every_ms',
    'store',
    'key_store',
    'enrollment',
    'limits',
  ],
  properties: {
    trust_domain: {
      type: 'string',
      minLength: 1,
      maxLength: 253,
      description: 'The cluster. In every certificate, so it is never changed after `pki init`.',
    },
    urls: {
      type: 'array',
      items: { type: 'string', pattern: '^https://[^/\\s]+$', maxLength: 2_048 },
      minItems: 1,
      maxItems: 8,
      description:
        'https://HOST:PORT at which nodes reach this CA, most preferred first. Every token names them.',
    },
    crl_url: {
      type: 'string',
      pattern: '^http://[^/\\s]+$',
      maxLength: 2_048,
      description:
        'http://HOST:PORT of CRLs and OCSP, as written into certificates. Plain HTTP, since both are signed.',
    },
    listen: { type: 'string', description: 'HOST:PORT for TLS. [::] is every interface.' },
    crl_listen: {
      type: 'string',
      description: 'HOST:PORT for plain HTTP. It serves CRLs and OCSP and nothing else.',
    },
    permit_dns: {
      type: 'array',
      items: { type: 'string', maxLength: 253 },
      default: [],
      maxItems: 64,
      description:
        'DNS suffixes the issuing certificate permits beside the trust domain. A record: fixed by `pki init`.',
    },
    interval_min_ms: {
      type: 'integer',
      default: DEFAULT_INTERVAL_MIN_MS,
      minimum: MIN_INTERVAL_MS,
      maximum: MAX_INTERVAL_MS,
      description: 'Shortest heartbeat interval a member may choose.',
    },
    interval_max_ms: {
      type: 'integer',
      default: DEFAULT_INTERVAL_MAX_MS,
      minimum: 100,
      maximum: MAX_INTERVAL_MS,
      description:
        'Longest heartbeat interval a member may choose, and with it the longest silence that goes unnoticed: about six of it.',
    },
    full_crl_every_ms: {
      type: 'integer',
      default: HOUR_MS,
      minimum: 1_000,
      maximum: 48 * HOUR_MS,
      description:
        'How often a full CRL is signed. An hour keeps deltas short and stays far below nextUpdate (72 h).',
    },
    store: {
      type: 'string',
      default: SQLITE,
      maxLength: 2_048,
      description:
        'sqlite, a file in this home, or postgres://USER@HOST:PORT/DATABASE, which several replicas can share.',
    },
    key_store: {
      type: 'string',
      default: KEY_FILES,
      maxLength: 2_048,
      description:
        'file, encrypted files in this home, or pkcs11:token=NAME?module-path=/LIBRARY.so&pin-source=file:/PIN, a token.',
    },
    enrollment,
    limits,
  },
} as const;

/** What ca.yaml says, checked and with defaults filled in. */
export interface CaConfig {
  readonly trustDomain: string;
  readonly urls: readonly string[];
  readonly crlUrl: string;
  readonly listen: Endpoint;
  readonly crlListen: Endpoint;
  readonly permitDns: readonly string[];
  readonly intervalMinMs: number;
  readonly intervalMaxMs: number;
  readonly fullCrlEveryMs: number;
  /** `sqlite`, or a PostgreSQL URL, which may hold a password: never shown as it is. */
  readonly store: string;
  /** `file`, or the PKCS#11 URI of a token: where keys are made, and how those on it are reached. */
  readonly keyStore: string;
  readonly enrollment: CaEnrollment;
  readonly limits: CaLimits;
}

export interface CaEnrollment {
  readonly requireApproval: boolean;
  readonly graceAfterExpiryMs: number;
}

export interface CaLimits {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/** The keys that `pki init` decides on; the rest keeps its defaults. */
export interface CaConfigChoice {
  readonly trustDomain: string;
  readonly urls: readonly string[];
  readonly crlUrl: string;
  readonly listen: string;
  readonly crlListen: string;
  readonly permitDns: readonly string[];
  readonly store: string;
  readonly keyStore: string;
  readonly requireApproval?: boolean;
}

/** Reads ca.yaml of `home`. Throws LsError: LS_CONFIG_* with the file and key named. */
export async function readCaConfig(home: string): Promise<CaConfig> {
  const path = caHome(home).config;
  return checkCaConfig(await readConfigFile(path, caConfigSchema), path);
}

/** As {@link readCaConfig}, of text that is to become the file `path`. */
export async function parseCaConfig(text: string, path: string): Promise<CaConfig> {
  return checkCaConfig(parseConfig(text, caConfigSchema, path), path);
}

async function checkCaConfig(file: XStatic<typeof caConfigSchema>, path: string): Promise<CaConfig> {
  if (file.interval_min_ms > file.interval_max_ms) {
    throw new LsError(fault('LS_CONFIG_INVALID', `${path}: "interval_min_ms" is above "interval_max_ms"`));
  }
  await checkStoreChoice(file.store);
  await checkKeyStoreChoice(file.key_store);
  return {
    trustDomain: file.trust_domain,
    urls: file.urls,
    crlUrl: file.crl_url,
    listen: endpointOf(file.listen, 'listen', path),
    crlListen: endpointOf(file.crl_listen, 'crl_listen', path),
    permitDns: file.permit_dns,
    intervalMinMs: file.interval_min_ms,
    intervalMaxMs: file.interval_max_ms,
    fullCrlEveryMs: file.full_crl_every_ms,
    store: file.store,
    keyStore: file.key_store,
    enrollment: {
      requireApproval: file.enrollment.require_approval,
      graceAfterExpiryMs: file.enrollment.grace_after_expiry_minutes * MINUTE_MS,
    },
    limits: limitsOf(file.limits),
  };
}

/** The text of ca.yaml for a new CA. */
export function formatCaConfig(choice: CaConfigChoice): string {
  const file: Pick<
    XStatic<typeof caConfigSchema>,
    'trust_domain' | 'urls' | 'crl_url' | 'listen' | 'crl_listen' | 'permit_dns' | 'store' | 'key_store'
  > & { readonly enrollment?: Partial<XStatic<typeof enrollment>> } = {
    trust_domain: choice.trustDomain,
    urls: [...choice.urls],
    crl_url: choice.crlUrl,
    listen: choice.listen,
    crl_listen: choice.crlListen,
    permit_dns: [...choice.permitDns],
    store: choice.store,
    key_store: choice.keyStore,
    ...(choice.requireApproval === true ? { enrollment: { require_approval: true } } : {}),
  };
  return `# Written by \`lifesign pki init\`. Every key is explained in config/ca.example.yaml.\n${stringify(file)}`;
}

function limitsOf(file: XStatic<typeof limits>): CaLimits {
  return {
    requestsPerSecond: file.requests_per_second,
    burst: file.burst,
    connections: file.connections,
    connectionsPerAddress: file.connections_per_address,
  };
}

function endpointOf(text: string, key: string, path: string): Endpoint {
  const parsed = parseEndpoint(text);
  if (parsed.ok) return parsed.value;
  throw new LsError(fault('LS_CONFIG_ADDRESS', `${path}: "${key}": ${parsed.error.detail}`));
}
