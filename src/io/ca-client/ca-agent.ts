import type { KeyObject } from 'node:crypto';
import { Agent } from 'node:https';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import { encodePem } from '../../codec/index.ts';
import { LsError, type Fault, type Result } from '../../std/index.ts';
import {
  judgeCaServer,
  judgeServer,
  MAX_PRESENTED_CERTIFICATES,
  type TrustBundle,
  type TrustMaterial,
} from '../../trust/index.ts';
import { nodeCrypto, plain } from '../crypto/node-crypto.ts';
import { systemClock } from '../system/system.ts';
import { TLS_BASE } from '../transport/credentials.ts';

/** How a CA is recognised, and what is shown to it. */
export interface CaIdentity {
  readonly bundle: Pick<TrustBundle, 'anchors'>;
  /**
   * Present once the node holds CRLs: the server is then judged in full, by what this returns at the time. Without
   * it (enrollment) it is judged without revocation data.
   */
  readonly trust?: (() => TrustMaterial) | undefined;
  /** The certificate that calls for members need. DER, leaf first. */
  readonly client?: { readonly key: KeyObject; readonly chain: readonly Uint8Array[] } | undefined;
}

const MAX_SOCKETS = 8;

/**
 * TLS 1.3 connections to one CA. The server counts only when OpenSSL finds a path to a pinned root and our own rules
 * find a CA server of that host: a node's certificate, which is good for TLS servers too, is not enough.
 */
export function caAgent(url: URL, identity: CaIdentity): Agent {
  const { bundle, client } = identity;
  return new Agent({
    ...TLS_BASE,
    ca: bundle.anchors.map(({ der }) => encodePem('CERTIFICATE', der)),
    ...(client === undefined
      ? {}
      : {
          key: client.key.export({ format: 'pem', type: 'pkcs8' }),
          cert: client.chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
        }),
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    // No session is kept, so none is resumed.
    maxCachedSessions: 0,
    checkServerIdentity: (_, certificate) => {
      const verdict = judge(identity, presentedChain(certificate), url.hostname);
      return verdict.ok ? undefined : new LsError(verdict.error);
    },
  });
}

function judge(identity: CaIdentity, chain: readonly Uint8Array[], host: string): Result<unknown, Fault> {
  const now = systemClock.now().wall;
  return identity.trust === undefined
    ? judgeCaServer(identity.bundle, chain, host, nodeCrypto, now)
    : judgeServer(identity.trust(), chain, host, now);
}

/** DER of the certificates of a handshake, leaf first, the root too when it was sent. */
export function presentedChain(leaf: PeerCertificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (next?.raw !== undefined && chain.length < MAX_PRESENTED_CERTIFICATES) {
    chain.push(Uint8Array.from(plain(next.raw)));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
