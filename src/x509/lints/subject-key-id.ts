import { KEY_ID_BYTES } from '../public-key.ts';
import type { Lint } from './lint.ts';

/** Present everywhere, 20 bytes, not critical. Source: RFC 5280 §4.2.1.2, RFC 7093 §2. */
export const subjectKeyId: Lint = {
  rule: 'subject-key-id',
  check({ certificate }) {
    const extension = certificate.extensions.subjectKeyId;
    if (extension === undefined) return 'missing';
    if (extension.critical) return 'critical';
    return extension.value.length === KEY_ID_BYTES ? undefined : `${extension.value.length} bytes`;
  },
};
