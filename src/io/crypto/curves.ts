import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from '../../std/index.ts';

/** What node:crypto needs to know of one signature algorithm. */
export interface CurveParameters {
  /** Digest name for one-shot sign and verify; null where hashing is part of the algorithm. */
  readonly digest: 'sha256' | 'sha384' | null;
  /** Length of r‖s (ECDSA) or of the whole signature (Ed25519), in bytes. */
  readonly signatureBytes: number;
  /** OpenSSL's name of the curve; null for Ed25519. */
  readonly namedCurve: string | null;
}

export const CURVES: Readonly<Record<SignatureAlgorithm, CurveParameters>> = {
  ES256: {
    digest: 'sha256',
    signatureBytes: 64,
    namedCurve: 'prime256v1',
  },
  ES384: {
    digest: 'sha384',
    signatureBytes: 96,
    namedCurve: 'secp384r1',
  },
  Ed25519: { digest: null, signatureBytes: 64, namedCurve: null },
};

const ALGORITHM_OF_CURVE: ReadonlyMap<string | undefined, SignatureAlgorithm> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
]);

/** The one algorithm a key is used with; undefined for a key lifesign does not sign or verify with. */
export function algorithmOfKey(key: KeyObject): SignatureAlgorithm | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  if (key.asymmetricKeyType !== 'ec') return undefined;
  return ALGORITHM_OF_CURVE.get(key.asymmetricKeyDetails?.namedCurve);
}
