import { describe, expect, it, onTestFinished } from 'vitest';
import {
  OCSP_NEXT_UPDATE_MS,
  OCSP_OWN_ANSWERS_BURST,
  OCSP_OWN_ANSWERS_PER_SECOND,
  OCSP_REFRESH_MS,
  type OcspAnswer,
  type OcspResponder,
} from '../../../src/authority/index.ts';
import { monoMs, unixMs, type Instant, type UnixMs } from '../../../src/std/index.ts';
import {
  encodeOcspRequest,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  parseOcspResponse,
  verifyOcspResponse,
  type Certificate,
  type OcspHash,
} from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, type TestCa } from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { activeIssuing } from '../../support/issuing.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NONCE = new Uint8Array(32).fill(5);
const at = (wall: UnixMs = CA_NOW): Instant => ({ mono: monoMs(wall), wall });

interface TestResponder {
  readonly ca: TestCa;
  readonly responder: OcspResponder;
  readonly issuing: Certificate;
  /** DER request for a serial of the CA. */
  ask(serialHex: string, nonce?: Uint8Array, hash?: OcspHash): Uint8Array;
}

async function makeResponder(maxHeld?: number): Promise<TestResponder> {
  const ca = await makeTestCa({ request: { crlUrl: 'http://ca.mesh.internal:8441' } });
  const options = { newKey: () => testKey(), pause: () => Promise.resolve() };
  const bound = maxHeld === undefined ? {} : { maxHeld };
  const responder = valueOf(await ca.authority.openResponder({ ...options, ...bound }, CA_NOW));
  onTestFinished(() => responder.close());
  const issuing = valueOf(parseCertificate(activeIssuing(ca.authority)));
  const issuer = valueOf(ocspIssuerOf(issuing, testCrypto));
  return {
    ca,
    responder,
    issuing,
    ask: (serialHex, nonce, hash = 'SHA-1') =>
      encodeOcspRequest({ certIds: [ocspCertId(issuer, hash, serialHex)], nonce }),
  };
}

const leafOf = (chain: readonly Uint8Array[]): Certificate =>
  valueOf(parseCertificate(chain[0] ?? new Uint8Array()));

/** What a relying party makes of the answer. */
function judge(
  { issuing }: TestResponder,
  answer: OcspAnswer,
  certificate: Certificate,
  now: UnixMs = CA_NOW,
) {
  const request = { response: answer.der, certificate, issuer: issuing, crypto: testCrypto, now };
  return verifyOcspResponse({ ...request, nonce: NONCE, mayOmitNonce: true });
}

const statusOf = (answer: OcspAnswer): string => valueOf(parseOcspResponse(answer.der)).status;

describe('the OCSP responder of the authority', () => {
  it('signs in advance for every live certificate, with both hashes, and answers at once then', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    expect(valueOf(await test.responder.refresh(CA_NOW))).toBe(2);
    expect(test.responder.health()).toMatchObject({ held: 2 });
    for (const hash of ['SHA-1', 'SHA-256'] as const) {
      const answer = test.responder.answer(test.ask(enrollment.serial, undefined, hash), at());
      if (answer instanceof Promise) throw new Error('the answer was not at hand');
      const judged = valueOf(judge(test, answer, leafOf(enrollment.chain)));
      expect(judged).toMatchObject({ certStatus: { status: 'good' }, hasNonce: false });
      expect(judged.nextUpdate - judged.thisUpdate).toBe(OCSP_NEXT_UPDATE_MS);
      expect(answer.times).toEqual({ thisUpdate: judged.thisUpdate, nextUpdate: judged.nextUpdate });
    }
    expect(valueOf(await test.responder.refresh(CA_NOW))).toBe(0);
  });

  it('says revoked of what is on hold, and good again in the turn of its release', async () => {
    const test = await makeResponder();
    const { authority } = test.ca;
    const { enrollment } = await enrollMember(authority, 'alpha');
    const status = async (): Promise<unknown> => {
      const answer = await test.responder.answer(test.ask(enrollment.serial), at());
      return valueOf(judge(test, answer, leafOf(enrollment.chain))).certStatus;
    };
    valueOf(await authority.revoke({ name: 'alpha', reason: 'certificateHold' }, CA_NOW));
    valueOf(await test.responder.refresh(CA_NOW));
    expect(await status()).toMatchObject({ status: 'revoked', reason: 'certificateHold' });
    valueOf(await authority.release('alpha', CA_NOW));
    expect(await status()).toMatchObject({ status: 'good' });
  });

  it('names itself in the certificates of others, and not in its own', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    const url = { kind: 'uri', value: 'http://ca.mesh.internal:8441/ocsp' };
    const { extensions } = leafOf(enrollment.chain);
    expect(extensions.authorityInfoAccess?.value).toMatchObject([{ location: url }]);
    const answer = await test.responder.answer(test.ask(enrollment.serial), at());
    const { signer } = valueOf(judge(test, answer, leafOf(enrollment.chain)));
    expect(signer.extensions).toMatchObject({
      authorityInfoAccess: undefined,
      crlDistributionPoints: undefined,
      ocspNoCheck: { critical: false },
    });
    expect(signer.notAfter - signer.notBefore).toBe(7 * DAY_MS + 300_000);
  });

  it('says revoked in the turn in which the revocation is published, and ever after', async () => {
    const test = await makeResponder();
    const { authority } = test.ca;
    const { enrollment } = await enrollMember(authority, 'alpha');
    const leaf = leafOf(enrollment.chain);
    valueOf(await test.responder.refresh(CA_NOW));
    const heard: (OcspAnswer | Promise<OcspAnswer>)[] = [];
    const stop = authority.onPublication(() => {
      heard.push(test.responder.answer(test.ask(enrollment.serial), at()));
    });
    const facts = valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, CA_NOW));
    stop();
    const [first] = heard;
    if (first === undefined) throw new Error('nothing was published');
    const revoked = { status: 'revoked', revokedAt: facts.revokedAt, reason: 'keyCompromise' };
    expect(valueOf(judge(test, await first, leaf)).certStatus).toEqual(revoked);
    valueOf(await test.responder.refresh(CA_NOW));
    for (const nonce of [undefined, NONCE]) {
      const answer = await test.responder.answer(test.ask(enrollment.serial, nonce), at());
      expect(valueOf(judge(test, answer, leaf)).certStatus).toEqual(revoked);
    }
  });

  it('keeps no answer that was read before a revocation and signed after it', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    const asked = test.responder.answer(test.ask(enrollment.serial), at());
    const swept = test.responder.refresh(CA_NOW);
    valueOf(await test.ca.authority.revoke({ name: 'alpha' }, CA_NOW));
    await asked;
    await swept;
    const answer = await test.responder.answer(test.ask(enrollment.serial), at());
    expect(valueOf(judge(test, answer, leafOf(enrollment.chain))).certStatus.status).toBe('revoked');
  });

  it('hears of revocations by another process over the same store at the next refresh', async () => {
    const test = await makeResponder();
    const { openAuthority } = await import('../../../src/authority/index.ts');
    const other = valueOf(await openAuthority(test.ca.deps));
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    valueOf(await test.responder.refresh(CA_NOW));
    valueOf(await other.revoke({ name: 'alpha' }, CA_NOW));
    valueOf(await test.responder.refresh(CA_NOW));
    const answer = await test.responder.answer(test.ask(enrollment.serial), at());
    expect(valueOf(judge(test, answer, leafOf(enrollment.chain))).certStatus.status).toBe('revoked');
  });

  it('repeats a nonce in an answer that no cache may keep, until too many ask', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    const leaf = leafOf(enrollment.chain);
    const ask = async (now: Instant) => {
      const answer = await test.responder.answer(test.ask(enrollment.serial, NONCE), now);
      return { hasNonce: valueOf(judge(test, answer, leaf)).hasNonce, times: answer.times };
    };
    expect(await ask(at())).toEqual({ hasNonce: true, times: null });
    valueOf(await test.responder.refresh(CA_NOW));
    const request = test.ask(enrollment.serial, NONCE);
    for (let i = 1; i < OCSP_OWN_ANSWERS_BURST; i++) {
      const answer = test.responder.answer(request, at());
      if (answer instanceof Promise || answer.times !== null) throw new Error(`no nonce at ${i}`);
    }
    expect(await ask(at())).toMatchObject({ hasNonce: false, times: { thisUpdate: unixMs(CA_NOW - 250) } });
    const soon: Instant = { mono: monoMs(CA_NOW + 1_000 / OCSP_OWN_ANSWERS_PER_SECOND), wall: CA_NOW };
    expect(await ask(soon)).toEqual({ hasNonce: true, times: null });
    const stranger = test.ask('40'.repeat(16));
    expect(statusOf(await test.responder.answer(stranger, soon))).toBe('tryLater');
  }, 20_000);

  it('knows nothing of a serial that was never issued, or of another form', async () => {
    const test = await makeResponder();
    for (const serial of ['40'.repeat(16), '01', '7f'.repeat(20)]) {
      const answer = await test.responder.answer(test.ask(serial), at());
      expect(valueOf(parseOcspResponse(answer.der))).toMatchObject({
        basic: { responses: [{ certStatus: { status: 'unknown' } }] },
      });
      expect(answer.times).toBeNull();
    }
  });

  it('answers about several certificates at once', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    const issuer = valueOf(ocspIssuerOf(test.issuing, testCrypto));
    const certIds = [enrollment.serial, '40'.repeat(16)].map((serial) =>
      ocspCertId(issuer, 'SHA-256', serial),
    );
    const answer = await test.responder.answer(encodeOcspRequest({ certIds, nonce: NONCE }), at());
    expect(valueOf(parseOcspResponse(answer.der))).toMatchObject({
      basic: {
        nonce: NONCE,
        responses: [{ certStatus: { status: 'good' } }, { certStatus: { status: 'unknown' } }],
      },
    });
  });

  it('says malformedRequest and unauthorized where there is nothing to sign', async () => {
    const test = await makeResponder();
    const stranger = valueOf(
      ocspIssuerOf(
        valueOf(parseCertificate(test.ca.authority.bundle().roots[0] ?? new Uint8Array())),
        testCrypto,
      ),
    );
    const foreign = encodeOcspRequest({ certIds: [ocspCertId(stranger, 'SHA-1', '01')], nonce: undefined });
    expect(statusOf(await test.responder.answer(foreign, at()))).toBe('unauthorized');
    for (const bytes of [new Uint8Array(), new Uint8Array(5_000), foreign.subarray(1)]) {
      expect(statusOf(await test.responder.answer(bytes, at()))).toBe('malformedRequest');
    }
  });

  it('signs anew before an answer lapses, and with a new key before its certificate does', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    const leaf = leafOf(enrollment.chain);
    valueOf(await test.responder.refresh(CA_NOW));
    const soon = later(OCSP_REFRESH_MS - 1_000);
    expect(valueOf(await test.responder.refresh(soon))).toBe(0);
    const due = later(OCSP_REFRESH_MS + 1_000);
    expect(valueOf(await test.responder.refresh(due))).toBe(2);
    const signers = new Set<string>();
    for (let now = due; now < later(6 * DAY_MS); now = unixMs(now + OCSP_REFRESH_MS)) {
      valueOf(await test.responder.refresh(now));
      const answer = await test.responder.answer(test.ask(enrollment.serial), at(now));
      const { signer, nextUpdate } = valueOf(judge(test, answer, leaf, now));
      expect(nextUpdate).toBeLessThanOrEqual(signer.notAfter);
      signers.add(signer.serialHex);
    }
    expect(signers.size).toBe(2);
  });

  it('never hands out an answer past its nextUpdate, even when nobody has refreshed it', async () => {
    const test = await makeResponder();
    const { enrollment } = await enrollMember(test.ca.authority, 'alpha');
    valueOf(await test.responder.refresh(CA_NOW));
    const now = later(2 * DAY_MS);
    const answer = await test.responder.answer(test.ask(enrollment.serial), at(now));
    expect(valueOf(judge(test, answer, leafOf(enrollment.chain), now)).certStatus.status).toBe('good');
  });

  it('holds as many answers as its bound, and signs for the others when they are asked for', async () => {
    const test = await makeResponder(2);
    const serials: string[] = [];
    for (const name of ['alpha', 'beta', 'gamma']) {
      serials.push((await enrollMember(test.ca.authority, name)).enrollment.serial);
    }
    expect(valueOf(await test.responder.refresh(CA_NOW))).toBe(2);
    for (const serial of serials) {
      const answer = await test.responder.answer(test.ask(serial), at());
      expect(valueOf(parseOcspResponse(answer.der))).toMatchObject({
        basic: { responses: [{ certStatus: { status: 'good' } }] },
      });
    }
    expect(test.responder.health().held).toBe(2);
  });

  it('says internalError when the store fails', async () => {
    const test = await makeResponder();
    await test.ca.deps.store.close();
    for (const nonce of [undefined, NONCE]) {
      expect(statusOf(await test.responder.answer(test.ask('40'.repeat(16), nonce), at()))).toBe(
        'internalError',
      );
    }
    expect(codeOf(await test.responder.refresh(CA_NOW))).toBe('LS_CA_STORE_CLOSED');
  });
});
