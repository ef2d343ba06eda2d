import { rootCrlUrl, signCross, signRootCrl } from '../../authority/index.ts';
import { encodePem } from '../../codec/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { writeFileDurably } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { equalBytes, fault, LsError, toHex, unixMs, type UnixMs } from '../../std/index.ts';
import { makeTrustBundle } from '../../trust/index.ts';
import { parseCertificate, type Certificate } from '../../x509/index.ts';
import { writeOutput } from '../named-file.ts';
import { certificatesPem, readCertificatesPem } from '../pem-file.ts';
import { fingerprintOf } from './fingerprint.ts';
import { keepIssued, openRoot, signingTime } from './open.ts';
import { valueOf } from './value-of.ts';

export interface CrossCertifyRequest {
  /** Home of the root that vouches. */
  readonly home: string;
  /** PEM of the root that it vouches for. */
  readonly rootFile: string;
  /** Of that root, as `pki root init` printed it: 32 hex digits or more. */
  readonly rootSha256: string;
  /** `http://HOST:PORT` where the CA serves CRLs; none means no distribution point. */
  readonly crlUrl?: string;
  /** Gets the new root, the cross certificate and this root's CRL, as PEM. */
  readonly output: string;
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface CrossCertified {
  readonly file: string;
  readonly serial: string;
  readonly notAfter: UnixMs;
  /** SHA-256 of the root that is vouched for. */
  readonly rootSha256: string;
  readonly crlNumber: number;
}

const SECOND_MS = 1_000;

/**
 * Has a root vouch for the next one of its domain, and signs a fresh CRL. The certificate is kept in the home before it
 * goes out. Throws LS_CEREMONY_KEY, LS_CEREMONY_HIERARCHY, LS_TRUST_BUNDLE, LS_X509_*, and what openRoot throws.
 */
export async function crossCertify(request: CrossCertifyRequest): Promise<CrossCertified> {
  const expected = fingerprintOf(request.rootSha256);
  const next = await readNext(request.rootFile);
  const rootSha256 = toHex(nodeCrypto.sha256(next.der));
  if (!rootSha256.startsWith(expected))
    throw new LsError(fault('LS_CEREMONY_KEY', `the root in ${request.rootFile} has SHA-256 ${rootSha256}`));
  const root = await openRoot(request.home, request.passphrase);
  try {
    // Self-signed, and a root as every node wants one.
    valueOf(makeTrustBundle(root.trustDomain, [next.der], nodeCrypto));
    const { certificate } = root.atHand;
    if (equalBytes(certificate.subject, next.subject) || equalBytes(certificate.spki, next.spki))
      throw new LsError(
        fault('LS_CEREMONY_HIERARCHY', 'it has the name or the key of the root that would vouch for it'),
      );
    const now = unixMs(Math.floor(signingTime(root, request.now()) / SECOND_MS) * SECOND_MS);
    const crlUrls = request.crlUrl === undefined ? [] : [rootCrlUrl(request.crlUrl, root.generation)];
    const wish = { trustDomain: root.trustDomain, root: next, crlUrls };
    const maker = { crypto: nodeCrypto, random: systemRandom };
    const cross = valueOf(signCross(maker, root.atHand, wish, now));
    const { serialHex, notAfter } = valueOf(parseCertificate(cross));
    await keepIssued(root.paths, cross);
    const crlNumber = root.crlNumber + 1;
    const crl = signRootCrl(root.atHand, { number: crlNumber, entries: root.crl.entries }, now);
    await writeFileDurably(root.paths.crl, crl);
    await writeOutput(request.output, certificatesPem([next.der, cross]) + encodePem('X509 CRL', crl));
    return { file: request.output, serial: serialHex, notAfter, rootSha256, crlNumber };
  } finally {
    root.close();
  }
}

async function readNext(file: string): Promise<Certificate> {
  const [der = new Uint8Array(), ...others] = await readCertificatesPem(file);
  if (others.length > 0)
    throw new LsError(fault('LS_CEREMONY_FILES', `${file} holds more than one certificate`));
  return valueOf(parseCertificate(der));
}
