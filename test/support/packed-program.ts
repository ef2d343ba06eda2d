import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import type {} from './process.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Packs the checkout, installs the tarball into an empty directory, and has the tests of the project run that. */
export default function installPackedProgram(project: TestProject): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'lifesign-packed-'));
  npm(['pack', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  npm(
    ['install', '--silent', '--no-save', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`],
    folder,
  );
  project.provide('lifesignBin', path.join(folder, 'node_modules/lifesign/bin/lifesign'));
  return () => rmSync(folder, { recursive: true, force: true });
}

function npm(args: readonly string[], cwd: string): void {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 2, 2] });
}
