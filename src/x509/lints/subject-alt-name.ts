import type { GeneralName } from '../general-name.ts';
import { formatIp } from '../ip.ts';
import { isResponderProfile } from '../profiles/profile.ts';
import type { Lint } from './lint.ts';

/**
 * Present in end entities, absent in authorities and OCSP responders; only URIs, DNS names and addresses, none of them twice.
 * Not critical, because the subject is not empty. Source: RFC 5280 §4.2.1.6.
 */
export const subjectAltName: Lint = {
  rule: 'subject-alt-name',
  check({ certificate, profile }) {
    const extension = certificate.extensions.subjectAltName;
    if (profile.kind === 'authority') return extension === undefined ? undefined : 'present in an authority';
    if (isResponderProfile(profile)) return extension === undefined ? undefined : 'present in a responder';
    if (extension === undefined) return 'missing';
    if (extension.critical) return 'critical beside a subject name';
    const names = extension.value.map(textOf);
    if (names.includes(undefined)) return 'a name that is no URI, DNS name or address';
    return new Set(names).size === names.length ? undefined : 'the same name twice';
  },
};

function textOf(name: GeneralName): string | undefined {
  if (name.kind === 'uri' || name.kind === 'dns') return `${name.kind}:${name.value}`;
  return name.kind === 'ip' ? `ip:${formatIp(name.address)}` : undefined;
}
