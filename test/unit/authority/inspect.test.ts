import { describe, expect, it } from 'vitest';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf, testCsr } from '../../support/ca.ts';
import { testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { keyPurposes, parseCertificate } from '../../../src/x509/index.ts';

const DAY_MS = 86_400_000;

describe('listing certificates', () => {
  it('shows each with its status, by name', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'charlie');
    await enrollMember(authority, 'alpha');
    await enrollMember(authority, 'bravo', later(DAY_MS));
    valueOf(await authority.revoke({ name: 'alpha', reason: 'superseded' }, CA_NOW));
    const listed = valueOf(await authority.list({}, later(7 * DAY_MS + 1_000)));
    expect(listed.map(({ name, status, reason }) => [name, status, reason])).toEqual([
      ['alpha', 'revoked', 'superseded'],
      ['bravo', 'good', undefined],
      ['charlie', 'expired', undefined],
    ]);
  });

  it('picks those of a name, and the good ones that expire soon', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    await enrollMember(authority, 'bravo', later(2 * DAY_MS));
    await enrollMember(authority, 'charlie');
    valueOf(await authority.revoke({ name: 'charlie' }, CA_NOW));
    const names = async (filter: { name?: string; expiringMs?: number }): Promise<readonly string[]> =>
      valueOf(await authority.list(filter, later(5 * DAY_MS))).map(({ name }) => name);
    expect(await names({ name: 'bravo' })).toEqual(['bravo']);
    expect(await names({ expiringMs: 3 * DAY_MS })).toEqual(['alpha']);
    expect(await names({ expiringMs: 4 * DAY_MS })).toEqual(['alpha', 'bravo']);
    expect(await names({ expiringMs: 4 * DAY_MS, name: 'bravo' })).toEqual(['bravo']);
    for (const expiringMs of [-1, 0.5, Number.NaN]) {
      expect(codeOf(await authority.list({ expiringMs }, CA_NOW))).toBe('LS_CA_REQUEST');
    }
  });
});

describe('showing a node', () => {
  it('finds it by name and by any serial of its', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, {
      name: 'alpha',
      dns: ['a.example.test'],
      ip: ['::1'],
    });
    const peer = await peerOf(authority, enrollment.chain);
    valueOf(await authority.activate(peer, 'a.example.test:8450', later(5)));
    const byName = valueOf(await authority.show('alpha', CA_NOW));
    expect(byName).toMatchObject({
      name: 'alpha',
      nodeId: enrollment.nodeId,
      state: 'active',
      dns: ['a.example.test'],
      ip: ['::1'],
      address: 'a.example.test:8450',
      enrolledAt: CA_NOW,
      activatedAt: later(5),
      endedAt: null,
      reason: null,
    });
    expect(valueOf(await authority.show(enrollment.serial, CA_NOW))).toEqual(byName);
    expect(codeOf(await authority.show('bravo', CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
    expect(codeOf(await authority.show('00'.repeat(16), CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
  });
});

describe('certificates of other roles', () => {
  it('are no nodes: an operator has the operator purpose, the server its hosts', async () => {
    const { authority } = await makeTestCa();
    const operator = valueOf(
      await authority.issueOperator({ name: 'ann', csr: testCsr(testKey(), 'x') }, CA_NOW),
    );
    const hosts = ['ca.mesh.internal', '192.0.2.1', '2001:db8::1'];
    const server = valueOf(await authority.issueServer({ hosts, spki: testKey().spki }, CA_NOW));
    const [ann, https] = [operator, server].map(({ chain }) =>
      valueOf(parseCertificate(chain[0] ?? new Uint8Array())),
    );
    expect(ann?.extensions.subjectAltName?.value).toEqual([
      { kind: 'uri', value: 'spiffe://mesh.internal/operator/ann' },
    ]);
    expect(ann?.extensions.extendedKeyUsage?.value).toEqual([
      keyPurposes.clientAuth,
      keyPurposes.lifesignOperator,
    ]);
    expect(https?.extensions.subjectAltName?.value.map(({ kind }) => kind)).toEqual(['dns', 'ip', 'ip']);
    expect(https?.extensions.extendedKeyUsage?.value).toEqual([keyPurposes.serverAuth]);
    const roles = valueOf(await authority.list({}, CA_NOW)).map(({ role, nodeId, status }) => [
      role,
      nodeId,
      status,
    ]);
    expect(roles).toEqual([
      ['operator', null, 'good'],
      ['server', null, 'good'],
    ]);
    const facts = valueOf(await authority.revoke({ name: 'ann', onlySerial: operator.serial }, CA_NOW));
    expect(facts.nodeId).toBeNull();
  });

  it('are refused for names they may not hold and keys nobody has', async () => {
    const { authority } = await makeTestCa();
    const { spki } = testKey();
    const refusals = [
      await authority.issueServer({ hosts: [], spki }, CA_NOW),
      await authority.issueServer({ hosts: ['ca.example.org'], spki }, CA_NOW),
      await authority.issueServer({ hosts: ['*.mesh.internal'], spki }, CA_NOW),
      await authority.issueOperator({ name: 'Ann', csr: testCsr(testKey(), 'x') }, CA_NOW),
      await authority.issueOperator({ name: 'ann', csr: new Uint8Array(8) }, CA_NOW),
    ];
    expect(refusals.map(codeOf)).toEqual([
      'LS_SAN_INVALID',
      'LS_SAN_NOT_PERMITTED',
      'LS_SAN_INVALID',
      'LS_NAME_INVALID',
      'LS_CSR_MALFORMED',
    ]);
    expect(valueOf(await authority.list({}, CA_NOW))).toEqual([]);
  });
});
