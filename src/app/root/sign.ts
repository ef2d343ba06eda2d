import { readIssuingRequest, signIssuing, signRootCrl } from '../../authority/index.ts';
import { encodePem } from '../../codec/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { writeFileDurably } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { fault, LsError, toHex, unixMs, type UnixMs } from '../../std/index.ts';
import { MAX_CSR_BYTES, parseCertificate } from '../../x509/index.ts';
import { readDerOrPem } from '../der-or-pem.ts';
import { writeOutput } from '../named-file.ts';
import { certificatesPem } from '../pem-file.ts';
import { fingerprintOf } from './fingerprint.ts';
import { keepIssued, openRoot, signingTime } from './open.ts';
import { valueOf } from './value-of.ts';

export interface SignIssuingRequest {
  readonly home: string;
  /** PKCS#10, PEM or DER. */
  readonly requestFile: string;
  /** SHA-256 of the key in the request, as its home told it: hexadecimal, at least 32 digits. */
  readonly keySha256: string;
  /** Gets certificate, root and CRL, as PEM. */
  readonly output: string;
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface SignedIssuing {
  readonly file: string;
  readonly serial: string;
  readonly notAfter: UnixMs;
  /** SHA-256 of the key that is certified. */
  readonly keySha256: string;
  readonly rootSha256: string;
  /** What the CA may certify, as text. */
  readonly permitted: readonly string[];
  readonly crlNumber: number;
}

const SECOND_MS = 1_000;

/**
 * Certifies an issuing CA and signs a fresh CRL. The certificate is kept in the home before it goes out.
 * Throws LS_CEREMONY_KEY, LS_CEREMONY_REQUEST, LS_CSR_*, LS_X509_*, and what openRoot throws.
 */
export async function signIssuingCa(request: SignIssuingRequest): Promise<SignedIssuing> {
  const expected = fingerprintOf(request.keySha256);
  const csr = await readDerOrPem(request.requestFile, 'CERTIFICATE REQUEST', MAX_CSR_BYTES);
  const root = await openRoot(request.home, request.passphrase);
  try {
    const now = unixMs(Math.floor(signingTime(root, request.now()) / SECOND_MS) * SECOND_MS);
    const wish = valueOf(readIssuingRequest(csr, root.trustDomain, nodeCrypto));
    const keySha256 = toHex(nodeCrypto.sha256(wish.spki));
    if (!keySha256.startsWith(expected)) {
      throw new LsError(
        fault('LS_CEREMONY_KEY', `the key in ${request.requestFile} has SHA-256 ${keySha256}`),
      );
    }
    const der = valueOf(signIssuing({ crypto: nodeCrypto, random: systemRandom }, root.atHand, wish, now));
    const issuing = valueOf(parseCertificate(der));
    await keepIssued(root.paths, der);
    const crlNumber = root.crlNumber + 1;
    const crl = signRootCrl(root.atHand, { number: crlNumber, entries: root.crl.entries }, now);
    await writeFileDurably(root.paths.crl, crl);
    const { certificate } = root.atHand;
    await writeOutput(request.output, certificatesPem([der, certificate.der]) + encodePem('X509 CRL', crl));
    return {
      file: request.output,
      serial: issuing.serialHex,
      notAfter: issuing.notAfter,
      keySha256,
      rootSha256: toHex(nodeCrypto.sha256(certificate.der)),
      permitted: wish.nameConstraints.permitted.flatMap((base) =>
        'value' in base ? [`${base.kind}:${base.value}`] : [],
      ),
      crlNumber,
    };
  } finally {
    root.close();
  }
}
