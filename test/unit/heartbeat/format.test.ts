import { describe, expect, it } from 'vitest';
import type { CertId } from '../../../src/std/index.ts';
import { bytesShape, mappedShape, uintShape } from '../../../src/codec/index.ts';
import { certIdField, defineRecord } from '../../../src/heartbeat/index.ts';
import { certIdNamed } from '../../support/record-samples.ts';
import { unsignedRecord } from '../../support/raw-cbor.ts';
import { codeOf, valueOf } from '../../support/result.ts';

interface Sloppy {
  readonly certId: CertId;
  readonly parity: number;
}

/** A format with a field that forgets: 1 and 3 are read alike. */
const sloppy = defineRecord<Sloppy>({
  type: 'leave',
  maxBytes: 512,
  fields: {
    certId: certIdField,
    parity: mappedShape(
      uintShape(9),
      (n) => n % 2,
      (n) => n,
      'a digit',
    ),
  },
});

const certIdBytes = Buffer.from(certIdNamed('a'), 'hex');

describe('a record format', () => {
  it('refuses what does not encode to the same bytes again, even when a field would let it pass', () => {
    expect(valueOf(sloppy.decode(unsignedRecord([1, certIdBytes, 1]))).body.parity).toBe(1);
    expect(codeOf(sloppy.decode(unsignedRecord([1, certIdBytes, 3])))).toBe('LS_RECORD_MALFORMED');
  });

  it('applies its own bound on items', () => {
    const tight = defineRecord<{ certId: CertId }>({
      type: 'leave',
      maxBytes: 512,
      maxItems: 2,
      fields: { certId: certIdField },
    });
    expect(codeOf(tight.decode(unsignedRecord([1, certIdBytes])))).toBe('LS_RECORD_MALFORMED');
    const exact = defineRecord<{ certId: CertId }>({
      type: 'leave',
      maxBytes: 512,
      maxItems: 3,
      fields: { certId: certIdField },
    });
    expect(codeOf(exact.decode(unsignedRecord([1, certIdBytes])))).toBeUndefined();
  });

  it('names the record type and the field in its error', () => {
    const format = defineRecord<{ certId: CertId; x: Uint8Array }>({
      type: 'leave',
      maxBytes: 512,
      fields: { certId: certIdField, x: bytesShape(1) },
    });
    const result = format.decode(unsignedRecord([1, certIdBytes, 'text']));
    expect(!result.ok && result.error.detail).toContain('leave.x');
  });
});
