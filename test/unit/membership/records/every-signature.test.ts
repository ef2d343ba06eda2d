import { describe, expect, it } from 'vitest';
import { concatBytes, LsError, type SignatureAlgorithm, type Signer } from '../../../../src/std/index.ts';
import {
  decodeCbor,
  encodeCbor,
  encodeSign1,
  isCborArray,
  sigStructure,
  type CborValue,
} from '../../../../src/codec/index.ts';
import {
  exportRecord,
  externalAad,
  importRecord,
  verifyRecord,
  type RecordKey,
  type RecordType,
} from '../../../../src/heartbeat/index.ts';
import { testCrypto, testKey, withHighS } from '../../../support/crypto.ts';
import { fieldCases, withField } from '../../../support/record-fields.ts';
import {
  certIdNamed,
  nodeIdNamed,
  otherDomain,
  recordSamples,
  sampleDomain,
} from '../../../support/record-samples.ts';
import type { RecordSample } from '../../../support/record-samples.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const algorithms = ['ES256', 'Ed25519'] as const;
const keys = { ES256: testKey('ES256'), Ed25519: testKey('Ed25519') };

function keyOf(signer: Signer, sample: RecordSample): RecordKey {
  return { certId: sample.certId, nodeId: nodeIdNamed('a'), algorithm: signer.algorithm, spki: signer.spki };
}

/** Decodes with the type's own decoder, then verifies: what a receiver does. */
function outcome(sample: RecordSample, bytes: Uint8Array, key: RecordKey, domain = sampleDomain): string {
  const decoded = sample.decode(bytes);
  if (!decoded.ok) return decoded.error.cause?.code ?? decoded.error.code;
  return codeOf(verifyRecord(testCrypto, domain, decoded.value, key)) ?? 'accepted';
}

function signedAs(type: RecordType, payload: Uint8Array, signer: Signer): Uint8Array {
  const { algorithm } = signer;
  const signature = signer.sign(sigStructure(algorithm, externalAad(type, sampleDomain), payload));
  return encodeSign1({ algorithm, payload, signature });
}

const matrix = recordSamples.flatMap((sample) =>
  algorithms.map((name) => [sample.type, name, sample] as const),
);

describe.each(matrix)('a %s signed with %s', (type, algorithm, sample) => {
  const signer = keys[algorithm];
  const key = keyOf(signer, sample);
  const { bytes, structureHash, id } = sample.sign(signer, sampleDomain);
  const payload = sample.encodeBody();

  it('verifies, and says by whom and what its hashes are', () => {
    const decoded = valueOf(sample.decode(bytes));
    const verified = valueOf(verifyRecord(testCrypto, sampleDomain, decoded, key));
    expect(verified).toEqual({ ...decoded, structureHash, id, key });
    const structure = sigStructure(algorithm, externalAad(type, sampleDomain), payload);
    expect(structureHash).toEqual(testCrypto.sha256(structure));
    expect(id).toBe(Buffer.from(testCrypto.sha256(bytes)).toString('hex'));
  });

  it('is refused with another key of the same algorithm', () => {
    expect(outcome(sample, bytes, keyOf(testKey(algorithm), sample))).toBe('LS_RECORD_SIGNATURE');
  });

  it('is refused with the key of another certificate, even when the key is the same', () => {
    expect(outcome(sample, bytes, { ...key, certId: certIdNamed('other') })).toBe('LS_RECORD_WRONG_SIGNER');
  });

  it('is refused when the key has another algorithm', () => {
    const others: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'Ed25519'];
    for (const other of others.filter((name) => name !== algorithm)) {
      expect(outcome(sample, bytes, keyOf(testKey(other), sample))).toBe('LS_RECORD_ALGORITHM');
    }
  });

  it('is refused when it names another algorithm than it was signed with', () => {
    const { signature } = valueOf(sample.decode(bytes)).sign1;
    const other = algorithm === 'ES256' ? 'Ed25519' : 'ES256';
    const renamed = encodeSign1({ algorithm: other, payload, signature });
    expect(outcome(sample, renamed, key)).toMatch(/^LS_RECORD_ALGORITHM$|^LS_COSE_HIGH_S$/);
    expect(outcome(sample, renamed, { ...key, algorithm: other })).toMatch(
      /^LS_RECORD_SIGNATURE$|^LS_COSE_HIGH_S$/,
    );
  });

  it('is refused in another domain', () => {
    expect(outcome(sample, bytes, key, otherDomain)).toBe('LS_RECORD_SIGNATURE');
  });

  it('is refused when it was signed as any other type', () => {
    for (const other of recordSamples.filter((candidate) => candidate.type !== type)) {
      expect(outcome(sample, signedAs(other.type, payload, signer), key), other.type).toBe(
        'LS_RECORD_SIGNATURE',
      );
    }
    expect(outcome(sample, signedAs(type, payload, signer), key)).toBe('accepted');
  });

  it('is not read as any other type', () => {
    for (const other of recordSamples.filter((candidate) => candidate.type !== type)) {
      expect(codeOf(other.decode(bytes)), other.type).toMatch(/^LS_RECORD_(?:MALFORMED|TOO_LARGE)$/);
    }
  });

  it.each(sample.fields)('is refused when %s was altered under the old signature', (field) => {
    const elements = valueOf(decodeCbor(payload, { maxBytes: 1 << 20, maxDepth: 9, maxItems: 9999 }));
    const values: readonly CborValue[] = isCborArray(elements) ? elements : [];
    const { signature } = valueOf(sample.decode(bytes)).sign1;
    const [value] = fieldCases[type][field]?.good ?? [];
    const altered = encodeCbor(withField(values, sample.fields, field, value ?? null));
    expect(altered).not.toEqual(payload);
    const forged = encodeSign1({ algorithm, payload: altered, signature });
    expect(outcome(sample, forged, key)).toBe(
      field === 'certId' ? 'LS_RECORD_WRONG_SIGNER' : 'LS_RECORD_SIGNATURE',
    );
  });

  it('is refused when any byte of the signature is altered or cut off', () => {
    const { signature } = valueOf(sample.decode(bytes)).sign1;
    for (const index of signature.keys()) {
      const altered = signature.with(index, (signature[index] ?? 0) ^ 1);
      const forged = encodeSign1({ algorithm, payload, signature: altered });
      expect(outcome(sample, forged, key)).toMatch(/^LS_RECORD_SIGNATURE$|^LS_COSE_HIGH_S$/);
      const cut = encodeSign1({ algorithm, payload, signature: signature.slice(0, index) });
      expect(outcome(sample, cut, key)).toBe('LS_COSE_SIGNATURE_LENGTH');
    }
  });

  it('is refused with a signature of zeros', () => {
    const forged = encodeSign1({ algorithm, payload, signature: new Uint8Array(64) });
    expect(outcome(sample, forged, key)).toBe('LS_RECORD_SIGNATURE');
  });

  it('is exported with tag 18 and imported without', () => {
    expect(exportRecord(bytes)).toEqual(concatBytes(Uint8Array.of(0xd2), bytes));
    expect(valueOf(importRecord(exportRecord(bytes), sample.maxBytes))).toEqual(bytes);
    expect(codeOf(importRecord(bytes, sample.maxBytes))).toBe('LS_COSE_STRUCTURE');
    expect(codeOf(importRecord(exportRecord(bytes), bytes.length - 1))).toBe('LS_CBOR_TOO_LARGE');
    expect(outcome(sample, exportRecord(bytes), key)).toBe('LS_COSE_STRUCTURE');
  });
});

describe.each(recordSamples.map((sample) => [sample.type, sample] as const))('a %s', (_type, sample) => {
  it('has no second form with a high s, although plain ECDSA would accept it', () => {
    const signer = keys.ES256;
    const decoded = valueOf(sample.decode(sample.sign(signer, sampleDomain).bytes));
    const { payload, signature } = decoded.sign1;
    const high = encodeSign1({ algorithm: 'ES256', payload, signature: withHighS(signature) });
    expect(outcome(sample, high, keyOf(signer, sample))).toBe('LS_COSE_HIGH_S');
  });

  it('is never signed by a key whose signatures receivers would refuse', () => {
    const highS: Signer = { ...keys.ES256, sign: (message) => withHighS(keys.ES256.sign(message)) };
    expect(() => sample.sign(highS, sampleDomain)).toThrow(LsError);
    expect(() => sample.sign(testKey('ES384'), sampleDomain)).toThrow(RangeError);
  });
});
