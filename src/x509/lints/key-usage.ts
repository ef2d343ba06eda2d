import type { Lint } from './lint.ts';

/** Critical and exactly the profile's. Source: RFC 5280 §4.2.1.3. */
export const keyUsage: Lint = {
  rule: 'key-usage',
  check({ certificate, profile }) {
    const extension = certificate.extensions.keyUsage;
    if (extension === undefined) return 'missing';
    if (!extension.critical) return 'not critical';
    const { value } = extension;
    const same =
      value.size === profile.keyUsage.length && profile.keyUsage.every((usage) => value.has(usage));
    return same ? undefined : [...value].join(', ');
  },
};
