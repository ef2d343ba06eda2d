import { isIP } from 'node:net';
import { fault, LsError } from '../../std/index.ts';

/** A CA's URL taken apart. */
export interface CaPlace {
  readonly url: URL;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly isAddress: boolean;
}

const HTTPS_PORT = 443;

/** Reads https://HOST[:PORT] without path, query, or user. Throws LS_CONFIG_URL. */
export function parseCaUrl(text: string): CaPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBare =
    url?.pathname === '/' && url.search === '' && url.hash === '' && url.username + url.password === '';
  if (url?.protocol !== 'https:' || !isBare) {
    throw new LsError(fault('LS_CONFIG_URL', `${JSON.stringify(text.slice(0, 120))} is no URL of a CA`));
  }
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? HTTPS_PORT : Number(url.port);
  return { url, hostname, port, isAddress: isIP(hostname) !== 0 };
}
