import {
  derBitString,
  derOid,
  derSequence,
  derSetOf,
  derUtf8String,
  ecdsaSignatureToDer,
} from '../../../src/codec/index.ts';
import type { SignatureAlgorithm } from '../../../src/std/index.ts';
import type { TestKey } from '../crypto.ts';

const SIGNATURE_OIDS: Readonly<Record<SignatureAlgorithm, string>> = {
  ES256: '1.2.840.10045.4.3.2',
  ES384: '1.2.840.10045.4.3.3',
  Ed25519: '1.3.101.112',
};

export function signatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  return derSequence(derOid(SIGNATURE_OIDS[algorithm]));
}

/** `SIGNED{…}` over `tbs`, claiming whatever algorithm is said. */
export function sealed(tbs: Uint8Array, signer: TestKey, claimed: SignatureAlgorithm): Uint8Array {
  const raw = signer.sign(tbs);
  const signature = signer.algorithm === 'Ed25519' ? raw : ecdsaSignatureToDer(signer.algorithm, raw);
  return derSequence(tbs, signatureAlgorithm(claimed), derBitString(signature));
}

const ATTRIBUTES = { CN: '2.5.4.3', O: '2.5.4.10', serialNumber: '2.5.4.5' } as const;

/** DER of a Name with one attribute an RDN, all UTF8String. */
export function distinguishedName(
  ...attributes: readonly (readonly [keyof typeof ATTRIBUTES, string])[]
): Uint8Array {
  return derSequence(
    ...attributes.map(([type, text]) => derSetOf(derSequence(derOid(ATTRIBUTES[type]), derUtf8String(text)))),
  );
}
