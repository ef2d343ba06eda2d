import { equalBytes, type SignatureAlgorithm } from '../std/index.ts';
import { derOid, derSequence, type DerReader } from '../codec/index.ts';

/** An AlgorithmIdentifier as it stood in the DER. Source: RFC 5280 §4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The lifesign algorithm it names with the parameters that algorithm demands; null for every other one. */
  readonly algorithm: SignatureAlgorithm | null;
  /** The whole AlgorithmIdentifier SEQUENCE. */
  readonly der: Uint8Array;
}

/** The one form of each algorithm: parameters absent. Sources: RFC 5758 §3.2, RFC 8410 §3. */
const IDENTIFIERS: Readonly<Record<SignatureAlgorithm, Uint8Array>> = {
  ES256: derSequence(derOid('1.2.840.10045.4.3.2')),
  ES384: derSequence(derOid('1.2.840.10045.4.3.3')),
  Ed25519: derSequence(derOid('1.3.101.112')),
};

export function readAlgorithm(reader: DerReader): AlgorithmIdentifier {
  const { value: oid, der } = reader.captured(() =>
    reader.sequence((body) => {
      const type = body.oid();
      if (!body.atEnd) body.any();
      return type;
    }),
  );
  return { oid, algorithm: algorithmOf(der), der };
}

/** DER of the AlgorithmIdentifier of signatures. */
export function encodeAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  return IDENTIFIERS[algorithm];
}

function algorithmOf(der: Uint8Array): SignatureAlgorithm | null {
  if (equalBytes(der, IDENTIFIERS.ES256)) return 'ES256';
  if (equalBytes(der, IDENTIFIERS.ES384)) return 'ES384';
  if (equalBytes(der, IDENTIFIERS.Ed25519)) return 'Ed25519';
  return null;
}
