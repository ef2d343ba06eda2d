import type { Socket } from 'node:net';
import { TLSSocket, type DetailedPeerCertificate } from 'node:tls';
import { err, fault, type Fault, type NodeId, type Result, type UnixMs } from '../../std/index.ts';
import {
  judgeCertificate,
  judgeRenewing,
  recheck,
  type TrustMaterial,
  type VerifiedOperator,
  type VerifiedPeer,
} from '../../trust/index.ts';
import type { PeerGate } from './context.ts';

/** Certificates taken from a handshake: the caller's, its issuing CA's, the root's. */
const MAX_PRESENTED = 4;

/** What the gate judges by; both change with every publication. */
export interface GateTrust {
  material(): TrustMaterial;
  /** Why an identity that was revoked or removed may no longer call, whatever its certificate says. */
  whyEnded(nodeId: NodeId): Fault | undefined;
}

export interface GateOptions {
  /** How long after its certificate ran out a node may still renew it; 0 for not at all. */
  readonly graceAfterExpiryMs: number;
}

/**
 * The gate of a TLS listener: OpenSSL has to have accepted the client certificate, and our own rules have to
 * accept it now, by the revocations this CA has signed so far. The path of a connection is judged once; dates and
 * revocation at every call.
 */
export function tlsPeerGate(
  trust: GateTrust,
  now: () => UnixMs,
  { graceAfterExpiryMs }: GateOptions,
): PeerGate {
  const material = (): TrustMaterial => trust.material();
  const peers = new WeakMap<Socket, VerifiedPeer>();
  const operators = new WeakMap<Socket, VerifiedOperator>();
  return {
    node(socket) {
      const known = peers.get(socket);
      const judged =
        known === undefined
          ? judgeClient(socket, (chain) => judgeCertificate(material(), chain, 'node', now()))
          : recheck(material(), known, now());
      if (!judged.ok) return judged;
      peers.set(socket, judged.value);
      const ended = trust.whyEnded(judged.value.nodeId);
      return ended === undefined ? judged : err(ended);
    },
    renewing(socket) {
      const judged = judgeClient(
        socket,
        (chain) => judgeRenewing(material(), chain, graceAfterExpiryMs, now()),
        graceAfterExpiryMs > 0,
      );
      const ended = judged.ok ? trust.whyEnded(judged.value.nodeId) : undefined;
      return ended === undefined ? judged : err(ended);
    },
    operator(socket) {
      const known = operators.get(socket);
      const judged =
        known === undefined
          ? judgeClient(socket, (chain) => judgeCertificate(material(), chain, 'operator', now()))
          : recheck(material(), known, now());
      if (judged.ok) operators.set(socket, judged.value);
      return judged;
    },
    recheck(peer) {
      const judged = recheck(material(), peer, now());
      return judged.ok ? trust.whyEnded(peer.nodeId) : judged.error;
    },
  };
}

function judgeClient<T>(
  socket: Socket,
  judge: (chain: readonly Uint8Array[]) => Result<T, Fault>,
  mayHaveExpired = false,
): Result<T, Fault> {
  if (!(socket instanceof TLSSocket)) {
    return err(fault('LS_API_NO_CERTIFICATE', 'this call needs a client certificate, so TLS'));
  }
  const chain = presentedChain(socket);
  if (chain.length === 0) {
    return err(fault('LS_API_NO_CERTIFICATE', 'the caller presented no client certificate'));
  }
  const judged = judge(chain);
  // Our own verdict comes first, because it names the reason; OpenSSL's has to agree.
  if (!judged.ok || socket.authorized) return judged;
  if (mayHaveExpired && verificationError(socket.authorizationError) === 'CERT_HAS_EXPIRED') return judged;
  return err(
    fault(
      'LS_API_NO_CERTIFICATE',
      `the client certificate was refused: ${verificationError(socket.authorizationError)}`,
    ),
  );
}

/** OpenSSL goes by this host's clock alone, so a clock set back disagrees with our verdict. */
function verificationError(error: unknown): string {
  const name = error instanceof Error ? error.message : String(error);
  return name === 'CERT_NOT_YET_VALID' ? `${name} (is the clock of the CA right?)` : name;
}

/** DER of what was presented, without the self-signed root at its end. */
function presentedChain(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_PRESENTED) {
    const issuer: DetailedPeerCertificate | undefined = next.issuerCertificate;
    const isSelfSigned: boolean = issuer === undefined || issuer === next || issuer.raw.equals(next.raw);
    if (isSelfSigned && chain.length > 0) break;
    chain.push(new Uint8Array(next.raw));
    next = isSelfSigned ? undefined : issuer;
  }
  return chain;
}
