import { describe, expect, it } from 'vitest';
import { REVOCATION_REASONS, type Publication, type RevocationReason } from '../../../src/authority/index.ts';
import { decodeRoster } from '../../../src/membership/index.ts';
import { parseCrl, type CertificateList } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf, renewalFor, requestFor } from '../../support/ca.ts';
import { testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { ofActive, onlyList } from '../../support/issuing.ts';

const DAY_MS = 86_400_000;
const NOW_SECOND = CA_NOW - (CA_NOW % 1_000);

function crlOf(der: Uint8Array | null | undefined): CertificateList {
  return valueOf(parseCrl(der ?? new Uint8Array()));
}

describe('revoking a node', () => {
  it('revokes all its unexpired certificates in one CRL, takes it from the roster and cuts it off', async () => {
    const { authority } = await makeTestCa();
    const heard: Publication[] = [];
    const { enrollment, key } = await enrollMember(authority, 'alpha');
    const peer = await peerOf(authority, enrollment.chain);
    const renewal = renewalFor(authority, peer, key);
    const second = valueOf(await authority.reenroll(peer, renewal.request, CA_NOW));
    valueOf(await authority.activate(peer, 'alpha.example.test:8450', CA_NOW));
    authority.onPublication((publication) => heard.push(publication));
    const facts = valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, CA_NOW));
    expect(facts).toEqual({
      name: 'alpha',
      nodeId: enrollment.nodeId,
      serials: [enrollment.serial, second.serial].sort(),
      reason: 'keyCompromise',
      revokedAt: NOW_SECOND,
      crlNumber: 2,
      rosterNumber: 4,
      fresh: true,
    });
    expect(heard).toHaveLength(1);
    const [told] = heard;
    expect(told?.endedNodes).toEqual([enrollment.nodeId]);
    expect(told?.revokedSerials).toEqual(facts.serials);
    expect(told?.seeds).toEqual([]);
    const delta = crlOf(onlyList(told?.crl));
    expect(delta.extensions.deltaCrlIndicator?.value).toBe(1);
    expect([...delta.entries].map(({ serialHex, reason }) => `${serialHex} ${reason}`).sort()).toEqual(
      facts.serials.map((serial) => `${serial} keyCompromise`),
    );
    const roster = valueOf(decodeRoster(told?.roster?.record ?? new Uint8Array())).body;
    expect([roster.number, roster.members.map(({ state }) => state), roster.k, roster.h]).toEqual([
      4,
      ['revoked'],
      1,
      1,
    ]);
  });

  it('gives the same facts again and changes nothing, whatever reason is named then', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    const first = valueOf(await authority.revoke({ name: 'alpha', reason: 'superseded' }, CA_NOW));
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    const again = valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, later(DAY_MS)));
    expect(again).toEqual({ ...first, fresh: false });
    expect(heard).toEqual([]);
    expect(ofActive(valueOf(await authority.currentCrls())).number).toBe(first.crlNumber);
  });

  it('leaves expired certificates out, and works for a node that has no other', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    const facts = valueOf(await authority.revoke({ name: 'alpha' }, later(8 * DAY_MS)));
    expect(facts.serials).toEqual([]);
    expect(facts.crlNumber).toBe(2);
    expect(valueOf(await authority.show('alpha', later(8 * DAY_MS))).state).toBe('revoked');
  });

  it('takes the reasons of RFC 5280 that are about end entities and need no release', async () => {
    const { authority } = await makeTestCa();
    for (const [n, reason] of REVOCATION_REASONS.entries()) {
      await enrollMember(authority, `node-${n}`);
      expect(valueOf(await authority.revoke({ name: `node-${n}`, reason }, CA_NOW)).reason).toBe(reason);
    }
    for (const reason of ['removeFromCRL', 'cACompromise', 'because'] as unknown as RevocationReason[]) {
      expect(codeOf(await authority.revoke({ name: 'node-0', reason }, CA_NOW))).toBe('LS_CA_REQUEST');
    }
  });

  it('knows names and serials it never gave as such', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    for (const request of [
      { name: 'beta' },
      { name: 'beta', onlySerial: enrollment.serial },
      { name: 'alpha', onlySerial: '00'.repeat(16) },
      { name: 'alpha', onlySerial: 'no serial' },
    ]) {
      expect(codeOf(await authority.revoke(request, CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
    }
    expect(ofActive(valueOf(await authority.currentCrls())).number).toBe(1);
  });

  it('revokes a removed node, because a revocation outranks a removal', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    valueOf(await authority.remove('alpha', CA_NOW));
    expect(valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW)).serials).toEqual([enrollment.serial]);
    expect(codeOf(await authority.remove('alpha', CA_NOW))).toBe('LS_IDENTITY_REVOKED');
  });

  it('acts on the identity that holds the name now', async () => {
    const { authority } = await makeTestCa();
    const old = await enrollMember(authority, 'alpha');
    const fresh = await enrollMember(authority, { name: 'alpha', replace: true });
    const facts = valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(facts.nodeId).toBe(fresh.enrollment.nodeId);
    expect(facts.serials).not.toContain(old.enrollment.serial);
  });
});

describe('revoking one certificate', () => {
  it('lists it and leaves the identity, its roster entry and its other certificates alone', async () => {
    const { authority } = await makeTestCa();
    const { enrollment, key } = await enrollMember(authority, 'alpha');
    const peer = await peerOf(authority, enrollment.chain);
    const renewal = renewalFor(authority, peer, key);
    const second = valueOf(await authority.reenroll(peer, renewal.request, CA_NOW));
    const before = valueOf(await authority.currentRoster());
    const request = { name: 'alpha', onlySerial: enrollment.serial, reason: 'superseded' } as const;
    const facts = valueOf(await authority.revoke(request, CA_NOW));
    expect(facts).toMatchObject({
      serials: [enrollment.serial],
      rosterNumber: null,
      crlNumber: 2,
      fresh: true,
    });
    expect(valueOf(await authority.revoke(request, CA_NOW))).toEqual({ ...facts, fresh: false });
    expect(valueOf(await authority.currentRoster())).toEqual(before);
    const shown = valueOf(await authority.show('alpha', CA_NOW));
    expect(shown.certificates.map(({ serial, status }) => `${serial} ${status}`)).toEqual([
      `${second.serial} good`,
      `${enrollment.serial} revoked`,
    ]);
    const whole = valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(whole.serials).toEqual([second.serial]);
    expect(valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW)).serials).toEqual([second.serial]);
  });
});

describe('removing a node', () => {
  it('ends the identity once, in the roster only', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    const facts = valueOf(await authority.remove('alpha', CA_NOW));
    expect(facts).toMatchObject({ nodeId: enrollment.nodeId, rosterNumber: 3, fresh: true });
    expect(valueOf(await authority.remove('alpha', later(1)))).toEqual({ ...facts, fresh: false });
    expect(heard.map((publication) => Object.keys(publication).sort())).toEqual([
      ['endedNodes', 'roster', 'seeds'],
    ]);
    expect(ofActive(valueOf(await authority.currentCrls())).number).toBe(1);
    expect(codeOf(await authority.remove('beta', CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
  });

  it('drops out of the roster when its last certificate has expired', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    await enrollMember(authority, 'beta');
    valueOf(await authority.remove('alpha', CA_NOW));
    const after = later(8 * DAY_MS);
    const { token } = valueOf(await authority.createToken({ name: 'gamma' }, after));
    const { roster } = valueOf(await authority.enroll(requestFor(token, testKey()), after));
    const names = valueOf(decodeRoster(roster)).body.members.map(({ name }) => name);
    expect(names.sort()).toEqual(['beta', 'gamma']);
  });
});
