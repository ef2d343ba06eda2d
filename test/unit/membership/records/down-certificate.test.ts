import { describe, expect, it } from 'vitest';
import type { CertId } from '../../../../src/std/index.ts';
import { encodeCbor, type CborValue } from '../../../../src/codec/index.ts';
import { signHeartbeat } from '../../../../src/heartbeat/index.ts';
import {
  decodeDownCertificate,
  encodeDownCertificate,
  MAX_DOWN_ACCUSATIONS,
  MAX_DOWN_CERTIFICATE_BYTES,
  signAccusation,
  verifyDownCertificate,
} from '../../../../src/membership/records/index.ts';
import type {
  Accusation,
  DownCertificate,
  DownCertificateContext,
} from '../../../../src/membership/records/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { memberNamed, type TestMember } from '../../../support/record-keys.ts';
import {
  otherDomain,
  sampleAccusation,
  sampleDomain,
  slimHeartbeat,
} from '../../../support/record-samples.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const subject = memberNamed('a');
const renewedSubject = memberNamed('a', 2);
const observers = ['b', 'c', 'd'].map((name) => memberNamed(name));
const [b, c, d] = observers as [TestMember, TestMember, TestMember];
const outsider = memberNamed('outsider');
const keys = new Map<CertId, TestMember>(
  [subject, outsider, ...observers].map((member) => [member.key.certId, member]),
);

/** Observer i sits on ring i. */
const context: DownCertificateContext = {
  crypto: testCrypto,
  domainId: sampleDomain,
  h: 2,
  isObserver: (accuser, ring) => observers[ring]?.key.nodeId === accuser,
  keyOf: (certId) => keys.get(certId)?.key,
  subjectKey: subject.key,
};

function accusationBy(
  accuser: TestMember,
  changed: Partial<Accusation> = {},
  signer = accuser.signer,
): Uint8Array {
  const heartbeat = { ...slimHeartbeat, certId: subject.key.certId, epoch: 3 };
  const last = {
    type: 'heartbeat',
    bytes: signHeartbeat(heartbeat, subject.signer, sampleDomain, testCrypto).bytes,
  } as const;
  const body: Accusation = {
    ...sampleAccusation,
    certId: accuser.key.certId,
    subject: subject.key.nodeId,
    epoch: 3,
    rosterNumber: 7,
    ring: Math.max(0, observers.indexOf(accuser)),
    last,
    ...changed,
  };
  return signAccusation(body, signer, sampleDomain, testCrypto).bytes;
}

function certificateOf(...accusations: readonly Uint8Array[]): DownCertificate {
  return { subject: subject.key.nodeId, epoch: 3, rosterNumber: 7, accusations };
}

function outcome(certificate: DownCertificate, changed: Partial<DownCertificateContext> = {}): string {
  return codeOf(verifyDownCertificate(certificate, { ...context, ...changed })) ?? 'convinces';
}

describe('a down certificate', () => {
  it('convinces with H distinct observers, and with more', () => {
    const verified = valueOf(verifyDownCertificate(certificateOf(accusationBy(b), accusationBy(c)), context));
    expect(verified.accusations.map((one) => one.accusation.key)).toEqual([b.key, c.key]);
    expect(outcome(certificateOf(accusationBy(b), accusationBy(c), accusationBy(d)))).toBe('convinces');
  });

  it('with H - 1 accusations does not', () => {
    expect(outcome(certificateOf(accusationBy(b)))).toBe('LS_DOWN_CERTIFICATE_TOO_FEW');
    expect(outcome(certificateOf(accusationBy(b)), { h: 1 })).toBe('convinces');
    expect(outcome(certificateOf(accusationBy(b), accusationBy(c)), { h: 3 })).toBe(
      'LS_DOWN_CERTIFICATE_TOO_FEW',
    );
  });

  it('is not made by no accusations where H is nonsense', () => {
    expect(outcome(certificateOf(), { h: 0 })).toBe('LS_DOWN_CERTIFICATE_TOO_FEW');
  });

  it('does not count one observer twice, not even on two rings', () => {
    expect(outcome(certificateOf(accusationBy(b), accusationBy(b)))).toBe('LS_DOWN_CERTIFICATE_DUPLICATE');
    const everywhere = { isObserver: () => true };
    const twoRings = certificateOf(accusationBy(b), accusationBy(b, { ring: 1 }));
    expect(outcome(twoRings, everywhere)).toBe('LS_DOWN_CERTIFICATE_DUPLICATE');
  });

  it('does not count a member that is no observer, or not on that ring', () => {
    expect(outcome(certificateOf(accusationBy(b), accusationBy(outsider)))).toBe(
      'LS_ACCUSATION_NOT_OBSERVER',
    );
    expect(outcome(certificateOf(accusationBy(b), accusationBy(c, { ring: 0 })))).toBe(
      'LS_ACCUSATION_NOT_OBSERVER',
    );
  });

  it.each<[string, Partial<Accusation>]>([
    ['node', { subject: d.key.nodeId }],
    ['epoch', { epoch: 4 }],
    ['roster', { rosterNumber: 8 }],
  ])('does not mix accusations about another %s', (_what, changed) => {
    const mixed = certificateOf(accusationBy(b), accusationBy(c, changed));
    expect(outcome(mixed)).toBe('LS_DOWN_CERTIFICATE_MISMATCH');
  });

  it('is spoilt by a forged accusation', () => {
    const forged = accusationBy(c, {}, d.signer);
    expect(outcome(certificateOf(accusationBy(b), forged))).toBe('LS_RECORD_SIGNATURE');
    expect(outcome(certificateOf(forged, accusationBy(b), accusationBy(d)))).toBe('LS_RECORD_SIGNATURE');
  });

  it('is spoilt by evidence of another epoch or another signer', () => {
    const body = { ...slimHeartbeat, certId: subject.key.certId, epoch: 2 };
    const older = signHeartbeat(body, subject.signer, sampleDomain, testCrypto).bytes;
    const stale = accusationBy(c, { last: { type: 'heartbeat', bytes: older } });
    expect(outcome(certificateOf(accusationBy(b), stale))).toBe('LS_ACCUSATION_EPOCH');
    const foreign = signHeartbeat(
      { ...body, epoch: 3, certId: d.key.certId },
      d.signer,
      sampleDomain,
      testCrypto,
    );
    const wrongNode = accusationBy(c, { last: { type: 'heartbeat', bytes: foreign.bytes } });
    expect(outcome(certificateOf(accusationBy(b), wrongNode))).toBe('LS_ACCUSATION_SUBJECT');
  });

  it('is spoilt by the accused accusing itself', () => {
    const self = accusationBy(subject, { ring: 1 });
    expect(outcome(certificateOf(accusationBy(b), self), { isObserver: () => true })).toBe(
      'LS_ACCUSATION_SELF',
    );
  });

  it('of another domain does not convince', () => {
    const certificate = certificateOf(accusationBy(b), accusationBy(c));
    expect(outcome(certificate, { domainId: otherDomain })).toBe('LS_RECORD_SIGNATURE');
  });

  it('waits for keys that are not known yet', () => {
    const certificate = certificateOf(accusationBy(b), accusationBy(c));
    expect(outcome(certificate, { keyOf: () => undefined })).toBe('LS_ACCUSATION_UNKNOWN_KEY');
  });

  it('takes evidence under the accused node’s earlier key, when that key is known', () => {
    const certificate = certificateOf(accusationBy(b), accusationBy(c));
    expect(outcome(certificate, { subjectKey: renewedSubject.key })).toBe('convinces');
    const forgotten = (certId: CertId) => (certId === subject.key.certId ? undefined : keys.get(certId)?.key);
    expect(outcome(certificate, { subjectKey: renewedSubject.key, keyOf: forgotten })).toBe(
      'LS_ACCUSATION_UNKNOWN_KEY',
    );
  });

  it('with something else than an accusation in it is refused', () => {
    expect(outcome(certificateOf(accusationBy(b), new Uint8Array(9)))).toBe('LS_RECORD_MALFORMED');
  });
});

describe('the encoding of a down certificate', () => {
  const certificate = certificateOf(accusationBy(b), accusationBy(c));
  const id = new Uint8Array(16);
  const one = [new Uint8Array(1)];

  it('reads back as it was written', () => {
    expect(valueOf(decodeDownCertificate(encodeDownCertificate(certificate)))).toEqual(certificate);
  });

  it.each<[string, CborValue]>([
    ['not an array', 1],
    ['another version', [2, id, 3, 7, one]],
    ['a short subject', [1, id.subarray(1), 3, 7, one]],
    ['epoch 0', [1, id, 0, 7, one]],
    ['an epoch above its bound', [1, id, 2 ** 48 + 1, 7, one]],
    ['a negative roster number', [1, id, 3, -1, one]],
    ['a roster number above its bound', [1, id, 3, 2 ** 48 + 1, one]],
    ['no accusation', [1, id, 3, 7, []]],
    ['an empty accusation', [1, id, 3, 7, [new Uint8Array()]]],
    ['an accusation above its cap', [1, id, 3, 7, [new Uint8Array(20 * 1024 + 1)]]],
    ['an accusation that is text', [1, id, 3, 7, ['x']]],
    ['accusations missing', [1, id, 3, 7]],
    ['a field more', [1, id, 3, 7, one, 0]],
  ])('is refused with %s', (_what, value) => {
    expect(codeOf(decodeDownCertificate(encodeCbor(value)))).toBe('LS_DOWN_CERTIFICATE_MALFORMED');
  });

  it('is refused when cut off at any byte, or with a byte more', () => {
    const whole = encodeDownCertificate(certificate);
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(decodeDownCertificate(whole.subarray(0, length)))).toBe('LS_DOWN_CERTIFICATE_MALFORMED');
    }
    expect(codeOf(decodeDownCertificate(new Uint8Array([...whole, 0])))).toBe(
      'LS_DOWN_CERTIFICATE_MALFORMED',
    );
  });

  it('holds up to its bound of accusations and its cap in bytes', () => {
    const tiny = (count: number): Uint8Array =>
      encodeDownCertificate({
        ...certificate,
        accusations: Array.from({ length: count }, () => new Uint8Array(1)),
      });
    expect(codeOf(decodeDownCertificate(tiny(MAX_DOWN_ACCUSATIONS)))).toBeUndefined();
    expect(codeOf(decodeDownCertificate(tiny(MAX_DOWN_ACCUSATIONS + 1)))).toBe(
      'LS_DOWN_CERTIFICATE_MALFORMED',
    );
    const large = new Uint8Array(MAX_DOWN_CERTIFICATE_BYTES + 1);
    expect(codeOf(decodeDownCertificate(large))).toBe('LS_DOWN_CERTIFICATE_TOO_LARGE');
  });
});
