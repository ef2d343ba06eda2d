import { describe, expect, it, onTestFinished } from 'vitest';
import {
  caRevocation,
  MAX_LIVING_ISSUERS,
  openAuthority,
  signRootCrl,
  type Authority,
  type IssuingFacts,
  type Publication,
} from '../../../src/authority/index.ts';
import { decodeRoster } from '../../../src/membership/index.ts';
import { monoMs, parseSerialNumber, type Signer } from '../../../src/std/index.ts';
import {
  encodeOcspRequest,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
  verifyOcspResponse,
  type CertificateList,
} from '../../../src/x509/index.ts';
import {
  CA_NOW,
  certIdOfDer,
  enrollMember,
  later,
  makeTestCa,
  peerOf,
  renewalFor,
  requestFor,
  verdictOn,
} from '../../support/ca.ts';
import { CaLedgerWorld } from '../../support/ca-ledger-world.ts';
import { ofRoot } from '../../support/issuing.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { makeTestPki } from '../../support/pki.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TEN_MINUTES_MS = 600_000;

const none = new Uint8Array();
const subjectOf = (der: Uint8Array | undefined) => valueOf(parseCertificate(der ?? none)).subject;
const issuerOf = (der: Uint8Array | undefined) => valueOf(parseCertificate(der ?? none)).issuer;
const serialsOf = (list: CertificateList): string[] => [...list.entries].map(({ serialHex }) => serialHex);

async function states(authority: Authority, now = CA_NOW): Promise<string[]> {
  const listed = valueOf(await authority.rollover.list(now));
  return listed.map(({ generation, state }) => `${String(generation)} ${state}`);
}

async function prepare(authority: Authority, key: Signer = testKey(), now = CA_NOW): Promise<IssuingFacts> {
  return valueOf(await authority.rollover.prepare({ key }, now));
}

/** By generation, the CRLs that are served. */
async function crlsOf(
  authority: Authority,
): Promise<Map<number, { full: CertificateList; delta: CertificateList | null }>> {
  const { issuing } = valueOf(await authority.currentCrls());
  return new Map(
    issuing.map(({ generation, full, delta }) => [
      generation,
      { full: valueOf(parseCrl(full)), delta: delta === null ? null : valueOf(parseCrl(delta)) },
    ]),
  );
}

function deltaOf(crls: Awaited<ReturnType<typeof crlsOf>>, generation: number): CertificateList {
  const delta = crls.get(generation)?.delta;
  if (!delta) throw new Error(`no delta of ${String(generation)}`);
  return delta;
}

async function renew(authority: Authority, member: Awaited<ReturnType<typeof enrollMember>>, now = CA_NOW) {
  const peer = await peerOf(authority, member.enrollment.chain, now);
  return authority.reenroll(peer, renewalFor(authority, peer, member.key, now).request, now);
}

describe('one issuing CA after another', () => {
  it('is prepared, then active, then retired, and the audit follows from the ledger alone', async () => {
    const world = await CaLedgerWorld.make();
    const { authority } = world.ca;
    const audited = async (): Promise<unknown> => {
      await world.sign();
      return (await world.audit()).faults;
    };
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    const alpha = await enrollMember(authority, 'alpha');
    const beta = await enrollMember(authority, 'beta');

    const second = await prepare(authority);
    expect(second).toMatchObject({
      generation: 2,
      state: 'prepared',
      firstCrlNumber: 2,
      live: 0,
      activatedAt: null,
    });
    expect(await states(authority)).toEqual(['1 active', '2 prepared']);
    const [first, next] = authority.bundle().issuing;
    expect(next).toEqual(second.certificate);
    expect(subjectOf(first)).not.toEqual(subjectOf(next));
    const told = heard.at(-1);
    expect(told?.crl).toMatchObject({ number: 2, delta: false });
    expect(told?.crl?.lists.map((der) => valueOf(parseCrl(der)).issuer)).toEqual([
      subjectOf(first),
      subjectOf(next),
    ]);
    expect(told?.authorities?.issuing).toEqual([first, next]);
    expect(await audited()).toEqual([]);

    // It issues nothing yet, and revocations go to the CRL of who issued.
    const gamma = await enrollMember(authority, 'gamma');
    expect(gamma.enrollment.chain[1]).toEqual(first);
    expect(gamma.enrollment.issuing).toEqual([first, next]);
    valueOf(await authority.revoke({ name: 'beta' }, CA_NOW));
    const before = await crlsOf(authority);
    expect(deltaOf(before, 1).entries.find(beta.enrollment.serial)).toBeDefined();
    expect(deltaOf(before, 2).entries.size).toBe(0);
    expect(await audited()).toEqual([]);

    valueOf(await authority.rollover.activate(2, later(HOUR_MS), TEN_MINUTES_MS));
    expect(await states(authority)).toEqual(['1 retiring', '2 active']);
    expect(authority.bundle()).toMatchObject({ issuing: [next, first], renewWithinMs: TEN_MINUTES_MS });
    const { record } = valueOf(await authority.currentRoster());
    expect(valueOf(decodeRoster(record)).body.certId).toBe(certIdOfDer(next ?? none));
    const delta = await enrollMember(authority, 'delta', later(HOUR_MS));
    expect(delta.enrollment.chain[1]).toEqual(next);
    const renewed = valueOf(await renew(authority, alpha, later(HOUR_MS)));
    expect([issuerOf(renewed.chain[0]), renewed.chain[1]]).toEqual([subjectOf(next), next]);
    for (const chain of [alpha.enrollment.chain, renewed.chain, delta.enrollment.chain])
      expect((await verdictOn(authority, chain, later(HOUR_MS))).ok).toBe(true);

    // Both kinds of certificate are revoked, each by its issuer, with one number.
    valueOf(await authority.revoke({ name: 'gamma' }, later(HOUR_MS)));
    valueOf(await authority.revoke({ name: 'alpha' }, later(HOUR_MS)));
    const after = await crlsOf(authority);
    expect(serialsOf(deltaOf(after, 1))).toContain(alpha.enrollment.serial);
    expect(serialsOf(deltaOf(after, 2))).toEqual([renewed.serial]);
    expect(codeOf(await verdictOn(authority, renewed.chain, later(HOUR_MS)))).toBe('LS_TRUST_REVOKED');
    expect(codeOf(await verdictOn(authority, gamma.enrollment.chain, later(HOUR_MS)))).toBe(
      'LS_TRUST_REVOKED',
    );
    expect(await audited()).toEqual([]);

    // Nothing unexpired that is not revoked is left below the first.
    const retired = valueOf(await authority.rollover.retire(1, later(HOUR_MS)));
    expect(retired).toMatchObject({ generation: 1, state: 'retired', endedAt: later(HOUR_MS), live: 0 });
    expect(authority.bundle().issuing).toEqual([next]);
    expect([...(await crlsOf(authority)).keys()]).toEqual([2]);
    valueOf(await authority.publishFull(later(2 * HOUR_MS)));
    expect(await audited()).toEqual([]);
  });

  it('signs with one key where the other is gone, once that one has ended', async () => {
    const { authority, deps } = await makeTestCa();
    const key = testKey();
    await prepare(authority, key);
    const open = (issuing: readonly Signer[]) => openAuthority({ ...deps, keys: { issuing } });
    expect(codeOf(await open([deps.keys.issuing[0]]))).toBe('LS_CA_KEY_MISMATCH');
    expect(codeOf(await open([key]))).toBe('LS_CA_KEY_MISMATCH');
    expect(codeOf(await open([key, deps.keys.issuing[0], testKey()]))).toBeUndefined();
    valueOf(await authority.rollover.activate(2, CA_NOW, 0));
    valueOf(await authority.rollover.retire(1, CA_NOW));
    const alone = valueOf(await open([key]));
    const { enrollment } = await enrollMember(alone, 'alpha');
    expect((await verdictOn(alone, enrollment.chain)).ok).toBe(true);
  });

  it('is done by one process, and followed by another over the same store, as soon as it has the key', async () => {
    const { authority, deps } = await makeTestCa();
    const other = valueOf(await openAuthority(deps));
    const heard: Publication[] = [];
    other.onPublication((publication) => heard.push(publication));
    const key = testKey();
    const facts = await prepare(authority, key);
    expect(codeOf(await other.createToken({ name: 'alpha' }, CA_NOW))).toBe('LS_CA_KEY_MISMATCH');
    expect(codeOf(await other.rollover.activate(2, CA_NOW, 0))).toBe('LS_CA_KEY_MISMATCH');
    expect(valueOf(await other.rollover.prepare({ key }, CA_NOW))).toEqual(facts);
    valueOf(await other.catchUp(false));
    expect(heard.map(({ authorities, crl }) => [authorities?.issuing.length, crl?.lists.length])).toEqual([
      [2, undefined],
      [undefined, 2],
    ]);
    valueOf(await other.rollover.activate(2, CA_NOW, 0));
    const { enrollment } = await enrollMember(authority, 'alpha');
    expect(enrollment.chain[1]).toEqual(facts.certificate);
  });

  it('is asked for again without another effect', async () => {
    const { authority } = await makeTestCa();
    const key = testKey();
    const facts = await prepare(authority, key);
    const { number } = valueOf(await authority.currentCrls());
    expect(await prepare(authority, key, later(HOUR_MS))).toEqual(facts);
    const active = valueOf(await authority.rollover.activate(2, CA_NOW, 5));
    expect(valueOf(await authority.rollover.activate(2, later(HOUR_MS), 7))).toEqual(active);
    expect(authority.bundle().renewWithinMs).toBe(5);
    const retired = valueOf(await authority.rollover.retire(1, CA_NOW));
    expect(valueOf(await authority.rollover.retire(1, later(HOUR_MS)))).toEqual(retired);
    expect(valueOf(await authority.currentCrls()).number).toBe(number + 2);
  });

  it('is refused out of turn', async () => {
    const { authority, deps } = await makeTestCa();
    const { rollover } = authority;
    await enrollMember(authority, 'alpha');
    expect(codeOf(await rollover.activate(2, CA_NOW, 0))).toBe('LS_ROLLOVER_NOT_PREPARED');
    expect(codeOf(await rollover.retire(1, CA_NOW))).toBe('LS_ROLLOVER_STATE');
    expect(codeOf(await rollover.retire(9, CA_NOW))).toBe('LS_ROLLOVER_STATE');
    expect(codeOf(await rollover.revokeIssuing(1, CA_NOW))).toBe('LS_ROLLOVER_STATE');
    expect(codeOf(await rollover.revokeIssuing(9, CA_NOW))).toBe('LS_ROLLOVER_STATE');
    expect(codeOf(await rollover.activate(1, CA_NOW, 0))).toBeUndefined();
    for (const within of [-1, 0.5, Number.NaN])
      expect(codeOf(await rollover.activate(1, CA_NOW, within))).toBe('LS_CA_REQUEST');
    const rootless = valueOf(await openAuthority({ ...deps, keys: { issuing: deps.keys.issuing } }));
    expect(codeOf(await rootless.rollover.prepare({ key: testKey() }, CA_NOW))).toBe(
      'LS_ROLLOVER_ROOT_ABSENT',
    );
    await prepare(authority);
    expect(codeOf(await rollover.prepare({ key: testKey() }, CA_NOW))).toBe('LS_ROLLOVER_PENDING');
    expect(codeOf(await rollover.retire(2, CA_NOW))).toBe('LS_ROLLOVER_STATE');
    valueOf(await rollover.activate(2, CA_NOW, 0));
    expect(codeOf(await rollover.activate(1, CA_NOW, 0))).toBe('LS_ROLLOVER_NOT_PREPARED');
    expect(codeOf(await rollover.retire(1, CA_NOW))).toBe('LS_ROLLOVER_NOT_EMPTY');
    // What is on hold may come back.
    valueOf(await authority.revoke({ name: 'alpha', reason: 'certificateHold' }, CA_NOW));
    expect(codeOf(await rollover.retire(1, CA_NOW))).toBe('LS_ROLLOVER_NOT_EMPTY');
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(codeOf(await rollover.retire(1, CA_NOW))).toBeUndefined();
    expect(codeOf(await rollover.revokeIssuing(1, CA_NOW))).toBe('LS_ROLLOVER_STATE');
  });

  it('has a bound on those that have not ended', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'one');
    for (let generation = 2; generation <= MAX_LIVING_ISSUERS; generation++) {
      await prepare(authority);
      valueOf(await authority.rollover.activate(generation, CA_NOW, 0));
      await enrollMember(authority, `of-${String(generation)}`);
    }
    expect(codeOf(await authority.rollover.prepare({ key: testKey() }, CA_NOW))).toBe('LS_ROLLOVER_LIMIT');
    expect(valueOf(await authority.currentCrls()).issuing).toHaveLength(MAX_LIVING_ISSUERS);
    valueOf(await authority.revoke({ name: 'of-3' }, CA_NOW));
    valueOf(await authority.rollover.retire(3, CA_NOW));
    await prepare(authority);
  });

  it('takes up an issuance that was interrupted, by the CA that was to do it, and not when that has ended', async () => {
    const { authority, deps } = await makeTestCa();
    const { token } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    const request = requestFor(token, testKey());
    const away = deps.keys.issuing.map((key) => ({
      ...key,
      sign(message: Uint8Array): Uint8Array {
        // A TBSCertificate; records and CRLs are signed.
        if (message[0] === 0x30 && message[4] === 0xa0) throw new Error('killed');
        return key.sign(message);
      },
    }));
    const dying = valueOf(await openAuthority({ ...deps, keys: { ...deps.keys, issuing: away } }));
    await expect(dying.enroll(request, CA_NOW)).rejects.toThrow('killed');
    await prepare(authority);
    valueOf(await authority.rollover.activate(2, CA_NOW, 0));
    // What was decided counts below the first, though it was never signed.
    expect(codeOf(await authority.rollover.retire(1, CA_NOW))).toBe('LS_ROLLOVER_NOT_EMPTY');
    const enrolled = valueOf(await authority.enroll(request, CA_NOW));
    expect(enrolled.chain[1]).toEqual(authority.bundle().issuing[1]);
    valueOf(await authority.rollover.revokeIssuing(1, CA_NOW));
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBe('LS_CA_INTENT');
  });

  it('releases a hold by the CA that has issued, after another is active', async () => {
    const world = await CaLedgerWorld.make();
    const { authority } = world.ca;
    const { enrollment } = await enrollMember(authority, 'alpha');
    valueOf(await authority.revoke({ name: 'alpha', reason: 'certificateHold' }, CA_NOW));
    await prepare(authority);
    valueOf(await authority.rollover.activate(2, CA_NOW, 0));
    expect(codeOf(await verdictOn(authority, enrollment.chain))).toBe('LS_TRUST_HELD');
    valueOf(await authority.release('alpha', later(2_000)));
    expect((await verdictOn(authority, enrollment.chain, later(2_000))).ok).toBe(true);
    await world.sign();
    expect((await world.audit()).faults).toEqual([]);
  });
});

describe('an issuing CA that is compromised', () => {
  it('is left for the next one, and revoked by the root: what it has issued is dead, what has renewed lives', async () => {
    const world = await CaLedgerWorld.make();
    const { authority } = world.ca;
    const heard: Publication[] = [];
    const alpha = await enrollMember(authority, 'alpha');
    const beta = await enrollMember(authority, 'beta');
    await prepare(authority);
    valueOf(await authority.rollover.activate(2, later(1_000), TEN_MINUTES_MS));
    const renewed = valueOf(await renew(authority, alpha, later(2_000)));
    authority.onPublication((publication) => heard.push(publication));
    const done = valueOf(await authority.rollover.revokeIssuing(1, later(3_000)));
    expect(done).toMatchObject({ number: 2, revoked: 1, isNews: true, endsIssuing: false });
    expect(await states(authority)).toEqual(['1 revoked', '2 active']);
    expect(heard).toMatchObject([{ rootCrls: [{ number: 2 }], authorities: {}, crl: { delta: false } }]);
    expect(heard[0]?.crl?.lists).toHaveLength(1);
    expect((await verdictOn(authority, renewed.chain, later(4_000))).ok).toBe(true);
    expect(codeOf(await verdictOn(authority, beta.enrollment.chain, later(4_000)))).toBe('LS_TRUST_REVOKED');
    const again = valueOf(await authority.rollover.revokeIssuing(1, later(5_000)));
    expect(again).toEqual({ ...done, isNews: false });
    // Its identities can be ended and its names taken up again, though it has no CRL any more.
    valueOf(await authority.revoke({ name: 'beta' }, later(5_000)));
    valueOf(await authority.publishFull(later(DAY_MS)));
    await world.sign();
    expect((await world.audit()).faults).toEqual([]);
  });

  it('that was prepared only can be revoked, and the next one has its own number', async () => {
    const { authority } = await makeTestCa();
    await prepare(authority);
    valueOf(await authority.rollover.revokeIssuing(2, CA_NOW));
    expect((await prepare(authority)).generation).toBe(3);
    expect(await states(authority)).toEqual(['1 active', '2 revoked', '3 prepared']);
  });
});

describe('a root that is elsewhere', () => {
  const pki = makeTestPki({ now: CA_NOW });
  const G2 = 'mesh.internal issuing CA G2';

  it('certifies the next one, and what it made is judged as that of a new CA', async () => {
    const world = await CaLedgerWorld.imported(pki);
    const { authority } = world.ca;
    const own = pki.issuingCa(G2);
    const offer = (certificate: Uint8Array, key: Signer = own.key, rootCrl = pki.rootCrl({ number: 2 })) =>
      authority.rollover.prepare({ key, certificate, rootCrl }, CA_NOW);
    const refusals = [
      ['another key', await offer(pki.issuingCa(G2).der), 'LS_CA_KEY_MISMATCH'],
      ['the name of the first', await named('issuing'), 'LS_CEREMONY_HIERARCHY'],
      ['the number of a later one', await named('mesh.internal issuing CA G3'), 'LS_CEREMONY_HIERARCHY'],
      ['no right to certify its own server', await narrow(), 'LS_SAN_NOT_PERMITTED'],
      ['another root', await foreign(), 'LS_TRUST_UNKNOWN_ISSUER'],
      [
        'a CRL that lists it',
        await offer(own.der, own.key, pki.rootCrl({ number: 2, revoked: [own] })),
        'LS_TRUST_REVOKED',
      ],
      ['no certificate at all', await offer(new Uint8Array(3)), 'LS_DER_TAG'],
      [
        'a CRL of another root',
        await offer(own.der, own.key, makeTestPki({ now: CA_NOW }).rootCrl({ number: 2 })),
        'LS_CRL_ISSUER',
      ],
    ] as const;
    expect(refusals.map(([what, refused]) => [what, codeOf(refused)])).toEqual(
      refusals.map(([what, , code]) => [what, code]),
    );
    expect(await states(authority)).toEqual(['1 active']);
    expect(valueOf(await offer(own.der))).toMatchObject({
      generation: 2,
      state: 'prepared',
      certificate: own.der,
    });
    expect(ofRoot(valueOf(await authority.currentCrls())).rootNumber).toBe(2);
    valueOf(await authority.rollover.activate(2, CA_NOW, 0));
    expect(codeOf(await authority.rollover.revokeIssuing(1, CA_NOW))).toBe('LS_ROLLOVER_ROOT_ABSENT');
    const ending = pki.rootCrl({ number: 3, revoked: [pki.issuing] });
    expect(valueOf(await authority.importRootCrl(ending, CA_NOW))).toMatchObject({
      endsIssuing: false,
      revoked: 1,
    });
    expect(await states(authority)).toEqual(['1 revoked', '2 active']);
    await enrollMember(authority, 'alpha');
    await world.sign();
    expect((await world.audit()).faults).toEqual([]);

    function named(name: string) {
      const other = pki.issuingCa(name);
      return offer(other.der, other.key);
    }
    function narrow() {
      const permitted = [
        { kind: 'uri', value: 'mesh.internal' },
        { kind: 'dns', value: 'nodes.mesh.internal' },
      ] as const;
      const other = pki.issuingCa(G2, { nameConstraints: { permitted, excluded: [] } });
      return offer(other.der, other.key);
    }
    function foreign() {
      const other = makeTestPki({ now: CA_NOW }).issuingCa(G2);
      return offer(other.der, other.key);
    }
  });

  it('has revoked the only one: nothing is signed, until another one is active', async () => {
    const world = await CaLedgerWorld.imported(pki);
    const { authority } = world.ca;
    const alpha = await enrollMember(authority, 'alpha');
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    const crl = pki.rootCrl({ number: 2, revoked: [pki.issuing] });
    expect(valueOf(await authority.importRootCrl(crl, CA_NOW))).toMatchObject({ endsIssuing: true });
    expect(await states(authority)).toEqual(['1 revoked']);
    expect(heard[0]?.authorities).toMatchObject({ issuing: [], active: null });
    expect(valueOf(await authority.currentCrls())).toMatchObject({ roots: [{ der: crl }], number: 1 });
    const refused = [
      await authority.createToken({ name: 'beta' }, CA_NOW),
      await authority.revoke({ name: 'alpha' }, CA_NOW),
      await authority.publishFull(CA_NOW),
      await authority.issueServer({ hosts: ['ca.mesh.internal'], spki: testKey().spki }, CA_NOW),
      await authority.rollover.retire(1, CA_NOW),
    ];
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'LS_CA_REVOKED'));
    const again = valueOf(await openAuthority(world.ca.deps));
    const next = pki.issuingCa(G2);
    const facts = await again.rollover.prepare({ key: next.key, certificate: next.der }, CA_NOW);
    expect(valueOf(facts)).toMatchObject({ generation: 2, state: 'prepared', firstCrlNumber: 2 });
    valueOf(await again.rollover.activate(2, CA_NOW, 0));
    expect(await states(again)).toEqual(['1 revoked', '2 active']);
    const beta = await enrollMember(again, 'beta');
    expect((await verdictOn(again, beta.enrollment.chain)).ok).toBe(true);
    expect(codeOf(await verdictOn(again, alpha.enrollment.chain))).toBe('LS_TRUST_REVOKED');
    await world.sign();
    expect((await world.audit()).faults).toEqual([]);
  });
});

describe('OCSP for several issuing CAs', () => {
  it('is answered by a delegate of each, for what that one has issued, and for no other', async () => {
    const { authority } = await makeTestCa();
    const alpha = await enrollMember(authority, 'alpha');
    const options = { newKey: () => testKey(), pause: () => Promise.resolve() };
    const responder = valueOf(await authority.openResponder(options, CA_NOW));
    onTestFinished(() => responder.close());
    const second = await prepare(authority);
    valueOf(await authority.rollover.activate(2, CA_NOW, 0));
    const beta = await enrollMember(authority, 'beta');
    const certificateOf = (der: Uint8Array | undefined) => valueOf(parseCertificate(der ?? none));
    const [g2, g1] = authority.bundle().issuing.map(certificateOf);
    if (g1 === undefined || g2 === undefined) throw new Error('two issuing CAs');
    const now = { wall: CA_NOW, mono: monoMs(0) };
    const idOf = (issuer: typeof g1, serial: string) =>
      ocspCertId(valueOf(ocspIssuerOf(issuer, testCrypto)), 'SHA-256', serial);
    const ask = async (...certIds: ReturnType<typeof idOf>[]) => {
      const { der } = await responder.answer(encodeOcspRequest({ certIds, nonce: undefined }), now);
      return { der, status: valueOf(parseOcspResponse(der)).status };
    };
    const statusOf = async (issuer: typeof g1, { chain, serial }: typeof alpha.enrollment) => {
      const { der: response } = await ask(idOf(issuer, serial));
      const leaf = certificateOf(chain[0]);
      const judged = verifyOcspResponse({
        response,
        certificate: leaf,
        issuer,
        crypto: testCrypto,
        now: CA_NOW,
        nonce: none,
        mayOmitNonce: true,
      });
      return judged.ok ? judged.value.certStatus.status : judged.error.code;
    };
    // It has not heard of the second yet: nobody else may answer for that.
    expect((await ask(idOf(g2, beta.enrollment.serial))).status).toBe('unauthorized');
    valueOf(await responder.refresh(CA_NOW));
    expect(await statusOf(g1, alpha.enrollment)).toBe('good');
    expect(await statusOf(g2, beta.enrollment)).toBe('good');
    expect((await ask(idOf(g1, alpha.enrollment.serial), idOf(g2, beta.enrollment.serial))).status).toBe(
      'unauthorized',
    );
    // A serial of the one asked about under the name of the other was never issued by that.
    for (const certId of [idOf(g2, alpha.enrollment.serial), idOf(g1, beta.enrollment.serial)]) {
      const { der } = await ask(certId);
      expect(valueOf(parseOcspResponse(der))).toMatchObject({
        basic: { responses: [{ certStatus: { status: 'unknown' } }] },
      });
    }
    valueOf(await authority.rollover.revokeIssuing(1, CA_NOW));
    expect((await ask(idOf(g1, alpha.enrollment.serial))).status).toBe('unauthorized');
    valueOf(await responder.refresh(CA_NOW));
    expect((await ask(idOf(g1, alpha.enrollment.serial))).status).toBe('unauthorized');
    expect(await statusOf(g2, beta.enrollment)).toBe('good');
    expect(second.generation).toBe(2);
  });
});

it('renews the CRL of a root that is at hand when it is due, after it has revoked the only issuing CA', async () => {
  const { authority, deps } = await makeTestCa();
  const [root = none] = authority.bundle().roots;
  const { serialHex } = valueOf(parseCertificate(authority.bundle().issuing[0] ?? none));
  const serial = defined(parseSerialNumber(serialHex));
  const atHand = { certificate: valueOf(parseCertificate(root)), signer: deps.keys.roots[0] };
  const entries = [caRevocation(serial, 'cACompromise', CA_NOW)];
  valueOf(await authority.importRootCrl(signRootCrl(atHand, { number: 2, entries }, CA_NOW), CA_NOW));
  expect(codeOf(await authority.publishFull(later(DAY_MS)))).toBe('LS_CA_REVOKED');
  const published = valueOf(await authority.publishFull(later(91 * DAY_MS)));
  const { rootNumber, root: crl, number } = { ...published, ...ofRoot(published) };
  expect([rootNumber, number]).toEqual([3, 1]);
  expect(valueOf(parseCrl(crl)).entries.find(serial)?.reason).toBe('cACompromise');
});

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value');
  return value;
}
