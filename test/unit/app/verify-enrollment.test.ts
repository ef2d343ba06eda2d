import { describe, expect, it } from 'vitest';
import { decodeToken, type EnrollmentToken } from '../../../src/authority/index.ts';
import { verifyEnrollment } from '../../../src/app/enroll/verify-enrollment.ts';
import { LsError, unixMs, type NodeName } from '../../../src/std/index.ts';
import { CA_NOW, makeTestCa, requestFor } from '../../support/ca.ts';
import { testKey, type TestKey } from '../../support/crypto.ts';
import { makeTestPki } from '../../support/pki.ts';
import { valueOf } from '../../support/result.ts';

type Answer = Parameters<typeof verifyEnrollment>[0];

interface Case {
  readonly answer: Answer;
  readonly token: EnrollmentToken;
  readonly key: TestKey;
}

async function enrolled(name: string): Promise<Case> {
  const { authority } = await makeTestCa();
  const { token } = valueOf(await authority.createToken({ name }, CA_NOW));
  const key = testKey();
  const enrollment = valueOf(await authority.enroll(requestFor(token, key), CA_NOW));
  return { answer: enrollment, token: valueOf(decodeToken(token)), key };
}

function refusalOf({ answer, token, key }: Case, now = CA_NOW): string {
  try {
    verifyEnrollment(answer, token, key.spki, now);
  } catch (error) {
    if (error instanceof LsError && error.code === 'LS_ENROLL_ANSWER') return error.fault.detail;
    throw error;
  }
  throw new Error('it was accepted');
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

function withAnswer(good: Case, change: Partial<Answer>): Case {
  return { ...good, answer: { ...good.answer, ...change } };
}

type Forge = (good: Case, other: Case) => Case;

describe('what a node makes of the CA’s answer', () => {
  it('takes the true one', async () => {
    const good = await enrolled('alpha');
    const { certificate } = verifyEnrollment(good.answer, good.token, good.key.spki, CA_NOW);
    expect(certificate).toMatchObject({
      name: 'alpha',
      nodeId: good.answer.nodeId,
      serial: good.answer.serial,
    });
  });

  /** By an issuing CA below a root that the one of the token vouches for. */
  async function enrolledBelowSecond(): Promise<Case> {
    const { authority } = await makeTestCa();
    valueOf(await authority.rollover.prepareRoot({ key: testKey() }, CA_NOW));
    valueOf(await authority.rollover.prepare({ key: testKey() }, CA_NOW));
    valueOf(await authority.rollover.activate(2, CA_NOW, 0));
    const { token } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    const key = testKey();
    const enrollment = valueOf(await authority.enroll(requestFor(token, key), CA_NOW));
    return { answer: enrollment, token: valueOf(decodeToken(token)), key };
  }

  it('takes one below another root, which the one of the token vouches for, and pins both', async () => {
    const good = await enrolledBelowSecond();
    const { bundle } = verifyEnrollment(good.answer, good.token, good.key.spki, CA_NOW);
    expect(bundle.anchors.map(({ der }) => der)).toEqual(good.answer.roots);
    expect(good.answer.roots).toHaveLength(2);
  });

  it.each<[string, (answer: Answer) => Partial<Answer>, string]>([
    ['without the cross certificate', () => ({ crossCertificates: [] }), 'certified the others'],
    [
      'with a forged cross certificate',
      ({ crossCertificates }) => ({ crossCertificates: crossCertificates.map(flipped) }),
      'certified the others',
    ],
    ['without the second root', ({ roots }) => ({ roots: roots.slice(0, 1) }), 'LS_'],
    ['with the second root as the first', ({ roots }) => ({ roots: roots.toReversed() }), 'root'],
    // Last of all are those of the roots.
    [
      'without the CRL of the first root',
      ({ crls }) => ({ crls: crls.toSpliced(-2, 1) }),
      'certified the others',
    ],
    [
      'without the CRL of the second root',
      ({ crls }) => ({ crls: crls.slice(0, -1) }),
      'LS_TRUST_NO_REVOCATION',
    ],
  ])('refuses one below another root %s', async (_, change, why) => {
    const good = await enrolledBelowSecond();
    expect(refusalOf(withAnswer(good, change(good.answer)))).toContain(why);
  });

  it.each<[string, Forge, string]>([
    ['no root', (good) => withAnswer(good, { roots: [] }), 'root'],
    ['the root of another CA', (good, other) => withAnswer(good, { roots: other.answer.roots }), 'root'],
    [
      'a second root beside the pinned one',
      (good, other) => withAnswer(good, { roots: [...good.answer.roots, ...other.answer.roots] }),
      'root',
    ],
    [
      'another trust domain',
      (good) => withAnswer(good, { trustDomain: 'evil.internal' }),
      'LS_TRUST_WRONG_DOMAIN',
    ],
    [
      'a trust domain that is no name',
      (good) => withAnswer(good, { trustDomain: 'evil' }),
      'LS_TRUST_BUNDLE',
    ],
    ['a certificate of another CA', (good, other) => withAnswer(good, { chain: other.answer.chain }), 'LS_'],
    [
      'a certificate without its issuer',
      (good) => withAnswer(good, { chain: good.answer.chain.slice(0, 1) }),
      'LS_',
    ],
    [
      'a certificate with a changed signature',
      (good) =>
        withAnswer(good, {
          chain: [flipped(good.answer.chain[0] ?? new Uint8Array()), ...good.answer.chain.slice(1)],
        }),
      'LS_',
    ],
    [
      'another serial than the certificate has',
      (good, other) => withAnswer(good, { serial: other.answer.serial }),
      'announced',
    ],
    [
      'another node id than the certificate has',
      (good, other) => withAnswer(good, { nodeId: other.answer.nodeId }),
      'announced',
    ],
    [
      'another name than the certificate has',
      (good) => withAnswer(good, { name: 'bravo' as NodeName }),
      'announced',
    ],
    [
      'a certificate for another name',
      (good) => ({ ...good, token: { ...good.token, name: 'bravo' as NodeName } }),
      'for alpha',
    ],
    ['a certificate for another key', (good) => ({ ...good, key: testKey() }), 'another key'],
    ['no CRL', (good) => withAnswer(good, { crls: [] }), 'LS_TRUST_NO_REVOCATION'],
    [
      'a CRL of the root only',
      (good) => withAnswer(good, { crls: good.answer.crls.slice(-1) }),
      'LS_TRUST_NO_REVOCATION',
    ],
    ['the CRLs of another CA', (good, other) => withAnswer(good, { crls: other.answer.crls }), 'LS_CRL_'],
    [
      'a CRL with a changed signature',
      (good) => withAnswer(good, { crls: good.answer.crls.map(flipped) }),
      'LS_',
    ],
    [
      'the roster of another CA',
      (good, other) => withAnswer(good, { roster: other.answer.roster }),
      'roster',
    ],
    [
      'a roster with a changed signature',
      (good) => withAnswer(good, { roster: flipped(good.answer.roster) }),
      'roster',
    ],
    ['a roster that is none', (good) => withAnswer(good, { roster: new Uint8Array(10) }), 'roster'],
  ])('refuses %s', async (_, forge, detail) => {
    const good = await enrolled('alpha');
    expect(refusalOf(forge(good, await enrolled('alpha')))).toContain(detail);
  });

  it('refuses a certificate that has expired', async () => {
    const good = await enrolled('alpha');
    expect(refusalOf(good, unixMs(CA_NOW + 8 * 86_400_000))).toContain('LS_TRUST_');
  });

  it('refuses a roster without itself, as it was before', async () => {
    const { authority } = await makeTestCa();
    const before = valueOf(await authority.currentRoster()).record;
    const { token } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    const key = testKey();
    const answer = valueOf(await authority.enroll(requestFor(token, key), CA_NOW));
    const stale = {
      answer: { ...answer, roster: before },
      token: valueOf(decodeToken(token)),
      key,
    };
    expect(refusalOf(stale)).toContain('does not name this node');
  });

  it('refuses a chain made with the names of the CA and other keys', async () => {
    const good = await enrolled('alpha');
    const stranger = makeTestPki({ now: CA_NOW }).node('alpha');
    expect(refusalOf(withAnswer(good, { chain: stranger.chain }))).toContain('LS_TRUST_UNKNOWN_ISSUER');
  });
});
