import { fault, LsError } from '../../std/index.ts';
import { formatEndpoint, isLoopback } from '../endpoint.ts';

const DEFAULT_PORTS = { 'https:': 443, 'http:': 80 } as const;

/** `https://HOST:PORT` in its canonical form. Throws LS_CONFIG_URL for anything with another scheme, a path or a user. */
export function originOf(text: string, scheme: 'https:' | 'http:'): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url?.protocol === scheme &&
    url.hostname !== '' &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === '';
  if (url === undefined || !isPlain) {
    throw new LsError(
      fault('LS_CONFIG_URL', `${JSON.stringify(text.slice(0, 200))} is no ${scheme}//HOST:PORT`),
    );
  }
  return url.origin;
}

/** The host of a URL as certificates and sockets name it: no brackets. */
export function hostOfUrl(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Where a server of this URL listens unless told otherwise: its port, on loopback only if the URL is. */
export function listenForUrl(text: string): string {
  const url = new URL(text);
  const scheme = url.protocol === 'http:' ? 'http:' : 'https:';
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  const host = hostOfUrl(text);
  if (!isLoopback(host)) return formatEndpoint({ host: '::', port });
  return formatEndpoint({ host: host === '::1' ? '::1' : '127.0.0.1', port });
}
