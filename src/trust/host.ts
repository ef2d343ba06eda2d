import { equalBytes, fault, type Fault } from '../std/index.ts';
import { hostLabels, parseIp, type Certificate, type GeneralName } from '../x509/index.ts';

/**
 * Checks that `certificate` speaks for `host`, as it stood in the URL: a name in A-label form, or an address
 * literal (IPv6 with or without brackets). Only subjectAltName counts, the common name never; wildcards match
 * nothing. Error: LS_TRUST_HOST. Source: RFC 9525 §6.
 */
export function checkHost(certificate: Certificate, host: string): Fault | undefined {
  const names = certificate.extensions.subjectAltName?.value ?? [];
  if (names.some((name) => namesHost(name, host))) return undefined;
  return fault(
    'LS_TRUST_HOST',
    `certificate ${certificate.serialHex} does not hold the host name it was asked for`,
  );
}

function namesHost(name: GeneralName, host: string): boolean {
  const address = parseIp(withoutBrackets(host));
  if (address !== undefined) return name.kind === 'ip' && equalBytes(name.address, address);
  return (
    name.kind === 'dns' && hostLabels(host) !== undefined && name.value.toLowerCase() === host.toLowerCase()
  );
}

function withoutBrackets(host: string): string {
  return /^\[.*:.*\]$/.test(host) ? host.slice(1, -1) : host;
}
