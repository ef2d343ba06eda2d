import { oids } from '../oids.ts';
import type { Lint } from './lint.ts';

/**
 * Only http URLs of OCSP responders, not critical; none in a self-signed certificate, which nobody revokes, nor in a
 * responder's own, which nobody asks about. Source: RFC 5280 §4.2.2.1, RFC 6960 §3.1.
 */
export const authorityInfoAccess: Lint = {
  rule: 'authority-info-access',
  check({ certificate, profile }) {
    const { authorityInfoAccess: extension, ocspNoCheck } = certificate.extensions;
    if (extension === undefined) return undefined;
    if (extension.critical) return 'critical';
    if (profile.kind === 'authority' && profile.selfSigned) return 'present in a self-signed certificate';
    if (ocspNoCheck !== undefined) return 'present in a responder';
    const onlyOcsp = extension.value.every(
      ({ method, location }) =>
        method === oids.ocspAccess && location.kind === 'uri' && location.value.startsWith('http://'),
    );
    return onlyOcsp ? undefined : 'an access that is no http URL of an OCSP responder';
  },
};
