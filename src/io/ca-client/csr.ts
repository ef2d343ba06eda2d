import { createPublicKey, type KeyObject } from 'node:crypto';
import { derUtf8String } from '../../codec/index.ts';
import { fault, LsError, type NodeName } from '../../std/index.ts';
import { oids } from '../../x509/index.ts';
import { algorithmOfKey } from '../crypto/curves.ts';
import { loadPeculiarX509 } from './peculiar.ts';

export interface CsrRequest {
  /** P-256 or Ed25519; stays the caller's. */
  readonly key: KeyObject;
  /** Becomes the subject's common name. */
  readonly name: NodeName;
  /** Binds the request to an enrollment token; 1 to 255 characters. */
  readonly challengePassword?: string | undefined;
}

const WEBCRYPTO = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
} as const;

/**
 * A DER PKCS#10 request, signed by its own key as the proof of possession.
 * Throws LS_KEY_FORMAT for a key that a node certificate cannot have. Source: RFC 2986, RFC 2985 §5.4.1.
 */
export async function makeCsr({ key, name, challengePassword }: CsrRequest): Promise<Uint8Array> {
  const algorithm = algorithmOfKey(key);
  if (key.type !== 'private' || (algorithm !== 'ES256' && algorithm !== 'Ed25519')) {
    throw new LsError(fault('LS_KEY_FORMAT', 'a request is made with a private P-256 or Ed25519 key'));
  }
  const x509 = await loadPeculiarX509();
  const signingAlgorithm = WEBCRYPTO[algorithm];
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [name] }],
    keys: {
      privateKey: key.toCryptoKey(signingAlgorithm, false, ['sign']),
      publicKey: createPublicKey(key).toCryptoKey(signingAlgorithm, true, ['verify']),
    },
    signingAlgorithm,
    // The library's own ChallengePasswordAttribute is a PrintableString, which base64url does not fit.
    attributes:
      challengePassword === undefined
        ? []
        : [new x509.Attribute(oids.challengePassword, [Buffer.from(derUtf8String(challengePassword))])],
  });
  return new Uint8Array(request.rawData);
}
