/**
 * `node scripts/test.ts [PROJECT…]`: runs the named vitest projects (by default those that need neither root nor
 * anything installed) and closes with `N passed, N failed` over all of them. A skipped test counts as failed, and
 * so does a run that ended badly without naming a test.
 *
 * With LIFESIGN_TEST_TALLY=FILE the counts are added to FILE as a line `passed failed` instead.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import relay from '../bin/relay.cjs';
import { projectRoot } from './project.ts';
import { installSystemTools } from './system-tools.ts';

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Projects of one group share a vitest run; groups that measure time have the machine to themselves. */
const GROUPS = [['unit', 'cli', 'architecture'], ['integration'], ['packed'], ['conformance'], ['system']];
const DEFAULT = ['unit', 'cli', 'architecture', 'integration', 'packed'];

relay.followParent();
const root = projectRoot();
const { projects, options } = readArguments(process.argv.slice(2));
const tallies = groupsOf(projects).map(runGroup);
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
const tallyFile = process.env['LIFESIGN_TEST_TALLY'];
if (tallyFile !== undefined) appendFileSync(tallyFile, `${passed} ${failed}\n`);
else process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Leading words that name projects choose them; everything after goes to vitest as it is. */
function readArguments(args: readonly string[]): { projects: readonly string[]; options: readonly string[] } {
  const known = GROUPS.flat();
  const rest = args.findIndex((argument) => !known.includes(argument));
  const named = rest === -1 ? args : args.slice(0, rest);
  return { projects: named.length === 0 ? DEFAULT : named, options: rest === -1 ? [] : args.slice(rest) };
}

function groupsOf(wanted: readonly string[]): readonly (readonly string[])[] {
  return GROUPS.map((group) => group.filter((project) => wanted.includes(project))).filter(
    (group) => group.length > 0,
  );
}

function runGroup(group: readonly string[]): Tally {
  if (group.includes('system')) installSystemTools();
  const folder = mkdtempSync(path.join(tmpdir(), 'lifesign-test-'));
  try {
    return runVitest(group, path.join(folder, 'report.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runVitest(group: readonly string[], report: string): Tally {
  const vitest = path.join(
    path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
    'vitest.mjs',
  );
  const started = performance.now();
  const run = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      ...group.flatMap((project) => ['--project', project]),
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...options,
    ],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const tally = existsSync(report) ? readReport(report) : { passed: 0, failed: 0 };
  const failed = tally.failed === 0 && run.status !== 0 ? 1 : tally.failed;
  process.stdout.write(
    `${group.join(' + ')}: ${tally.passed} of ${tally.passed + failed} passed in ${seconds} s\n`,
  );
  return { passed: tally.passed, failed };
}

function readReport(file: string): Tally {
  const report = JSON.parse(readFileSync(file, 'utf8')) as { numPassedTests: number; numTotalTests: number };
  return { passed: report.numPassedTests, failed: report.numTotalTests - report.numPassedTests };
}
