import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import type {} from './process.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Packs the checkout, installs the tarball into an empty directory, and has the tests of the project run that. */
export default function installPackedProgram(project: TestProject): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'lifesign-packed-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    project.provide('lifesignBin', installInto(folder));
  } catch (error) {
    remove();
    throw error;
  }
  return remove;
}

function installInto(folder: string): string {
  npm(['pack', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const quiet = ['--silent', '--no-save', '--no-audit', '--no-fund', '--prefer-offline'];
  npm(['install', ...quiet, '--prefix', folder, `./${tarball}`], folder);
  return path.join(folder, 'node_modules/lifesign/bin/lifesign');
}

function npm(args: readonly string[], cwd: string): void {
  const run = spawnSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (run.status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${run.stdout}${run.stderr}`);
}
