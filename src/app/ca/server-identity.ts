import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Authority } from '../../authority/index.ts';
import { encodePem } from '../../codec/index.ts';
import { generateKey } from '../../io/crypto/index.ts';
import { TLS_BASE } from '../../io/transport/index.ts';
import { equalBytes, LsError, type UnixMs } from '../../std/index.ts';
import { parseCertificate, type Certificate } from '../../x509/index.ts';
import { certificatesPem } from '../pem-file.ts';
import { issuingCertificates } from './generations.ts';

/** The CA's own server certificate, with what TLS needs to present it. */
export interface ServerIdentity {
  readonly tls: SecureContextOptions;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly serial: string;
  /** DER of the CAs that it was made with: the roots, then the issuing CAs, the active one first. */
  readonly authorities: readonly Uint8Array[];
}

/**
 * A fresh key, which lives in memory only, and the certificate the CA issues to itself for it. The chain goes out with
 * the genesis root at its end, because a node that enrolls knows that one by its fingerprint only.
 */
export async function makeServerIdentity(
  authority: Authority,
  hosts: readonly string[],
  now: UnixMs,
): Promise<ServerIdentity> {
  const { signer, pkcs8 } = generateKey('ES256');
  const issued = await authority.issueServer({ hosts, spki: signer.spki }, now);
  if (!issued.ok) throw new LsError(issued.error);
  const { roots, crossCertificates } = authority.bundle();
  const issuing = issuingCertificates(authority);
  const { chain, notBefore, notAfter, serial } = issued.value;
  const tls = {
    ...TLS_BASE,
    key: encodePem('PRIVATE KEY', pkcs8),
    cert: certificatesPem([...chain, ...pathToGenesis(chain, roots, crossCertificates)]),
    // With the issuing CAs, since what EST clients present is their certificate alone.
    ca: certificatesPem([...roots, ...issuing]),
  };
  createSecureContext(tls);
  return { tls, notBefore, notAfter, serial, authorities: [...roots, ...issuing] };
}

/** What leads from the top of a chain to the genesis root, that included. DER. */
function pathToGenesis(
  chain: readonly Uint8Array[],
  [genesis, ...later]: readonly Uint8Array[],
  crossCertificates: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (genesis === undefined) return [];
  const crosses = crossCertificates.map(parsed);
  const path: Uint8Array[] = [];
  let top = parsed(chain.at(-1) ?? genesis);
  while (path.length < later.length) {
    const { issuer } = top;
    const cross = crosses.find(({ subject }) => equalBytes(subject, issuer));
    if (cross === undefined) break;
    path.push(cross.der);
    top = cross;
  }
  return [...path, genesis];
}

function parsed(der: Uint8Array): Certificate {
  const certificate = parseCertificate(der);
  if (certificate.ok) return certificate.value;
  throw new LsError(certificate.error);
}
