import { describe, expect, it } from 'vitest';
import type { DomainId } from '../../../../src/std/index.ts';
import { signEpochStart, signHeartbeat, type RecordKey } from '../../../../src/heartbeat/index.ts';
import {
  decodeAccusation,
  embeddedCertId,
  signAccusation,
  verifyAccusation,
} from '../../../../src/membership/records/index.ts';
import type { Accusation, EmbeddedRecord } from '../../../../src/membership/records/index.ts';
import { testCrypto } from '../../../support/crypto.ts';
import { memberNamed, type TestMember } from '../../../support/record-keys.ts';
import {
  nodeIdNamed,
  otherDomain,
  sampleAccusation,
  sampleDomain,
  sampleEpochStart,
  slimHeartbeat,
} from '../../../support/record-samples.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const subject = memberNamed('a');
const accuser = memberNamed('b');
const other = memberNamed('c');

function heartbeatOf(member: TestMember, epoch = 3, domain: DomainId = sampleDomain): EmbeddedRecord {
  const body = { ...slimHeartbeat, certId: member.key.certId, epoch };
  return { type: 'heartbeat', bytes: signHeartbeat(body, member.signer, domain, testCrypto).bytes };
}

function epochStartOf(member: TestMember, epoch = 3): EmbeddedRecord {
  const body = { ...sampleEpochStart, certId: member.key.certId, epoch };
  return { type: 'epoch-start', bytes: signEpochStart(body, member.signer, sampleDomain, testCrypto).bytes };
}

function judge(
  changed: Partial<Accusation>,
  accuserKey: RecordKey = accuser.key,
  subjectKey: RecordKey = subject.key,
  signedBy: TestMember = accuser,
) {
  const body: Accusation = {
    ...sampleAccusation,
    certId: accuser.key.certId,
    subject: subject.key.nodeId,
    epoch: 3,
    last: heartbeatOf(subject),
    ...changed,
  };
  const { bytes } = signAccusation(body, signedBy.signer, sampleDomain, testCrypto);
  return verifyAccusation(testCrypto, sampleDomain, valueOf(decodeAccusation(bytes)), accuserKey, subjectKey);
}

function causeOf(result: ReturnType<typeof judge>): string | undefined {
  return result.ok ? undefined : result.error.cause?.code;
}

describe('an accusation', () => {
  it('stands with the last heartbeat of the accused, and shows it verified', () => {
    const { accusation, last } = valueOf(judge({}));
    expect(accusation.key).toEqual(accuser.key);
    expect(last.type).toBe('heartbeat');
    expect(last.record.key).toEqual(subject.key);
    expect(last.record.bytes).toEqual(accusation.body.last.bytes);
  });

  it('stands with the epoch-start of a node that never sent a heartbeat', () => {
    expect(valueOf(judge({ last: epochStartOf(subject) })).last.type).toBe('epoch-start');
  });

  it('not signed by the accuser is refused, checked with the accuser’s key and no other', () => {
    expect(codeOf(judge({}, accuser.key, subject.key, other))).toBe('LS_RECORD_SIGNATURE');
    expect(codeOf(judge({}, accuser.key, subject.key, subject))).toBe('LS_RECORD_SIGNATURE');
    expect(codeOf(judge({}, other.key))).toBe('LS_RECORD_WRONG_SIGNER');
  });

  it('of oneself is refused', () => {
    const asSelf = judge({ certId: subject.key.certId }, subject.key, subject.key, subject);
    expect(codeOf(asSelf)).toBe('LS_ACCUSATION_SELF');
  });

  it('of a node whose key is not the one the evidence is judged with is refused', () => {
    expect(codeOf(judge({ subject: other.key.nodeId }))).toBe('LS_ACCUSATION_SUBJECT');
    expect(codeOf(judge({ subject: nodeIdNamed('nobody') }))).toBe('LS_ACCUSATION_SUBJECT');
  });

  it('with evidence of another epoch, earlier or later, is refused', () => {
    expect(codeOf(judge({ last: heartbeatOf(subject, 2) }))).toBe('LS_ACCUSATION_EPOCH');
    expect(codeOf(judge({ last: heartbeatOf(subject, 4) }))).toBe('LS_ACCUSATION_EPOCH');
    expect(codeOf(judge({ last: epochStartOf(subject, 2) }))).toBe('LS_ACCUSATION_EPOCH');
    expect(codeOf(judge({ epoch: 2 ** 48 }))).toBe('LS_ACCUSATION_EPOCH');
  });

  it('with evidence that another node signed is refused', () => {
    const byAccuser = judge({ last: heartbeatOf(accuser) });
    expect([codeOf(byAccuser), causeOf(byAccuser)]).toEqual([
      'LS_ACCUSATION_EVIDENCE',
      'LS_RECORD_WRONG_SIGNER',
    ]);
    const posing = { signer: other.signer, key: subject.key };
    const forged = judge({ last: heartbeatOf(posing) });
    expect([codeOf(forged), causeOf(forged)]).toEqual(['LS_ACCUSATION_EVIDENCE', 'LS_RECORD_SIGNATURE']);
  });

  it('with evidence from another domain is refused', () => {
    const foreign = judge({ last: heartbeatOf(subject, 3, otherDomain) });
    expect([codeOf(foreign), causeOf(foreign)]).toEqual(['LS_ACCUSATION_EVIDENCE', 'LS_RECORD_SIGNATURE']);
  });

  it('with evidence of another type than it says is refused', () => {
    const mislabelled = judge({ last: { ...heartbeatOf(subject), type: 'epoch-start' } });
    expect([codeOf(mislabelled), causeOf(mislabelled)]).toEqual([
      'LS_ACCUSATION_EVIDENCE',
      'LS_RECORD_MALFORMED',
    ]);
    const mislabelledStart = judge({ last: { ...epochStartOf(subject), type: 'heartbeat' } });
    expect(codeOf(mislabelledStart)).toBe('LS_ACCUSATION_EVIDENCE');
  });

  it('with evidence that is damaged, or too large for its type, is refused', () => {
    const { bytes } = heartbeatOf(subject);
    for (let length = 1; length < bytes.length; length++) {
      const cut = judge({ last: { type: 'heartbeat', bytes: bytes.subarray(0, length) } });
      expect(codeOf(cut)).toBe('LS_ACCUSATION_EVIDENCE');
    }
    const large = judge({ last: { type: 'heartbeat', bytes: new Uint8Array(1025) } });
    expect([codeOf(large), causeOf(large)]).toEqual(['LS_ACCUSATION_EVIDENCE', 'LS_RECORD_TOO_LARGE']);
  });
});

describe('embeddedCertId', () => {
  it('names the certificate that the evidence is to be checked with', () => {
    expect(embeddedCertId(heartbeatOf(subject))).toEqual({ ok: true, value: subject.key.certId });
    expect(embeddedCertId(epochStartOf(other))).toEqual({ ok: true, value: other.key.certId });
  });

  it('refuses what is not a record of its type', () => {
    expect(codeOf(embeddedCertId({ type: 'heartbeat', bytes: new Uint8Array(3) }))).toBe(
      'LS_ACCUSATION_EVIDENCE',
    );
  });
});
