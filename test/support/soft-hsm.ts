import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../scripts/project.ts';

export const SOFTHSM_LIBRARY = '/usr/lib/softhsm/libsofthsm2.so';
export const TOKEN_PIN = '271828';
const ADDON_PLACE = join(projectRoot(), 'test', 'system', 'pkcs11-addon');

/**
 * Folder of pkcs11js with its addon, compiled against the stable Node-API headers alone, so that neither node-gyp nor
 * the headers of one Node.js are needed. Made once; the default install has none of it.
 */
export function pkcs11Addon(): string {
  const place = join(ADDON_PLACE, 'node_modules', 'pkcs11js');
  const addon = join(place, 'build', 'Release', 'pkcs11.node');
  if (existsSync(addon)) return place;
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], ADDON_PLACE);
  mkdirSync(join(place, 'build', 'Release'), { recursive: true });
  const include = ['-I', join(ADDON_PLACE, 'node_modules', 'node-api-headers', 'include'), '-I', 'includes'];
  const flags = ['-shared', '-fPIC', '-O1', '-std=c++17', '-DNAPI_DISABLE_CPP_EXCEPTIONS'];
  const names = ['-DNODE_GYP_MODULE_NAME=pkcs11', '-DBUILDING_NODE_EXTENSION'];
  const sources = ['src/dl.cpp', 'src/common.cpp', 'src/main.cpp'];
  run('g++', [...flags, ...names, ...include, ...sources, '-o', `${addon}.new`, '-ldl'], place);
  renameSync(`${addon}.new`, addon);
  return place;
}

/** A SoftHSM token of its own in a temporary directory. Dispose of it (`using`). */
export class SoftHsm {
  readonly directory: string;
  readonly label: string;
  /** For every process that is to use it. */
  readonly env: Readonly<Record<string, string>>;
  readonly pinFile: string;

  constructor(label = 'lifesign test') {
    this.directory = mkdtempSync(join(tmpdir(), 'lifesign-hsm-'));
    this.label = label;
    const config = join(this.directory, 'softhsm2.conf');
    mkdirSync(this.#tokens);
    writeFileSync(
      config,
      `directories.tokendir = ${this.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    this.pinFile = join(this.directory, 'pin');
    writeFileSync(this.pinFile, `${TOKEN_PIN}\n`, { mode: 0o600 });
    this.env = { SOFTHSM2_CONF: config, LIFESIGN_PKCS11JS: pkcs11Addon() };
    this.initialise(label);
  }

  /** Makes another token beside the first. */
  initialise(label: string): void {
    const pins = ['--pin', TOKEN_PIN, '--so-pin', '31415926'];
    run('softhsm2-util', ['--init-token', '--free', '--label', label, ...pins], this.directory, this.env);
  }

  uri(attributes = '', query = `&pin-source=file:${this.pinFile}`): string {
    const token = `token=${encodeURIComponent(this.label)}`;
    return `pkcs11:${token}${attributes}?module-path=${SOFTHSM_LIBRARY}${query}`;
  }

  /** What `pkcs11-tool`, a program that is not ours, says of it. */
  tool(...args: readonly string[]): string {
    const login = ['--module', SOFTHSM_LIBRARY, '--token-label', this.label, '--login', '--pin', TOKEN_PIN];
    return run('pkcs11-tool', [...login, ...args], this.directory, this.env);
  }

  pullOut(): void {
    renameSync(this.#tokens, `${this.#tokens}.out`);
  }

  putBack(): void {
    renameSync(`${this.#tokens}.out`, this.#tokens);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #tokens(): string {
    return join(this.directory, 'tokens');
  }
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const ended = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  if (ended.status === 0) return ended.stdout;
  throw new Error(
    `${command} ${args.join(' ')}: ${ended.error?.message ?? ''}${ended.stdout}${ended.stderr}`,
  );
}
