import { createPublicKey } from 'node:crypto';
import { derBitString, derElement, derOid, derSequence, readDer } from '../../codec/index.ts';
import { equalBytes, fault, LsError, type SignatureAlgorithm } from '../../std/index.ts';
import { CK } from './cryptoki.ts';

/** What PKCS#11 needs to know of one signature algorithm. */
interface TokenAlgorithm {
  readonly algorithm: SignatureAlgorithm;
  /** CKA_EC_PARAMS. */
  readonly parameters: Uint8Array;
  readonly generate: number;
  readonly sign: number;
  /** Hashed here, because plain CKM_ECDSA is what every token has. */
  readonly digest: 'sha256' | 'sha384' | null;
  readonly signatureBytes: number;
  /** CKA_EC_POINT without its wrapping. */
  readonly pointBytes: number;
  /** AlgorithmIdentifier of the SubjectPublicKeyInfo. */
  readonly identifier: Uint8Array;
}

const OID_EC = derOid('1.2.840.10045.2.1');
const OID_P256 = derOid('1.2.840.10045.3.1.7');
const OID_P384 = derOid('1.3.132.0.34');
const OID_ED25519 = derOid('1.3.101.112');
/** PrintableString "edwards25519", the other form of the parameters. Source: PKCS #11 v3.0 §2.3.5. */
const NAME_ED25519 = derElement(0x13, new TextEncoder().encode('edwards25519'));

const ECDSA = { generate: CK.CKM_EC_KEY_PAIR_GEN, sign: CK.CKM_ECDSA } as const;

const ALGORITHMS: readonly TokenAlgorithm[] = [
  {
    ...{ algorithm: 'ES256', parameters: OID_P256, ...ECDSA, digest: 'sha256' },
    ...{ signatureBytes: 64, pointBytes: 65, identifier: derSequence(OID_EC, OID_P256) },
  },
  {
    ...{ algorithm: 'ES384', parameters: OID_P384, ...ECDSA, digest: 'sha384' },
    ...{ signatureBytes: 96, pointBytes: 97, identifier: derSequence(OID_EC, OID_P384) },
  },
  {
    ...{ algorithm: 'Ed25519', parameters: OID_ED25519, digest: null, sign: CK.CKM_EDDSA },
    ...{ generate: CK.CKM_EC_EDWARDS_KEY_PAIR_GEN, signatureBytes: 64, pointBytes: 32 },
    identifier: derSequence(OID_ED25519),
  },
];

export function tokenAlgorithm(algorithm: SignatureAlgorithm): TokenAlgorithm {
  const found = ALGORITHMS.find((each) => each.algorithm === algorithm);
  if (found === undefined) throw new RangeError(`no PKCS#11 mechanism for ${algorithm}`);
  return found;
}

export interface TokenPublicKey {
  readonly algorithm: SignatureAlgorithm;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/**
 * The public key of a token's CKA_EC_PARAMS and CKA_EC_POINT. The point is an OCTET STRING around it by the standard,
 * and the bare bytes on tokens that read the standard otherwise. Throws LS_KEY_FORMAT for another curve and for what
 * is no point of it.
 */
export function publicKeyOf(parameters: Uint8Array, point: Uint8Array): TokenPublicKey {
  const named = equalBytes(parameters, NAME_ED25519) ? OID_ED25519 : parameters;
  const found = ALGORITHMS.find((each) => equalBytes(each.parameters, named));
  if (found === undefined)
    throw new LsError(fault('LS_KEY_FORMAT', 'the key on the token is not for P-256, P-384 or Ed25519'));
  const bare = point.length === found.pointBytes ? point : unwrapped(point);
  const spki = derSequence(found.identifier, derBitString(bare));
  try {
    createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new LsError(fault('LS_KEY_FORMAT', 'the token shows a public key that is none'), { cause });
  }
  return { algorithm: found.algorithm, spki };
}

const MAX_POINT_BYTES = 256;

function unwrapped(point: Uint8Array): Uint8Array {
  const read = readDer('CKA_EC_POINT', point, MAX_POINT_BYTES, (reader) => reader.octetString());
  return read.ok ? read.value : new Uint8Array();
}
