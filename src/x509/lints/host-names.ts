import type { Lint } from './lint.ts';

const MAX_DNS_NAME = 253;
const DNS_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const ALL_NUMERIC = /^[0-9.]+$/;

/**
 * Lower-case DNS names in preferred name syntax, no wildcards, no addresses in disguise, no unspecified
 * address; as many as the profile wants. Source: RFC 5280 §4.2.1.6, RFC 1034 §3.5, RFC 9525 §6.3.
 */
export const hostNames: Lint = {
  rule: 'host-names',
  check({ certificate, profile }) {
    const names = certificate.extensions.subjectAltName?.value ?? [];
    const hosts = names.filter((name) => name.kind === 'dns' || name.kind === 'ip');
    const policy = profile.kind === 'end-entity' ? profile.hosts : 'none';
    if (policy === 'none' && hosts.length > 0) return 'a host name where none belongs';
    if (policy === 'required' && hosts.length === 0) return 'no host name';
    for (const host of hosts) {
      if (host.kind === 'ip' && host.address.every((byte) => byte === 0)) return 'the unspecified address';
      if (host.kind === 'dns' && !isHostName(host.value)) return `"${host.value}" is not a host name`;
    }
    return undefined;
  },
};

function isHostName(text: string): boolean {
  return text.length <= MAX_DNS_NAME && DNS_NAME.test(text) && !ALL_NUMERIC.test(text);
}
