import { stat } from 'node:fs/promises';
import { writeFileDurably } from '../../io/files/index.ts';
import { readTextFile } from '../named-file.ts';
import { administerCa } from './admin.ts';
import { parseCaConfig, readCaConfig } from './config.ts';
import { caHome } from './home.ts';
import { chooseSetting, withSetting } from './settings.ts';

export interface SetConfigRequest {
  readonly home: string;
  /** As in ca.yaml, with dashes. */
  readonly key: string;
  readonly values: readonly string[];
}

export interface SetConfig {
  readonly home: string;
  readonly key: string;
  readonly value: unknown;
  /** False when ca.yaml said so already. */
  readonly changed: boolean;
}

const MAX_CONFIG_BYTES = 1024 * 1024;
const MODE_BITS = 0o777;

/**
 * Changes one value of ca.yaml, comments and all else as they were. The new text is read as the server will before it is
 * written, and the CA is asked whether it can do with it; its ledger says so before the file does.
 *
 * Throws LS_CONFIG_* with the file unchanged, LS_SAN_NOT_PERMITTED for a URL whose host the CA may not certify, and what
 * administerCa throws.
 */
export async function setCaConfig({ home, key: name, values }: SetConfigRequest): Promise<SetConfig> {
  const path = caHome(home).config;
  await readCaConfig(home);
  const setting = chooseSetting(name, values);
  const text = await readTextFile(path, MAX_CONFIG_BYTES);
  const changed = withSetting(text, setting);
  await parseCaConfig(changed, path);
  const { key, value } = setting;
  if (changed === text) return { home: caHome(home).home, key, value, changed: false };
  const body = { key, value: setting.text };
  await administerCa({ home, call: { method: 'POST', path: '/v1/config', body } });
  const { mode } = await stat(path);
  await writeFileDurably(path, changed, { mode: mode & MODE_BITS });
  return { home: caHome(home).home, key, value, changed: true };
}
