import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../../../src/api/index.ts';
import { enrollMember } from '../../../support/ca.ts';
import { makeTestApi } from '../../../support/ca-api.ts';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('administration of the CA', () => {
  it('makes, lists and deletes a token with the stable fields', async () => {
    const { call } = await makeTestApi();
    const made = await call('POST', '/v1/tokens', { name: 'alpha', ttlMs: 60_000 });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ name: 'alpha', status: 'outstanding' });
    expect(made.json['token']).toMatch(/^ls1\./);
    expect(made.json['expiresAt']).toMatch(RFC_3339);
    const listed = await call('GET', '/v1/tokens');
    expect(JSON.stringify(listed.json)).not.toContain('ls1.');
    const id = String(made.json['tokenId']);
    expect((await call('DELETE', `/v1/tokens/${id}`)).status).toBe(200);
    expect(await call('DELETE', `/v1/tokens/${id}`)).toMatchObject({ json: { code: 'LS_TOKEN_UNKNOWN' } });
  });

  it('lists certificates and shows a node by name and by serial', async () => {
    const { authority, call } = await makeTestApi();
    const { enrollment } = await enrollMember(authority, 'alpha');
    const { serial, nodeId } = enrollment;
    const listed = await call('GET', '/v1/certificates');
    expect(listed.json['certificates']).toMatchObject([{ name: 'alpha', nodeId, serial, status: 'good' }]);
    for (const subject of ['alpha', serial]) {
      expect((await call('GET', `/v1/nodes/${subject}`)).json).toMatchObject({
        name: 'alpha',
        nodeId,
        state: 'enrolled',
      });
    }
    expect((await call('GET', '/v1/certificates?expiringMs=1000')).json['certificates']).toEqual([]);
  });

  it('revokes with the stable fields, and answers the same when asked again', async () => {
    const { authority, call } = await makeTestApi();
    const { enrollment } = await enrollMember(authority, 'alpha');
    const first = await call('POST', '/v1/nodes/alpha/revoke', { reason: 'keyCompromise' });
    expect(first.status).toBe(200);
    expect(first.json).toMatchObject({
      name: 'alpha',
      nodeId: enrollment.nodeId,
      serials: [enrollment.serial],
      reason: 'keyCompromise',
      spread: 'none',
    });
    expect(first.json['revokedAt']).toMatch(RFC_3339);
    expect(await call('POST', '/v1/nodes/alpha/revoke', { reason: 'keyCompromise' })).toEqual(first);
  });

  it('says local while active members have not confirmed, and names them when asked to wait', async () => {
    const { authority, call, context } = await makeTestApi();
    const beta = await enrollMember(authority, 'beta');
    await enrollMember(authority, 'alpha');
    await enrollMember(authority, 'gamma');
    const { nodeId, serial } = beta.enrollment;
    await authority.activate({ nodeId, serial }, null, context.now());
    const revoked = await call('POST', '/v1/nodes/alpha/revoke', { wait: true });
    expect(revoked.json).toMatchObject({ spread: 'local', pending: ['beta'] });
    context.acks.record(nodeId, { crlNumber: 1_000, rosterNumber: 1_000 });
    const next = await call('POST', '/v1/nodes/gamma/revoke', { wait: true });
    expect(next.json).toMatchObject({ spread: 'mesh', pending: [] });
  });

  it('removes a node', async () => {
    const { authority, call } = await makeTestApi();
    await enrollMember(authority, 'alpha');
    const removed = await call('POST', '/v1/nodes/alpha/remove');
    expect(removed.json).toMatchObject({ name: 'alpha' });
    expect((await call('GET', '/v1/nodes/alpha')).json).toMatchObject({ state: 'removed' });
  });

  it('publishes a full CRL on demand, with a higher number', async () => {
    const { call } = await makeTestApi();
    const before = await call('GET', '/v1/crl');
    const after = await call('POST', '/v1/crl/publish');
    expect(Number(after.json['crlNumber'])).toBeGreaterThan(Number(before.json['crlNumber']));
  });

  it.each([
    ['a token without a name', 'POST', '/v1/tokens', {}, 'LS_API_INVALID'],
    ['a token with an unknown member', 'POST', '/v1/tokens', { name: 'a', ttl: 1 }, 'LS_API_INVALID'],
    ['a token whose time is text', 'POST', '/v1/tokens', { name: 'a', ttlMs: '60000' }, 'LS_API_INVALID'],
    ['a token for a name that is no label', 'POST', '/v1/tokens', { name: 'A b' }, 'LS_NAME_INVALID'],
    ['a token for ever', 'POST', '/v1/tokens', { name: 'a', ttlMs: 1e12 }, 'LS_TOKEN_TTL'],
    [
      'a token with 33 DNS names',
      'POST',
      '/v1/tokens',
      { name: 'a', dns: Array(33).fill('a') },
      'LS_API_INVALID',
    ],
    ['a token id that is none', 'DELETE', '/v1/tokens/xyz', undefined, 'LS_API_INVALID'],
    ['a filter that is no number', 'GET', '/v1/certificates?expiringMs=soon', undefined, 'LS_API_INVALID'],
    ['an unknown filter', 'GET', '/v1/certificates?colour=red', undefined, 'LS_API_INVALID'],
    ['an unknown node', 'GET', '/v1/nodes/nobody', undefined, 'LS_CA_UNKNOWN_SUBJECT'],
    ['a revocation of nobody', 'POST', '/v1/nodes/nobody/revoke', {}, 'LS_CA_UNKNOWN_SUBJECT'],
    ['a reason that is none', 'POST', '/v1/nodes/nobody/revoke', { reason: 'boredom' }, 'LS_API_INVALID'],
    [
      'a reason only CAs have',
      'POST',
      '/v1/nodes/nobody/revoke',
      { reason: 'cACompromise' },
      'LS_API_INVALID',
    ],
    ['a serial that is none', 'POST', '/v1/nodes/nobody/revoke', { onlySerial: '12' }, 'LS_API_INVALID'],
    ['a body that is a list', 'POST', '/v1/tokens', [], 'LS_API_INVALID'],
    ['a body above the cap', 'POST', '/v1/tokens', { name: 'x'.repeat(MAX_BODY_BYTES) }, 'LS_API_TOO_LARGE'],
    ['a path that is not there', 'GET', '/v1/secrets', undefined, 'LS_API_NOT_FOUND'],
  ] as const)('refuses %s', async (_, method, url, body, code) => {
    const { call } = await makeTestApi();
    const { status, json } = await call(method, url, body);
    expect(json['code']).toBe(code);
    expect(status).toBeGreaterThanOrEqual(400);
  });
});
