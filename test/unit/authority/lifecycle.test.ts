import { describe, expect, it } from 'vitest';
import { decodeRoster } from '../../../src/membership/index.ts';
import { parseCertificate, parseCrl, spiffeIdOf, subjectSerialNumberOf } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, makeTestCa, peerOf, renewalFor } from '../../support/ca.ts';
import { valueOf } from '../../support/result.ts';
import { ofActive } from '../../support/issuing.ts';

describe('a node in the hands of the authority', () => {
  it('is enrolled, activated, renewed and revoked, and everything published agrees', async () => {
    const { authority } = await makeTestCa();
    const alpha = await enrollMember(authority, {
      name: 'alpha',
      dns: ['a.example.test'],
      ip: ['192.0.2.1'],
    });
    const leaf = valueOf(parseCertificate(alpha.enrollment.chain[0] ?? new Uint8Array()));
    expect(spiffeIdOf(leaf)?.uri).toBe('spiffe://mesh.internal/node/alpha');
    expect(subjectSerialNumberOf(leaf)).toBe(alpha.enrollment.nodeId);
    const peer = await peerOf(authority, alpha.enrollment.chain);
    const { rosterNumber } = valueOf(await authority.activate(peer, 'alpha.example.test:8450', CA_NOW));
    expect(rosterNumber).toBe(3);
    const renewal = renewalFor(authority, peer, alpha.key);
    const renewed = valueOf(await authority.reenroll(peer, renewal.request, CA_NOW));
    const revoked = valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, CA_NOW));
    expect(revoked.serials).toEqual([alpha.enrollment.serial, renewed.serial].sort());
    const { delta } = ofActive(valueOf(await authority.currentCrls()));
    const crl = valueOf(parseCrl(delta ?? new Uint8Array()));
    expect([...crl.entries].map((entry) => entry.serialHex).sort()).toEqual(revoked.serials);
    const roster = valueOf(decodeRoster(valueOf(await authority.currentRoster()).record));
    expect(roster.body.members.map(({ state }) => state)).toEqual(['revoked']);
  });
});
