import { parseDocument } from 'yaml';
import { fault, LsError } from '../../std/index.ts';
import { nearestWord } from '../nearest-word.ts';
import { originOf } from './url.ts';

/** Most values of one setting on a command line: as many as there may be URLs. */
export const MAX_SETTING_VALUES = 8;

interface Setting {
  /** Where it is in ca.yaml. */
  readonly path: readonly string[];
  readonly read: (values: readonly string[]) => unknown;
}

/** A change of ca.yaml that was understood, not yet checked against the schema. */
export interface ChosenSetting {
  /** As `pki config set` names it. */
  readonly key: string;
  readonly path: readonly string[];
  readonly value: unknown;
  /** One word, for the ledger. */
  readonly text: string;
}

/** What may be changed after `pki init`. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  url: { path: ['urls'], read: (values) => values.map((url) => originOf(url, 'https:')) },
  listen: { path: ['listen'], read: one },
  'crl-listen': { path: ['crl_listen'], read: one },
  'interval-min-ms': { path: ['interval_min_ms'], read: count },
  'interval-max-ms': { path: ['interval_max_ms'], read: count },
  'full-crl-every-ms': { path: ['full_crl_every_ms'], read: count },
  'limits.requests-per-second': { path: ['limits', 'requests_per_second'], read: count },
  'limits.burst': { path: ['limits', 'burst'], read: count },
  'limits.connections': { path: ['limits', 'connections'], read: count },
  'limits.connections-per-address': { path: ['limits', 'connections_per_address'], read: count },
};

/** What is written into certificates or the store, and why it stays. */
const FIXED: Readonly<Record<string, string>> = {
  'trust-domain': 'the trust domain is in every certificate',
  'crl-url': 'certificates look for CRLs where they say, and a CRL counts only for those that name its place',
  'permit-dns': 'what the CA may certify is in its certificate',
  store: 'a CA moves to another store by a backup and `pki restore --store`',
  'key-store': 'keys do not move from one place to another',
};

/** The settings that there are, for help. */
export const SETTING_NAMES: readonly string[] = Object.keys(SETTINGS);

/** Throws LS_CONFIG_FIXED, LS_CONFIG_UNKNOWN_KEY, LS_CONFIG_INVALID, LS_CONFIG_URL. */
export function chooseSetting(name: string, values: readonly string[]): ChosenSetting {
  const key = name.replaceAll('_', '-').replace(/^urls$/, 'url');
  const why = Object.hasOwn(FIXED, key) ? FIXED[key] : undefined;
  if (why !== undefined) throw new LsError(fault('LS_CONFIG_FIXED', `"${key}" can't be changed: ${why}`));
  const setting = Object.hasOwn(SETTINGS, key) ? SETTINGS[key] : undefined;
  if (setting === undefined) {
    const nearest = nearestWord(key, SETTING_NAMES);
    const hint = nearest === undefined ? '' : `, did you mean "${nearest}"?`;
    throw new LsError(fault('LS_CONFIG_UNKNOWN_KEY', `there is no setting "${key.slice(0, 80)}"${hint}`));
  }
  if (values.length > MAX_SETTING_VALUES) throw invalid(`at most ${MAX_SETTING_VALUES} values may be given`);
  const value = setting.read(values);
  const text = Array.isArray(value) ? value.join(',') : String(value);
  if (/\s/.test(text)) throw invalid(`"${key}" has no blanks in it`);
  return { key, path: setting.path, value, text };
}

/** The text of ca.yaml with one value another, its comments and all else as they were. Requires: it parses. */
export function withSetting(text: string, { path, value }: Pick<ChosenSetting, 'path' | 'value'>): string {
  const document = parseDocument(text, { schema: 'core' });
  document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

function one(values: readonly string[]): string {
  const [value, ...others] = values;
  if (value !== undefined && others.length === 0) return value;
  throw invalid(`${values.length} values where one belongs`);
}

function count(values: readonly string[]): number {
  const text = one(values);
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw invalid(`${JSON.stringify(text.slice(0, 80))} is no number`);
}

function invalid(detail: string): LsError {
  return new LsError(fault('LS_CONFIG_INVALID', detail));
}
