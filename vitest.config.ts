import { defineConfig } from 'vitest/config';

/** Limits for tests that start real processes, sockets and files. */
const REAL = { testTimeout: 240_000, hookTimeout: 240_000, expect: { poll: { timeout: 30_000 } } };

/**
 * One project per kind of test. `packed` runs those of `cli` and `integration` that start the program once more:
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
      { extends: true, test: { name: 'unit', include: ['test/{unit,property,vectors,sim}/**/*.test.ts'] } },
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
          // Those that start the program: the rest imports src and would only run twice. Left out are the crash tests,
          // revocation and renewal: long, and about what the program does rather than about what was packed.
          include: [
            'test/cli/**/*.test.ts',
            'test/integration/{audit,ca-server,enroll,interop,mesh,pki-init}.test.ts',
          ],
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
