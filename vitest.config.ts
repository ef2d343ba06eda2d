import { defineConfig } from 'vitest/config';

/** Limits for tests that start real processes, sockets and files. */
const REAL = { testTimeout: 240_000, hookTimeout: 240_000, fileParallelism: false };

/**
 * One project per kind of test. `integration` and `packed` run the same files: against the checkout, and
 * against the tarball that `npm pack` makes (see test/support/packed-program.ts).
 */
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 10_000,
    allowOnly: false,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html'] },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/{unit,property,vectors}/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'architecture', include: ['test/architecture/**/*.test.ts'], testTimeout: 120_000 },
      },
      { extends: true, test: { name: 'cli', include: ['test/cli/**/*.test.ts'], testTimeout: 240_000 } },
      { extends: true, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...REAL } },
      {
        extends: true,
        test: {
          name: 'packed',
          include: ['test/{integration,cli}/**/*.test.ts'],
          // Long, and about the ledger rather than about what was packed.
          exclude: ['test/integration/node-crash.test.ts'],
          globalSetup: 'test/support/packed-program.ts',
          ...REAL,
        },
      },
      {
        extends: true,
        test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        extends: true,
        test: { name: 'system', include: ['test/system/**/*.test.ts'], ...REAL, testTimeout: 300_000 },
      },
    ],
  },
});
