import { connect } from 'node:tls';
import { fault, LsError } from '../../std/index.ts';
import { TLS_BASE } from '../transport/credentials.ts';
import { presentedChain } from './ca-agent.ts';
import { callError } from './ca-fault.ts';
import { parseCaUrl } from './ca-url.ts';

const TIMEOUT_MS = 10_000;

/**
 * The certificates that the server at `url` presents: DER, leaf first, with the root when the server sends it (a CA
 * of lifesign does). Nothing is verified but that the server has the leaf's key, and nothing is sent beyond the
 * handshake: the caller finds the root it pinned among them, then connects again with that root.
 *
 * Throws LS_CA_UNREACHABLE, LS_API_RESPONSE (no TLS 1.3 there) and LS_CONFIG_URL.
 */
export function fetchPresentedChain(url: string): Promise<readonly Uint8Array[]> {
  const { hostname, port, isAddress } = parseCaUrl(url);
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...TLS_BASE,
      host: hostname,
      port,
      ...(isAddress ? {} : { servername: hostname }),
      // The root is not known yet; see above.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const late = new LsError(fault('LS_CA_UNREACHABLE', `${url} did not answer in time`));
    const timer = setTimeout(() => socket.destroy(late), TIMEOUT_MS);
    socket.once('secureConnect', () => {
      resolve(presentedChain(socket.getPeerCertificate(true)));
      socket.end();
    });
    socket.once('error', (cause) => reject(callError(cause, url)));
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new LsError(fault('LS_CA_UNREACHABLE', `${url} closed the connection`)));
    });
  });
}
