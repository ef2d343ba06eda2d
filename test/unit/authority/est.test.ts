import { describe, expect, it } from 'vitest';
import { MAX_LIVE_CERTIFICATES_PER_NODE, type Authority } from '../../../src/authority/index.ts';
import { parseCertificate } from '../../../src/x509/index.ts';
import {
  CA_NOW,
  enrollMember,
  later,
  makeTestCa,
  peerOf,
  renewalFor,
  requestFor,
  testCsr,
} from '../../support/ca.ts';
import { CaLedgerWorld } from '../../support/ca-ledger-world.ts';
import { testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';

async function tokenFor(authority: Authority, name: string, est = true): Promise<string> {
  return valueOf(await authority.createToken({ name, est }, CA_NOW)).token;
}

describe('enrolling by EST', () => {
  it('needs a token that was made for it, and its secret; the request need not be bound', async () => {
    const { authority } = await makeTestCa();
    const [open, plain] = [await tokenFor(authority, 'alpha'), await tokenFor(authority, 'beta', false)];
    const key = testKey();
    const unbound = (token: string, name: string) => ({ ...requestFor(token, key), csr: testCsr(key, name) });
    const est = { ...unbound(open, 'alpha'), isEst: true };
    expect(codeOf(await authority.enroll({ ...unbound(plain, 'beta'), isEst: true }, CA_NOW))).toBe(
      'LS_EST_NOT_ALLOWED',
    );
    expect(codeOf(await authority.enroll({ ...est, secret: new Uint8Array(32) }, CA_NOW))).toBe(
      'LS_TOKEN_UNKNOWN',
    );
    // Over our own protocol the same token asks for the binding still.
    expect(codeOf(await authority.enroll(unbound(open, 'alpha'), CA_NOW))).toBe('LS_TOKEN_BINDING');
    const wrong = { ...est, csr: testCsr(key, 'beta') };
    expect(codeOf(await authority.enroll(wrong, CA_NOW))).toBe('LS_TOKEN_WRONG_NAME');
    const first = valueOf(await authority.enroll(est, CA_NOW));
    expect(valueOf(await authority.enroll(est, CA_NOW)).serial).toBe(first.serial);
    const thief = { ...est, csr: testCsr(testKey(), 'alpha') };
    expect(codeOf(await authority.enroll(thief, CA_NOW))).toBe('LS_TOKEN_SPENT');
  });
});

describe('renewing by EST', () => {
  it('certifies the key that is in use again, for the same identity and names', async () => {
    const { authority } = await makeTestCa();
    const { key, enrollment } = await enrollMember(authority, { name: 'alpha', dns: ['a.example.test'] });
    const peer = await peerOf(authority, enrollment.chain);
    const renewed = valueOf(await authority.reenrollSameKey(peer, testCsr(key, 'alpha'), later(1_000)));
    expect(renewed.serial).not.toBe(enrollment.serial);
    const [before, after] = [enrollment, renewed].map(({ chain }) =>
      valueOf(parseCertificate(chain[0] ?? new Uint8Array())),
    );
    expect(after?.spki).toEqual(before?.spki);
    expect(after?.subject).toEqual(before?.subject);
    expect(after?.extensions.subjectAltName).toEqual(before?.extensions.subjectAltName);
    expect((await peerOf(authority, renewed.chain, later(1_000))).nodeId).toBe(enrollment.nodeId);
  });

  it('refuses another key, another name, and whoever is not current, live or within bounds', async () => {
    const { authority } = await makeTestCa();
    const { key, enrollment } = await enrollMember(authority, 'alpha');
    const peer = await peerOf(authority, enrollment.chain);
    const ask = async (csr: Uint8Array) => codeOf(await authority.reenrollSameKey(peer, csr, CA_NOW));
    expect(await ask(testCsr(testKey(), 'alpha'))).toBe('LS_EST_NEW_KEY');
    expect(await ask(testCsr(key, 'beta'))).toBe('LS_EST_SUBJECT');
    expect(await ask(Uint8Array.of(0x30))).toBe('LS_CSR_MALFORMED');
    const own = testCsr(key, 'alpha');
    for (let n = 1; n < MAX_LIVE_CERTIFICATES_PER_NODE; n++)
      valueOf(await authority.reenrollSameKey(peer, own, CA_NOW));
    expect(await ask(own)).toBe('LS_REENROLL_LIMIT');
    valueOf(await authority.revoke({ name: 'alpha', reason: 'certificateHold' }, CA_NOW));
    expect(await ask(own)).toBe('LS_IDENTITY_HELD');
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(await ask(own)).toBe('LS_IDENTITY_REVOKED');
  });

  it('refuses the key that another one has followed', async () => {
    const { authority } = await makeTestCa();
    const { key, enrollment } = await enrollMember(authority, 'alpha');
    const peer = await peerOf(authority, enrollment.chain);
    valueOf(await authority.reenroll(peer, renewalFor(authority, peer, key).request, CA_NOW));
    expect(codeOf(await authority.reenrollSameKey(peer, testCsr(key, 'alpha'), CA_NOW))).toBe(
      'LS_REENROLL_NOT_CURRENT',
    );
  });

  it('is what the audit follows, and a new key after it too', async () => {
    const world = await CaLedgerWorld.story();
    const { authority } = world.ca;
    const { key, enrollment } = await enrollMember(authority, { name: 'zeta', est: true }, later(6_000));
    const peer = await peerOf(authority, enrollment.chain, later(6_000));
    const renewed = valueOf(await authority.reenrollSameKey(peer, testCsr(key, 'zeta'), later(6_000)));
    const next = await peerOf(authority, renewed.chain, later(6_000));
    valueOf(await authority.reenroll(next, renewalFor(authority, next, key).request, later(6_000)));
    expect((await world.audit()).faults).toEqual([]);
  });
});
