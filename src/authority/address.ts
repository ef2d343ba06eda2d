import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import { parseIpAddress } from '../trust/index.ts';
import { MAX_ADDRESS_BYTES } from './limits.ts';
import { isDnsName, quote } from './names.ts';

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const MAX_PORT = 65_535;
const HOST_PORT = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^[\]:]+)):(?<port>[1-9][0-9]{0,4})$/;

/** LS_ADDRESS_INVALID for what is not `HOST:PORT` with a DNS name, an IPv4 address or a bracketed IPv6 address. */
export function checkAddress(text: string): Result<string, Fault> {
  const groups = text.length <= MAX_ADDRESS_BYTES ? HOST_PORT.exec(text)?.groups : undefined;
  const isHost =
    groups?.['v6'] === undefined ? isPlainHost(groups?.['host']) : isAddress(groups['v6'], IPV6_BYTES);
  if (isHost && Number(groups?.['port']) <= MAX_PORT) return ok(text);
  return err(fault('LS_ADDRESS_INVALID', `${quote(text)} is not HOST:PORT`));
}

function isPlainHost(host: string | undefined): boolean {
  return host !== undefined && (isDnsName(host.toLowerCase()) || isAddress(host, IPV4_BYTES));
}

/** The unspecified address means every interface, and nobody can dial it. */
function isAddress(literal: string, length: number): boolean {
  const address = parseIpAddress(literal);
  return address?.length === length && address.some((byte) => byte !== 0);
}
