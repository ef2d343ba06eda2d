import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import { parseIpAddress } from '../trust/index.ts';
import { MAX_ADDRESS_BYTES } from './limits.ts';
import { isDnsName, quote } from './names.ts';

const MAX_PORT = 65_535;
const HOST_PORT = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^[\]:]+)):(?<port>[1-9][0-9]{0,4})$/;

/** LS_ADDRESS_INVALID for what is not `HOST:PORT` with a DNS name, an IPv4 address or a bracketed IPv6 address. */
export function checkAddress(text: string): Result<string, Fault> {
  const groups = text.length <= MAX_ADDRESS_BYTES ? HOST_PORT.exec(text)?.groups : undefined;
  const isHost = groups?.['v6'] === undefined ? isPlainHost(groups?.['host']) : isIpv6(groups['v6']);
  if (isHost && Number(groups?.['port']) <= MAX_PORT) return ok(text);
  return err(fault('LS_ADDRESS_INVALID', `${quote(text)} is not HOST:PORT`));
}

function isPlainHost(host: string | undefined): boolean {
  return host !== undefined && (isDnsName(host.toLowerCase()) || parseIpAddress(host)?.length === 4);
}

function isIpv6(literal: string): boolean {
  return parseIpAddress(literal)?.length === 16;
}
