import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certIdOf, domainIdOf, type Fault, type Result } from '../../src/std/index.ts';
import {
  decodeSuccessor,
  importRecord,
  recordContext,
  recordTypeCode,
  RECORD_TYPES,
  verifyKeyChangeProof,
  verifyRecord,
  type RecordKey,
  decodeKeyChange,
} from '../../src/heartbeat/index.ts';
import { decodeDownCertificate, verifyDownCertificate } from '../../src/membership/records/index.ts';
import { testCrypto } from '../support/crypto.ts';
import { hex } from '../support/raw-cbor.ts';
import { certIdNamed, must, nodeIdNamed, otherDomain, recordSamples } from '../support/record-samples.ts';
import { codeOf, valueOf } from '../support/result.ts';
import { VectorKeys } from '../support/vector-keys.ts';
import { buildVectors, encodeVectorFile, RECORDED_FILE } from '../support/vectors.ts';

interface RecordVector {
  readonly name: string;
  readonly algorithm: 'ES256' | 'Ed25519';
  readonly spki: string;
  readonly body: { readonly certId: string };
  readonly payload: string;
  readonly structureHash: string;
  readonly id: string;
  readonly bytes: string;
  readonly exported: string;
}

interface RecordVectorFile {
  readonly typeCode: number;
  readonly context: string;
  readonly maxBytes: number;
  readonly domainId: string;
  readonly vectors: readonly RecordVector[];
  readonly refused: readonly { what: string; code: string; spki: string; bytes: string }[];
}

interface DownCertificateFile {
  readonly domainId: string;
  readonly vectors: readonly {
    readonly algorithm: 'ES256' | 'Ed25519';
    readonly h: number;
    readonly subjectAndAccuserSpkis: readonly string[];
    readonly bytes: string;
  }[];
}

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const recorded = new Map(Object.entries(JSON.parse(read(RECORDED_FILE)) as Record<string, string>));
const built = buildVectors(new VectorKeys(recorded, false));

describe('the golden vectors', () => {
  it('are made again byte for byte from the fixed keys and the recorded ES256 signatures', () => {
    for (const [name, file] of built) expect(read(name), name).toBe(encodeVectorFile(file));
  });

  it('exist for every record type', () => {
    const files = readdirSync(import.meta.dirname);
    for (const type of RECORD_TYPES) expect(files).toContain(`${type}.json`);
  });
});

function keyOf(vector: Pick<RecordVector, 'spki' | 'algorithm'>, certIdHex: string): RecordKey {
  const certId = must(certIdOf(hex(certIdHex)));
  return { certId, nodeId: nodeIdNamed('a'), algorithm: vector.algorithm, spki: hex(vector.spki) };
}

function innermostCode(result: Result<unknown, Fault>): string {
  if (result.ok) return 'accepted';
  let at = result.error;
  while (at.cause !== undefined) at = at.cause;
  return at.code;
}

describe.each(recordSamples.map((sample) => [sample.type, sample] as const))(
  'a reader of the %s vectors',
  (type, sample) => {
    const file = JSON.parse(read(`${type}.json`)) as RecordVectorFile;
    const domain = must(domainIdOf(hex(file.domainId)));
    const certId = must(file.vectors[0]).body.certId;

    it('agrees about code, context and cap', () => {
      expect([file.typeCode, file.context, file.maxBytes]).toEqual([
        recordTypeCode(type),
        recordContext(type),
        sample.maxBytes,
      ]);
    });

    it.each(file.vectors.map((vector) => [vector.name, vector] as const))('verifies %s', (_name, vector) => {
      const decoded = valueOf(sample.decode(hex(vector.bytes)));
      const verified = valueOf(verifyRecord(testCrypto, domain, decoded, keyOf(vector, certId)));
      expect(verified.id).toBe(vector.id);
      expect(Buffer.from(verified.structureHash).toString('hex')).toBe(vector.structureHash);
      expect(Buffer.from(verified.sign1.payload).toString('hex')).toBe(vector.payload);
      expect(valueOf(importRecord(hex(vector.exported), sample.maxBytes))).toEqual(hex(vector.bytes));
      expect(codeOf(verifyRecord(testCrypto, otherDomain, decoded, keyOf(vector, certId)))).toBe(
        'LS_RECORD_SIGNATURE',
      );
    });

    it.each(file.refused.map((form) => [form.what, form] as const))(
      'refuses %s',
      (_what, { spki, bytes, code }) => {
        const decoded = sample.decode(hex(bytes));
        const key = keyOf({ spki, algorithm: 'ES256' }, certId);
        expect(
          innermostCode(decoded.ok ? verifyRecord(testCrypto, domain, decoded.value, key) : decoded),
        ).toBe(code);
      },
    );
  },
);

it('the key-change vectors prove their new key', () => {
  const file = JSON.parse(read('key-change.json')) as RecordVectorFile;
  const domain = must(domainIdOf(hex(file.domainId)));
  for (const vector of file.vectors) {
    const decoded = valueOf(decodeKeyChange(hex(vector.bytes)));
    const change = valueOf(verifyRecord(testCrypto, domain, decoded, keyOf(vector, vector.body.certId)));
    const statement = valueOf(decodeSuccessor(change.body.successor));
    const newKey = { algorithm: vector.algorithm, spki: statement.body.newSpki };
    expect(codeOf(verifyKeyChangeProof(testCrypto, domain, change, newKey))).toBeUndefined();
  }
});

it('the down-certificate vectors convince', () => {
  const file = JSON.parse(read('down-certificate.json')) as DownCertificateFile;
  for (const { algorithm, h, subjectAndAccuserSpkis, bytes } of file.vectors) {
    const keys = ['a', 'b', 'c'].map((label, i): RecordKey => {
      const spki = hex(subjectAndAccuserSpkis[i] ?? '');
      return { certId: certIdNamed(label), nodeId: nodeIdNamed(label), algorithm, spki };
    });
    const verified = verifyDownCertificate(valueOf(decodeDownCertificate(hex(bytes))), {
      crypto: testCrypto,
      domainId: must(domainIdOf(hex(file.domainId))),
      h,
      isObserver: (accuser, ring) => accuser === nodeIdNamed(['b', 'c'][ring] ?? ''),
      keyOf: (certId) => keys.find((key) => key.certId === certId),
      subjectKey: must(keys[0]),
    });
    expect(codeOf(verified)).toBeUndefined();
  }
});
