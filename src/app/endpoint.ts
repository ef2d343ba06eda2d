import { err, fault, ok, type Fault, type Result } from '../std/index.ts';

/** Where something listens or is reached. `host` has no brackets; port 0 means "any free one" when listening. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const MAX_ENDPOINT_CHARS = 262;
const ENDPOINT =
  /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9])?)):(\d{1,5})$/;
const WILDCARDS: readonly string[] = ['0.0.0.0', '::', '0:0:0:0:0:0:0:0'];

/** Reads `HOST:PORT` or `[IPV6]:PORT`. */
export function parseEndpoint(text: string): Result<Endpoint, Fault> {
  const match = text.length <= MAX_ENDPOINT_CHARS ? ENDPOINT.exec(text) : null;
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535)) {
    return err(fault('LS_CONFIG_ADDRESS', `${JSON.stringify(text.slice(0, 80))} is not HOST:PORT`));
  }
  return ok({ host, port });
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** True for an address that means "every interface" and that nobody else can dial. */
export function isWildcard(endpoint: Endpoint): boolean {
  return WILDCARDS.includes(endpoint.host);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.endsWith('.localhost') || /^127\./.test(host);
}
