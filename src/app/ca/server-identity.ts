import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Authority } from '../../authority/index.ts';
import { encodePem } from '../../codec/index.ts';
import { generateKey } from '../../io/crypto/index.ts';
import { TLS_BASE } from '../../io/transport/index.ts';
import { LsError, type UnixMs } from '../../std/index.ts';
import { certificatesPem } from '../pem-file.ts';
import { issuingCertificates } from './generations.ts';

/** The CA's own server certificate, with what TLS needs to present it. */
export interface ServerIdentity {
  readonly tls: SecureContextOptions;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly serial: string;
  /** DER of the issuing CAs that it was made with, the active one first. */
  readonly issuing: readonly Uint8Array[];
}

/**
 * A fresh key, which lives in memory only, and the certificate the CA issues to itself for it. The chain goes out with
 * the root at its end, because a node that enrolls knows the root by its fingerprint only.
 */
export async function makeServerIdentity(
  authority: Authority,
  hosts: readonly string[],
  now: UnixMs,
): Promise<ServerIdentity> {
  const { signer, pkcs8 } = generateKey('ES256');
  const issued = await authority.issueServer({ hosts, spki: signer.spki }, now);
  if (!issued.ok) throw new LsError(issued.error);
  const { roots } = authority.bundle();
  const issuing = issuingCertificates(authority);
  const { chain, notBefore, notAfter, serial } = issued.value;
  const tls = {
    ...TLS_BASE,
    key: encodePem('PRIVATE KEY', pkcs8),
    cert: certificatesPem([...chain, ...roots.slice(0, 1)]),
    // With the issuing CAs, since what EST clients present is their certificate alone.
    ca: certificatesPem([...roots, ...issuing]),
  };
  createSecureContext(tls);
  return { tls, notBefore, notAfter, serial, issuing };
}
