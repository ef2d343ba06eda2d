import { err, fault, ok, parseNodeName } from '../std/index.ts';
import type { Fault, NodeName, Result } from '../std/index.ts';
import { parseIpAddress } from '../trust/index.ts';
import { MAX_NAMES_PER_CERTIFICATE } from './limits.ts';

const MAX_DNS_NAME = 253;
const DNS_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Subject alternative names beside the SPIFFE id: checked, without duplicates, sorted. */
export interface GrantedNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** LS_NAME_INVALID for what is not one lower-case DNS label. */
export function checkNodeName(text: string): Result<NodeName, Fault> {
  const name = parseNodeName(text);
  return name === undefined ? err(fault('LS_NAME_INVALID', `${quote(text)} is not a node name`)) : ok(name);
}

/** LS_SAN_LIMIT beyond MAX_NAMES_PER_CERTIFICATE, LS_SAN_INVALID for a name that no certificate may hold. */
export function checkGrantedNames(
  dns: readonly string[],
  ip: readonly string[],
): Result<GrantedNames, Fault> {
  if (dns.length + ip.length > MAX_NAMES_PER_CERTIFICATE) {
    return err(fault('LS_SAN_LIMIT', `${dns.length + ip.length} names were asked for`));
  }
  const badDns = dns.find((name) => !isDnsName(name));
  if (badDns !== undefined) return err(fault('LS_SAN_INVALID', `${quote(badDns)} is not a DNS name`));
  const badIp = ip.find((address) => parseIpAddress(address) === undefined);
  if (badIp !== undefined) return err(fault('LS_SAN_INVALID', `${quote(badIp)} is not an IP address`));
  return ok({ dns: sortedOnce(dns), ip: sortedOnce(ip) });
}

/** A host name in A-label form that is not an address literal in disguise. */
export function isDnsName(text: string): boolean {
  return text.length <= MAX_DNS_NAME && DNS_NAME.test(text) && !/^[0-9.]+$/.test(text);
}

/** At most 80 characters of hostile text, fit for one line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function sortedOnce(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}
