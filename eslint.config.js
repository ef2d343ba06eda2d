import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Folders of src/ that are pure: the world reaches them as arguments and leaves them as values. */
const SANS_IO = ['std', 'codec', 'x509', 'trust', 'heartbeat', 'link', 'membership', 'ledger', 'mesh', 'sim'];
const WORLD = [
  'process',
  'Buffer',
  'console',
  'Date',
  'performance',
  'fetch',
  'crypto',
  'global',
  'globalThis',
];
const TIMERS = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'clearTimeout',
  'clearInterval',
];
const INSTEAD = 'time, randomness and effects come in as arguments and go out as values in this folder';

const noWorld = ['error', ...[...WORLD, ...TIMERS].map((name) => ({ name, message: INSTEAD }))];
const noRandom = ['error', { object: 'Math', property: 'random', message: INSTEAD }];
const noAsync = [
  { selector: ':function[async=true]', message: INSTEAD },
  { selector: 'AwaitExpression', message: INSTEAD },
  { selector: 'ImportExpression', message: INSTEAD },
  { selector: "Identifier[name='Promise']", message: INSTEAD },
];
const noStrayExit = {
  selector: "MemberExpression[object.name='process'][property.name=/^(exit|exitCode|abort|reallyExit)$/]",
  message: 'only src/cli/exit.ts ends the process',
};

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'node_modules/']),
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.cts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'max-lines': ['error', { max: 350 }],
      complexity: ['error', { max: 15, variant: 'modified' }],
      eqeqeq: 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'] }],
    },
  },
  {
    files: ['src/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/cli/exit.ts'],
    rules: { 'no-restricted-syntax': ['error', noStrayExit] },
  },
  {
    files: SANS_IO.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-globals': noWorld,
      'no-restricted-properties': noRandom,
      'no-restricted-syntax': ['error', ...noAsync],
    },
  },
  {
    files: ['src/authority/**/*.ts', 'src/audit/**/*.ts'],
    rules: { 'no-restricted-globals': noWorld, 'no-restricted-properties': noRandom },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines': ['error', { max: 600 }], '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs', 'bin/lifesign'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    files: ['bin/lifesign', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly', __filename: 'readonly' } },
  },
);
