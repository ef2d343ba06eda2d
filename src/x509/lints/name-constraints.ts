import type { Lint } from './lint.ts';

/**
 * Critical where the profile wants them, and then with a permitted subtree for every kind of name that is limited: a kind
 * that is not mentioned is not constrained at all, which is meant for addresses. Source: RFC 5280 §4.2.1.10.
 */
export const nameConstraints: Lint = {
  rule: 'name-constraints',
  check({ certificate, profile }) {
    const extension = certificate.extensions.nameConstraints;
    const wanted = profile.kind === 'authority' && profile.nameConstraints;
    if (!wanted) return extension === undefined ? undefined : 'present where none belong';
    if (extension === undefined) return 'missing';
    if (!extension.critical) return 'not critical';
    const kinds = new Set(extension.value.permitted.map(({ kind }) => kind));
    const missing = (['uri', 'dns'] as const).find((kind) => !kinds.has(kind));
    return missing === undefined ? undefined : `nothing permitted of kind ${missing}, so everything is`;
  },
};
