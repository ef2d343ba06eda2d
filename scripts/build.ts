/** `npm run build`: compiles src/ to dist/, from scratch, with the declared program executable. */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from './project.ts';

const root = projectRoot();
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
if (!existsSync(path.join(root, 'dist', 'cli', 'main.js')))
  throw new Error('the build made no dist/cli/main.js');
