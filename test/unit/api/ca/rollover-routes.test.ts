import { describe, expect, it } from 'vitest';
import { readIssuingRequest } from '../../../../src/authority/index.ts';
import { toHex } from '../../../../src/std/index.ts';
import { CA_NOW, enrollMember, peerOf } from '../../../support/ca.ts';
import { makeTestApi, type Answer } from '../../../support/ca-api.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { valueOf } from '../../../support/result.ts';

/** An API over a CA with active members. `isPrepared`: another issuing CA is, which no member knows yet. */
async function apiWith({ isPrepared = false }, ...names: readonly string[]) {
  const api = await makeTestApi();
  const { authority } = api;
  const members = [];
  for (const name of names) {
    const { enrollment } = await enrollMember(authority, name);
    valueOf(await authority.activate(await peerOf(authority, enrollment.chain), null, CA_NOW));
    members.push(enrollment.nodeId);
  }
  const prepared = isPrepared
    ? valueOf(await authority.rollover.prepare({ key: testKey() }, CA_NOW))
    : undefined;
  return { ...api, members, firstCrlNumber: prepared?.firstCrlNumber ?? 0 };
}

const adoptionIn = ({ json }: { readonly json: Answer }) => json['adoption'];

async function statesOf({ authority }: Awaited<ReturnType<typeof makeTestApi>>): Promise<readonly string[]> {
  return valueOf(await authority.rollover.list(CA_NOW)).map(({ state }) => state);
}

describe('the calls of a rollover', () => {
  it('tell the states, and who knows a prepared issuing CA', async () => {
    const { call, context, members } = await apiWith({}, 'alpha', 'beta');
    expect(await call('GET', '/v1/rollover')).toMatchObject({
      status: 200,
      json: { activeMembers: 2, adoption: null, generations: [{ generation: 1, state: 'active', live: 2 }] },
    });
    expect((await call('POST', '/v1/rollover/prepare', {})).json).toMatchObject({
      generation: 2,
      state: 'prepared',
    });
    expect(adoptionIn(await call('GET', '/v1/rollover'))).toEqual({
      ...{ generation: 2, firstCrlNumber: 2, adopted: 0 },
      missing: ['alpha', 'beta'],
    });
    const [alpha = expect.fail('a member'), beta = expect.fail('a member')] = members;
    context.acks.record(alpha, { crlNumber: 2, rosterNumber: 0 });
    context.acks.record(beta, { crlNumber: 1, rosterNumber: 99 });
    expect(adoptionIn(await call('GET', '/v1/rollover'))).toMatchObject({ adopted: 1, missing: ['beta'] });
  });

  it('do not activate before every active member knows it, unless forced', async () => {
    const api = await apiWith({ isPrepared: true }, 'alpha', 'beta');
    const { call, context, members, firstCrlNumber: crlNumber } = api;
    const refused = await call('POST', '/v1/rollover/activate', {});
    expect(refused).toMatchObject({ status: 409, json: { code: 'LS_ROLLOVER_NOT_ADOPTED' } });
    expect(refused.json['detail']).toContain('alpha, beta');
    expect(await statesOf(api)).toEqual(['active', 'prepared']);
    for (const nodeId of members) context.acks.record(nodeId, { crlNumber, rosterNumber: 0 });
    const done = await call('POST', '/v1/rollover/activate', { renewWithinMs: 5_000 });
    expect(done).toMatchObject({ status: 200, json: { generation: 2, state: 'active' } });
    expect(await statesOf(api)).toEqual(['retiring', 'active']);
    expect([api.authority.bundle().renewWithinMs, api.desk.follows]).toEqual([5_000, 1]);
    // Again, after an answer that was lost.
    expect((await call('POST', '/v1/rollover/activate', {})).json).toMatchObject({
      generation: 2,
      state: 'active',
    });

    const other = await apiWith({ isPrepared: true }, 'alpha');
    expect(await other.call('POST', '/v1/rollover/activate', { force: true })).toMatchObject({ status: 200 });
    expect(other.authority.bundle().renewWithinMs).toBe(600_000);
  });

  it('name ten of those that have not confirmed, and count the others', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `n${String(at).padStart(2, '0')}`);
    const { call } = await apiWith({ isPrepared: true }, ...names);
    const { json } = await call('POST', '/v1/rollover/activate', {});
    expect(json['detail']).toBe(
      `12 of 12 active nodes have not confirmed generation 2: ${names.slice(0, 10).join(', ')} and 2 more`,
    );
  });

  it('activate at once where there is no node yet', async () => {
    const { call } = await apiWith({ isPrepared: true });
    expect(await call('POST', '/v1/rollover/activate', {})).toMatchObject({ status: 200 });
  });

  it.each([
    [false, 'activate', {}, 'LS_ROLLOVER_NOT_PREPARED'],
    [true, 'activate', { generation: 3 }, 'LS_ROLLOVER_NOT_PREPARED'],
    [false, 'retire', {}, 'LS_ROLLOVER_STATE'],
  ] as const)('refuse with another one prepared: %s, to %s %j', async (isPrepared, what, body, code) => {
    const { call } = await apiWith({ isPrepared });
    expect(await call('POST', `/v1/rollover/${what}`, body)).toMatchObject({ status: 409, json: { code } });
  });

  it('retire the oldest, or the one that is named, and revoke', async () => {
    const api = await apiWith({});
    const { call, authority } = api;
    const change = async (): Promise<void> => {
      expect((await call('POST', '/v1/rollover/prepare', {})).status).toBe(200);
      expect((await call('POST', '/v1/rollover/activate', {})).status).toBe(200);
    };
    await change();
    await change();
    expect(await statesOf(api)).toEqual(['retiring', 'retiring', 'active']);
    expect((await call('POST', '/v1/rollover/retire', {})).json).toMatchObject({
      generation: 1,
      state: 'retired',
    });
    expect((await call('POST', '/v1/rollover/revoke', { generation: 2 })).json).toMatchObject({
      number: 2,
      revoked: 1,
    });
    await enrollMember(authority, 'alpha');
    await change();
    const before = api.desk.follows;
    expect(await call('POST', '/v1/rollover/retire', { generation: 3 })).toMatchObject({
      json: { code: 'LS_ROLLOVER_NOT_EMPTY' },
    });
    expect(await statesOf(api)).toEqual(['retired', 'revoked', 'retiring', 'active']);
    expect(api.desk.follows).toBe(before);
  });

  it('say what a root elsewhere is asked for', async () => {
    const { call } = await apiWith({});
    const { json } = await call('POST', '/v1/rollover/request');
    const csr = new Uint8Array(Buffer.from(String(json['csr']), 'base64'));
    const { spki, generation } = valueOf(readIssuingRequest(csr, 'mesh.internal', testCrypto));
    expect([json['generation'], generation]).toEqual([2, 2]);
    expect(json['keySha256']).toBe(toHex(testCrypto.sha256(spki)));
  });

  it.each([
    ['activate', { renewWithinMs: -1 }],
    ['activate', { renewWithinMs: 30 * 24 * 60 * 60_000 + 1 }],
    ['activate', { renewWithinMs: 1.5 }],
    ['activate', { generation: 0 }],
    ['activate', { force: 'yes' }],
    ['activate', { more: 1 }],
    ['retire', { generation: 1_000_001 }],
    ['revoke', {}],
    ['prepare', { certificate: '*' }],
    ['prepare', { key: 'MAA=' }],
  ])('refuse %s with %j', async (what, body) => {
    const api = await apiWith({ isPrepared: true });
    expect(await api.call('POST', `/v1/rollover/${what}`, body)).toMatchObject({ status: 400 });
    expect(await statesOf(api)).toEqual(['active', 'prepared']);
    expect(api.desk.follows).toBe(0);
  });
});
