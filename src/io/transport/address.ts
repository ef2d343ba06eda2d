import { isIPv6 } from 'node:net';
import { fault, LsError } from '../../std/index.ts';

/** Where to connect: `host` without brackets. */
export interface SocketPlace {
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65_535;
const BRACKETED = /^\[([0-9a-fA-F:.]{2,45})\]:([0-9]{1,5})$/;
const NAMED = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?):([0-9]{1,5})$/;
const MAPPED_IPV4 = /^::ffff:([0-9.]+)$/i;

/** Reads HOST:PORT or [IPV6]:PORT; port 0 is for listening only. Throws LS_NET_ADDRESS. */
export function parseAddress(text: string): SocketPlace {
  const bracketed = BRACKETED.exec(text);
  const [, host, digits] = bracketed ?? NAMED.exec(text) ?? [];
  const port = Number(digits);
  const isHost = host !== undefined && (bracketed === null || isIPv6(host));
  if (isHost && port <= MAX_PORT) return { host, port };
  throw new LsError(fault('LS_NET_ADDRESS', `${JSON.stringify(text.slice(0, 80))} is not HOST:PORT`));
}

/** HOST:PORT or [IPV6]:PORT; an IPv4 address seen through an IPv6 socket is written as IPv4. */
export function formatAddress(host: string, port: number): string {
  const plainHost = plainAddress(host);
  return plainHost.includes(':') ? `[${plainHost}]:${String(port)}` : `${plainHost}:${String(port)}`;
}

/** One spelling for one machine: `::ffff:10.0.0.1` is 10.0.0.1. */
export function plainAddress(host: string): string {
  return MAPPED_IPV4.exec(host)?.[1] ?? host;
}
