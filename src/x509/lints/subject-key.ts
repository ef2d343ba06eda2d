import type { Lint } from './lint.ts';

/** A key of a kind the profile takes. Source: RFC 5280 §4.1.2.7, RFC 5480 §2, RFC 8410 §4. */
export const subjectKey: Lint = {
  rule: 'subject-key',
  check({ certificate: { keyAlgorithm }, profile }) {
    if (keyAlgorithm !== null && profile.keyAlgorithms.includes(keyAlgorithm)) return undefined;
    return `the key is ${keyAlgorithm ?? 'of an unknown kind'}, not one of ${profile.keyAlgorithms.join(', ')}`;
  },
};
