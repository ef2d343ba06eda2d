import type { Lint } from './lint.ts';

/** Extensions need version 3. Source: RFC 5280 §4.1.2.1. */
export const version: Lint = {
  rule: 'version',
  check: ({ certificate }) => (certificate.version === 3 ? undefined : `version ${certificate.version}`),
};
