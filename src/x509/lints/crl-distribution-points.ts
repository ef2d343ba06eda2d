import type { DistributionPoint } from '../distribution-point.ts';
import type { Extension } from '../extensions.ts';
import type { Lint } from './lint.ts';

/**
 * One point with http URLs, for all reasons, signed by the issuer itself; not critical. http, because a client
 * that checked the CRL server's certificate would need its CRL. Source: RFC 5280 §4.2.1.13, §4.2.1.15 and §8.
 */
export const crlDistributionPoints: Lint = {
  rule: 'crl-distribution-points',
  check({ certificate }) {
    return (
      problemOf(certificate.extensions.crlDistributionPoints) ?? problemOf(certificate.extensions.freshestCrl)
    );
  },
};

function problemOf(extension: Extension<readonly DistributionPoint[]> | undefined): string | undefined {
  if (extension === undefined) return undefined;
  if (extension.critical) return 'critical';
  const [point, ...others] = extension.value;
  if (point === undefined || others.length > 0) return `${extension.value.length} distribution points`;
  if (point.relative || point.partialReasons || point.crlIssuer.length > 0)
    return 'not one CRL for all reasons';
  const onlyHttp = point.fullName.every((name) => name.kind === 'uri' && name.value.startsWith('http://'));
  return onlyHttp && point.fullName.length > 0 ? undefined : 'a distribution point that is no http URL';
}
