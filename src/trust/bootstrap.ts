import {
  equalBytes,
  err,
  fault,
  ok,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import { parseCertificate, type Certificate } from '../x509/index.ts';
import type { TrustBundle } from './bundle.ts';
import { checkHost } from './host.ts';
import { judgeCertificate, type TrustMaterial } from './judge.ts';
import { judgePath, MAX_PRESENTED_CERTIFICATES } from './path.ts';
import { identify } from './roles/identity.ts';
import type { VerifiedServer } from './verified.ts';

/**
 * The root whose SHA-256 fingerprint is `rootSha256` (32 bytes) among the certificates a server presented.
 * A root that is not byte for byte the pinned one is never looked at further.
 * Errors: LS_TRUST_PIN; those of parsing.
 */
export function pinnedRoot(
  presented: readonly Uint8Array[],
  rootSha256: Uint8Array,
  crypto: CryptoPort,
): Result<Certificate, Fault> {
  const der = presented
    .slice(0, MAX_PRESENTED_CERTIFICATES)
    .find((candidate) => equalBytes(crypto.sha256(candidate), rootSha256));
  if (der === undefined)
    return err(fault('LS_TRUST_PIN', 'the server did not present the root the token names'));
  return parseCertificate(der);
}

/**
 * FOR BOOTSTRAP ONLY: judges a CA's HTTPS server without revocation data. The node that enrolls holds a root
 * fingerprint and no CRL yet, and this server is where it gets one. What it proves is that the pinned root's
 * issuing CA once certified a server of that name; a stolen server key that was revoked since is not noticed.
 * So the node sends nothing to be kept secret from such a thief but a token that works once, and everything
 * it gets in return is signed and checked by itself. Use {@link judgeServer} as soon as a CRL is held.
 *
 * `host`: as in the URL, see `checkHost`. Errors: those of parsing; LS_TRUST_*; LS_TRUST_HOST.
 */
export function judgeCaServer(
  bundle: Pick<TrustBundle, 'anchors'>,
  chain: readonly Uint8Array[],
  host: string,
  crypto: CryptoPort,
  now: UnixMs,
): Result<Certificate, Fault> {
  // Who pins the first root alone goes through all that came after it.
  const path = judgePath(bundle, chain, crypto, now, MAX_PRESENTED_CERTIFICATES - 1);
  if (!path.ok) return path;
  const { target } = path.value;
  const identity = identify(path.value, '', 'server');
  if (!identity.ok) return identity;
  const refusal = checkHost(target, host);
  return refusal === undefined ? ok(target) : err(refusal);
}

/** Judges a CA's HTTPS server in full: path, role, status, freshness, and that it is `host`. Errors: LS_TRUST_*. */
export function judgeServer(
  material: TrustMaterial,
  chain: readonly Uint8Array[],
  host: string,
  now: UnixMs,
): Result<VerifiedServer, Fault> {
  const server = judgeCertificate(material, chain, 'server', now);
  if (!server.ok) return server;
  const [certificate] = server.value.chain;
  const refusal =
    certificate === undefined ? fault('LS_TRUST_HOST', 'no certificate') : checkHost(certificate, host);
  return refusal === undefined ? server : err(refusal);
}
