import type { Lint } from './lint.ts';

/** Critical, with the profile's path length, in authorities; absent in end entities. Source: RFC 5280 §4.2.1.9. */
export const basicConstraints: Lint = {
  rule: 'basic-constraints',
  check({ certificate, profile }) {
    const extension = certificate.extensions.basicConstraints;
    if (profile.kind === 'end-entity')
      return extension === undefined ? undefined : 'present in an end entity';
    if (extension?.value.ca !== true) return 'not a CA';
    if (!extension.critical) return 'not critical';
    const { pathLen } = extension.value;
    return pathLen === profile.pathLen ? undefined : `path length ${pathLen ?? 'without limit'}`;
  },
};
