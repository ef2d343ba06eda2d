import type { Lint } from './lint.ts';

/** Nothing that no profile asks for. Source: RFC 5280 §4.2 (a CA should know what every extension it signs means). */
export const knownExtensions: Lint = {
  rule: 'known-extensions',
  check({ certificate: { extensions } }) {
    const [other] = [...extensions.unknown, ...extensions.policy];
    if (other !== undefined) return `extension ${other.oid}`;
    return extensions.issuerAltName === undefined ? undefined : 'issuerAltName';
  },
};
