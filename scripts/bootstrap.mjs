/*
 * `node scripts/bootstrap.mjs FILE [ARGUMENT…]`: runs FILE on the pinned Node.js, after installing what the
 * lockfile names when it is not all there. Needs only the machine's own Node.js (20 or newer) and npm.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const { relay } = createRequire(import.meta.url)('../bin/relay.cjs');
const CANNOT_INSTALL = 4;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const pinnedNode = path.join(root, 'node_modules', 'node', 'bin', 'node');

if (!isInstalled()) install();
const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node scripts/bootstrap.mjs FILE [ARGUMENT…]');
process.env.PATH = `${path.dirname(pinnedNode)}${path.delimiter}${process.env.PATH}`;
relay(pinnedNode, [path.resolve(root, file), ...args]);

/** True when npm's own record of node_modules has each package of the lockfile in the locked version. */
function isInstalled() {
  const record = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record) || !existsSync(pinnedNode)) return false;
  const installed = packagesOf(record);
  const wanted = Object.entries(packagesOf(path.join(root, 'package-lock.json')));
  return wanted.every(([folder, entry]) => {
    const held = installed[folder];
    return folder === '' || (held === undefined ? entry.optional === true : held.version === entry.version);
  });
}

function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

function install() {
  process.stderr.write('Installing the pinned Node.js and the packages of package-lock.json (once)…\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status === 0 && existsSync(pinnedNode)) {
    warmUp();
    return;
  }
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  const why =
    result.error === undefined ? `npm ci ended with ${result.status ?? result.signal}` : result.error.message;
  process.stderr.write(`error[LS_CLI_RUNTIME]: ${why}, in ${root}; see npm's lines above\n`);
  process.exit(CANNOT_INSTALL);
}

/** Part of the installation, and only about speed: what it cannot do is done at the first start instead. */
function warmUp() {
  spawnSync(pinnedNode, [path.join(root, 'scripts', 'warm-up.ts')], { cwd: root, stdio: 'ignore' });
}
