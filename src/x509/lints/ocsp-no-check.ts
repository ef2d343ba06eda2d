import { isResponderProfile } from '../profiles/profile.ts';
import type { Lint } from './lint.ts';

/**
 * In OCSP responders, whose certificates are too short-lived to be asked about, and nowhere else; not critical.
 * Source: RFC 6960 §4.2.2.2.1.
 */
export const ocspNoCheck: Lint = {
  rule: 'ocsp-no-check',
  check({ certificate, profile }) {
    const extension = certificate.extensions.ocspNoCheck;
    if (extension?.critical === true) return 'critical';
    if (isResponderProfile(profile)) return extension === undefined ? 'missing in a responder' : undefined;
    return extension === undefined ? undefined : 'in what is no responder';
  },
};
