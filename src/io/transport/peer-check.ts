import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { fault, type Fault } from '../../std/index.ts';
import { plain } from '../crypto/node-crypto.ts';
import { certificateProblem } from './tls-fault.ts';
import { MESH_ALPN } from './credentials.ts';

/** Longest chain that is handed up: leaf and two intermediates. */
const MAX_CHAIN_CERTIFICATES = 3;

/** What is known of a peer whose handshake is complete and found good. */
export interface AuthenticatedPeer {
  /** DER, leaf first, without the root. */
  readonly chain: readonly Uint8Array[];
  readonly tlsVersion: string;
}

export type PeerCheck =
  | { readonly ok: true; readonly peer: AuthenticatedPeer }
  /** `speaks` when the peer speaks our protocol, so that it can be told the reason. */
  | { readonly ok: false; readonly reason: Fault; readonly speaks: boolean };

/**
 * The one place that decides whether a completed handshake counts. Both sides ask it before anything is read or
 * handed up. The TLS layer is told not to reject by itself, only to verify: Node's own rejection drops the
 * connection without a word, and the peer would never learn why.
 */
export function checkPeer(socket: TLSSocket): PeerCheck {
  const protocol = protocolProblem(socket);
  if (protocol !== undefined) return { ok: false, reason: protocol, speaks: false };
  const chain = peerChain(socket);
  if (chain.length === 0) return refused('the peer shows no certificate');
  if (!socket.authorized) return refused(certificateProblem(socket.authorizationError));
  return { ok: true, peer: { chain, tlsVersion: socket.getProtocol() ?? '' } };
}

function refused(why: string): PeerCheck {
  return { ok: false, reason: fault('LS_TLS_PEER_CERTIFICATE', why), speaks: true };
}

function protocolProblem(socket: TLSSocket): Fault | undefined {
  const version = socket.getProtocol();
  if (version !== 'TLSv1.3') return fault('LS_TLS_PROTOCOL', `the peer speaks ${version ?? 'no TLS'}`);
  if (socket.alpnProtocol !== MESH_ALPN) {
    const spoken = socket.alpnProtocol === false ? 'none' : JSON.stringify(socket.alpnProtocol);
    return fault('LS_TLS_PROTOCOL', `the application protocol (ALPN) is ${spoken}, not ${MESH_ALPN}`);
  }
  // A resumed session skips the check of the certificate. None can be resumed, because none is kept.
  if (socket.isSessionReused()) return fault('LS_TLS_RESUMED', 'the peer resumed an earlier session');
  return undefined;
}

function peerChain(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (next !== undefined && !isSelfIssued(next) && chain.length < MAX_CHAIN_CERTIFICATES) {
    chain.push(Uint8Array.from(plain(next.raw)));
    next = next.issuerCertificate;
  }
  return chain;
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer;
}
