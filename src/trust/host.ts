import { equalBytes, fault, type Fault } from '../std/index.ts';
import { parseIp, type Certificate, type GeneralName } from '../x509/index.ts';

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

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
  if (name.kind !== 'dns' || !HOST_NAME.test(host)) return false;
  return name.value.toLowerCase() === host.toLowerCase();
}

function withoutBrackets(host: string): string {
  return /^\[.*:.*\]$/.test(host) ? host.slice(1, -1) : host;
}
