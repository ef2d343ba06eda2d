/*
 * A check that never fails proves nothing: each one of the tool set is put to a planted fault, in a small project
 * that has this project's own configuration, and to the same project without the fault.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/project.ts';

const root = projectRoot();
const { resolve } = createRequire(import.meta.url);
const COPIED = [
  'package.json',
  'tsconfig.json',
  'eslint.config.js',
  'vitest.config.ts',
  '.dependency-cruiser.mjs',
  '.prettierrc.json',
  '.prettierignore',
  'scripts/project.ts',
  'scripts/system-tools.ts',
  'scripts/test.ts',
  'bin',
];
const GOOD: Readonly<Record<string, string>> = {
  'src/std/index.ts': "export { one } from './one.ts';\n",
  'src/std/one.ts': 'export const one = 1;\n',
  'src/codec/index.ts': "export { two } from './two.ts';\n",
  'src/codec/two.ts': "import { one } from '../std/index.ts';\n\nexport const two = one + 1;\n",
  'src/io/index.ts': "export { now } from './now.ts';\n",
  'src/io/now.ts': 'export function now(): number {\n  return Date.now();\n}\n',
};
const PASSING_TEST =
  "import { expect, it } from 'vitest';\n\nit('holds', () => {\n  expect(1).toBe(1);\n});\n";

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lifesign-checks-'));
  for (const file of COPIED) cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is planted, the file that holds it, its text, and the rule or code that must name it. */
type Plant = readonly [what: string, file: string, text: string, rule: string];

/** Lays out src/ and test/ anew as the good project with `changes`, and runs a tool there. */
function check(tool: readonly string[], changes: Readonly<Record<string, string>>, from = GOOD): Outcome {
  for (const name of ['src', 'test']) rmSync(path.join(folder, name), { recursive: true, force: true });
  mkdirSync(path.join(folder, 'src'));
  for (const [file, text] of Object.entries({ ...from, ...changes })) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  const env = { ...process.env };
  delete env['LIFESIGN_TEST_TALLY'];
  const run = spawnSync(process.execPath, tool, { cwd: folder, env, encoding: 'utf8' });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

function filesOf(plants: readonly Plant[]): Readonly<Record<string, string>> {
  return Object.fromEntries(plants.map(([, file, text]) => [file, text]));
}

/** The plants that no line of `output` names by file and rule. */
function missedIn(output: string, plants: readonly Plant[]): readonly Plant[] {
  const lines = output.split('\n');
  return plants.filter(
    ([, file, , rule]) => !lines.some((line) => line.includes(file) && line.includes(rule)),
  );
}

describe('tsc', () => {
  const tsc = [resolve('typescript/bin/tsc'), '--noEmit'];
  const plants: readonly Plant[] = [
    ['a wrong type', 'src/io/type.ts', "export const x: number = 'one';\n", 'TS2322'],
    [
      'an unchecked index',
      'src/io/at.ts',
      'export const x = (y: readonly number[]): number => y[0];\n',
      'TS2322',
    ],
    ['an enum', 'src/io/enum.ts', 'export enum X {\n  a,\n}\n', 'TS1294'],
    ['an unused local', 'src/io/unused.ts', 'const x = 1;\n\nexport {};\n', 'TS6133'],
  ];

  it('passes the good project', () => {
    expect(check(tsc, {})).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('fails on each planted fault', () => {
    const { status, stdout } = check(tsc, filesOf(plants));
    expect(missedIn(stdout, plants)).toEqual([]);
    expect(status).not.toBe(0);
  });
});

describe('eslint', () => {
  const eslint = [
    path.resolve(resolve('eslint/package.json'), '../bin/eslint.js'),
    '--max-warnings',
    '0',
    'src',
  ];
  const plants: readonly Plant[] = [
    ['any', 'src/io/any.ts', 'export const x = (y: any): void => {\n  void y;\n};\n', 'any'],
    [
      'a non-null assertion',
      'src/io/bang.ts',
      'export const x = (y: string | null): number => y!.length;\n',
      'non-null',
    ],
    [
      'a promise nobody waits for',
      'src/io/float.ts',
      'export function x(): void {\n  Promise.resolve();\n}\n',
      'floating',
    ],
    [
      'a silenced compiler',
      'src/io/ignore.ts',
      "// @ts-expect-error it is so\nexport const x: number = 'x';\n",
      'ts-comment',
    ],
    ['work put off', 'src/io/later.ts', '// TODO: later\nexport const x = 1;\n', 'warning-comments'],
    [
      'an exit beside exit.ts',
      'src/io/exit.ts',
      'export const x = (): void => {\n  process.exitCode = 1;\n};\n',
      'restricted-syntax',
    ],
    [
      'the clock in a pure folder',
      'src/std/date.ts',
      'export const x = (): number => Date.now();\n',
      'restricted-globals',
    ],
    [
      'a timer in a pure folder',
      'src/mesh/timer.ts',
      'setTimeout(() => undefined, 1);\n\nexport const x = 1;\n',
      'restricted-globals',
    ],
    [
      'output in a pure folder',
      'src/authority/log.ts',
      "console.log('x');\n\nexport const x = 1;\n",
      'restricted-globals',
    ],
    [
      'dice in a pure folder',
      'src/trust/dice.ts',
      'export const x = (): number => Math.random();\n',
      'restricted-properties',
    ],
    [
      'waiting in a pure folder',
      'src/link/wait.ts',
      'export const x = async (): Promise<void> => {};\n',
      'restricted-syntax',
    ],
    ['a long file', 'src/io/long.ts', 'export {};\n'.repeat(351), 'max-lines'],
    [
      'a rule switched off in place',
      'src/io/off.ts',
      '/* eslint-disable */\nexport const x = (y: any): void => {\n  void y;\n};\n',
      'any',
    ],
  ];

  it('passes the good project', () => {
    expect(check(eslint, {})).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('fails on each planted fault', () => {
    const { status, stdout } = check([...eslint, '--format', 'json'], filesOf(plants));
    expect(status).toBe(1);
    const reports = JSON.parse(stdout) as { filePath: string; messages: { ruleId: string | null }[] }[];
    const lines = reports.flatMap(({ filePath, messages }) =>
      messages.map(({ ruleId }) => `${filePath}: ${ruleId ?? ''}`),
    );
    expect(missedIn(lines.join('\n'), plants)).toEqual([]);
  });

  it('fails when there is nothing to look at', () => {
    expect(check(eslint, {}, {}).status).not.toBe(0);
  });
});

describe('the boundary check', () => {
  const boundaries = [path.join(root, 'scripts/boundaries.ts'), '.'];
  const plants: readonly Plant[] = [
    [
      'a lower layer importing a higher one',
      'src/std/up.ts',
      "import '../codec/index.ts';\n",
      'std-imports-only',
    ],
    [
      'a type import across layers',
      'src/x509/up.ts',
      "import type {} from '../io/index.ts';\n",
      'x509-imports-only',
    ],
    ['a shell importing io', 'src/api/disk.ts', "import '../io/index.ts';\n", 'api-imports-only'],
    ['a folder entered beside its index', 'src/io/in.ts', "import '../std/one.ts';\n", 'enter-through-index'],
    [
      'a part of a folder that is a whole',
      'src/io/part.ts',
      "import '../mesh/part/index.ts';\n",
      'enter-through-index',
    ],
    [
      'a part entered beside its index',
      'src/app/in.ts',
      "import '../io/disk/write.ts';\n",
      'enter-through-index',
    ],
    [
      'the whole of io where a part will do',
      'src/app/all.ts',
      "import '../io/index.ts';\n",
      'app-takes-parts',
    ],
    ['work in the door of app', 'src/app/index.ts', "export * from './all.ts';\n", 'app-door-is-light'],
    [
      'a platform module in a pure folder',
      'src/codec/fs.ts',
      "import 'node:fs';\n",
      'pure-needs-no-platform',
    ],
    ['a package in a pure folder', 'src/codec/yaml.ts', "import 'yaml';\n", 'pure-needs-no-package'],
    ['a development package', 'src/io/tool.ts', "import 'cborg';\n", 'no-development-package'],
    ['a cycle', 'src/mesh/ring.ts', "import './ring-back.ts';\n", 'no-cycle'],
    ['its way back', 'src/mesh/ring-back.ts', "import './ring.ts';\n", 'no-cycle'],
    ['an import of nothing', 'src/std/gone.ts', "import './nowhere.ts';\n", 'resolvable'],
    ['a folder without a rule', 'src/misc/x.ts', "import '../std/index.ts';\n", 'folder-is-listed'],
  ];

  const parts = {
    'src/io/disk/index.ts': "export { write } from './write.ts';\n",
    'src/io/disk/write.ts': 'export const write = 1;\n',
    'src/mesh/part/index.ts': 'export const part = 1;\n',
  };

  it('passes the good project', () => {
    const { status, stdout } = check(boundaries, {});
    expect(stdout).toContain('6 modules');
    expect(status).toBe(0);
  });

  it.each([
    ['a part of io through its index', 'src/app/in.ts', "import '../io/disk/index.ts';\n"],
    [
      'work that is loaded when it is asked for',
      'src/app/index.ts',
      "export const x = () => import('./work.ts');\n",
    ],
    ['types of what app does not load', 'src/app/index.ts', "export type { work } from './work.ts';\n"],
    ['types of a development package', 'src/io/cbor.ts', "export type { encode } from 'cborg';\n"],
  ])('passes %s', (_, file, text) => {
    const work = { 'src/app/work.ts': "export { write as work } from '../io/disk/index.ts';\n" };
    expect(check(boundaries, { ...parts, ...work, [file]: text })).toMatchObject({ status: 0, stderr: '' });
  });

  it('fails on each planted fault', () => {
    const { status, stderr } = check(boundaries, { ...parts, ...filesOf(plants) });
    expect(missedIn(stderr, plants)).toEqual([]);
    expect(status).toBe(1);
  });

  it('fails when there is nothing to look at', () => {
    const { status, stderr } = check(boundaries, {}, {});
    expect(stderr).toContain('no module was looked at');
    expect(status).toBe(1);
  });
});

describe('prettier', () => {
  const prettier = [path.resolve(resolve('prettier/package.json'), '../bin/prettier.cjs'), '--check', 'src'];

  it('passes the good project', () => {
    expect(check(prettier, {}).status).toBe(0);
  });

  it('fails on another format', () => {
    expect(check(prettier, { 'src/std/one.ts': 'export const one = "1"\n' }).status).toBe(1);
  });
});

describe('the test run', () => {
  const test = ['scripts/test.ts', 'unit'];

  it('passes and counts passing tests', () => {
    const { status, stdout } = check(test, { 'test/unit/a.test.ts': PASSING_TEST });
    expect(stdout).toMatch(/\n1 passed, 0 failed\n$/);
    expect(status).toBe(0);
  });

  it('counts failing, skipped and merely announced tests as failed', () => {
    const { status, stdout } = check(test, {
      'test/unit/a.test.ts': PASSING_TEST,
      'test/unit/failing.test.ts': PASSING_TEST.replace('toBe(1)', 'toBe(2)'),
      'test/unit/skipped.test.ts': PASSING_TEST.replace("it('", "it.skip('"),
      'test/unit/announced.test.ts': "import { it } from 'vitest';\n\nit.todo('later');\n",
    });
    expect(stdout).toMatch(/\n1 passed, 3 failed\n$/);
    expect(status).toBe(1);
  });

  it.each([
    ['a test left alone with only', PASSING_TEST.replace("it('", "it.only('")],
    ['an error outside of any test', `${PASSING_TEST}\nthrow new Error('x');\n`],
    ['a rejection nobody waits for', `${PASSING_TEST}\nvoid Promise.reject(new Error('x'));\n`],
  ])('fails on %s', (_, text) => {
    const { status, stdout } = check(test, { 'test/unit/a.test.ts': text });
    expect(stdout).toMatch(/, 1 failed\n$/);
    expect(status).toBe(1);
  });

  it('fails when there is no test at all', () => {
    const { status, stdout } = check(test, {});
    expect(stdout).toMatch(/\n0 passed, 1 failed\n$/);
    expect(status).toBe(1);
  });
});
