import { describe, expect, it } from 'vitest';
import { CA_NOW, enrollMember, peerOf } from '../../../support/ca.ts';
import { makeTestApi, type Answer } from '../../../support/ca-api.ts';
import { FakeRollover } from '../../../support/fake-rollover.ts';
import { valueOf } from '../../../support/result.ts';

/** An API over a CA with active members, whose issuing CAs are in these states. */
async function apiWith(rollover: FakeRollover, ...names: readonly string[]) {
  const api = await makeTestApi(() => CA_NOW, { rollover });
  const members = [];
  for (const name of names) {
    const { enrollment } = await enrollMember(api.authority, name);
    valueOf(await api.authority.activate(await peerOf(api.authority, enrollment.chain), null, CA_NOW));
    members.push(enrollment.nodeId);
  }
  return { ...api, members };
}

const adoptionIn = ({ json }: { readonly json: Answer }) => json['adoption'];

describe('the calls of a rollover', () => {
  it('tell the states, and who knows a prepared issuing CA', async () => {
    const rollover = new FakeRollover('active');
    const { call, context, members } = await apiWith(rollover, 'alpha', 'beta');
    expect(await call('GET', '/v1/rollover')).toMatchObject({
      status: 200,
      json: { activeMembers: 2, adoption: null, generations: [{ generation: 1, state: 'active', live: 0 }] },
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
    const rollover = new FakeRollover('active', 'prepared');
    const { call, context, members } = await apiWith(rollover, 'alpha', 'beta');
    const refused = await call('POST', '/v1/rollover/activate', {});
    expect(refused).toMatchObject({ status: 409, json: { code: 'LS_ROLLOVER_NOT_ADOPTED' } });
    expect(refused.json['detail']).toContain('alpha, beta');
    expect(rollover.calls).toEqual([]);
    for (const nodeId of members) context.acks.record(nodeId, { crlNumber: 2, rosterNumber: 0 });
    const done = await call('POST', '/v1/rollover/activate', { renewWithinMs: 5_000 });
    expect(done).toMatchObject({ status: 200, json: { generation: 2, state: 'active' } });
    expect(rollover.calls).toEqual(['activate 2 5000', 'follow']);
    // Again, after an answer that was lost.
    expect((await call('POST', '/v1/rollover/activate', {})).json).toMatchObject({
      generation: 2,
      state: 'active',
    });

    const forced = new FakeRollover('active', 'prepared');
    const other = await apiWith(forced, 'alpha');
    expect(await other.call('POST', '/v1/rollover/activate', { force: true })).toMatchObject({ status: 200 });
    expect(forced.calls).toEqual(['activate 2 600000', 'follow']);
  });

  it('name ten of those that have not confirmed, and count the others', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `n${String(at).padStart(2, '0')}`);
    const { call } = await apiWith(new FakeRollover('active', 'prepared'), ...names);
    const { json } = await call('POST', '/v1/rollover/activate', {});
    expect(json['detail']).toBe(
      `12 of 12 active nodes have not confirmed generation 2: ${names.slice(0, 10).join(', ')} and 2 more`,
    );
  });

  it('activate at once where there is no node yet', async () => {
    const { call } = await apiWith(new FakeRollover('active', 'prepared'));
    expect(await call('POST', '/v1/rollover/activate', {})).toMatchObject({ status: 200 });
  });

  it.each([
    [['active'], 'activate', {}, 'LS_ROLLOVER_NOT_PREPARED'],
    [['active', 'prepared'], 'activate', { generation: 3 }, 'LS_ROLLOVER_NOT_PREPARED'],
    [['active'], 'retire', {}, 'LS_ROLLOVER_STATE'],
  ] as const)('refuse with %j: %s %j', async (states, what, body, code) => {
    const { call } = await apiWith(new FakeRollover(...states));
    expect(await call('POST', `/v1/rollover/${what}`, body)).toMatchObject({ status: 409, json: { code } });
  });

  it('retire the oldest, or the one that is named, and revoke', async () => {
    const rollover = new FakeRollover('retiring', 'retiring', 'active');
    const { call } = await apiWith(rollover);
    expect((await call('POST', '/v1/rollover/retire', {})).json).toMatchObject({
      generation: 1,
      state: 'retired',
    });
    expect((await call('POST', '/v1/rollover/revoke', { generation: 2 })).json).toMatchObject({
      number: 2,
      revoked: 1,
    });
    expect(rollover.calls).toEqual(['retire 1', 'follow', 'revoke 2', 'follow']);
    rollover.refusal = 'LS_ROLLOVER_NOT_EMPTY';
    expect(await call('POST', '/v1/rollover/retire', { generation: 3 })).toMatchObject({
      json: { code: 'LS_ROLLOVER_NOT_EMPTY' },
    });
    expect(rollover.calls.slice(4)).toEqual(['retire 3']);
  });

  it('say what a root elsewhere is asked for', async () => {
    const { call } = await apiWith(new FakeRollover('active'));
    expect((await call('POST', '/v1/rollover/request')).json).toEqual({
      ...{ generation: 2, csr: 'MAA=', keySha256: '0'.repeat(64) },
    });
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
    const rollover = new FakeRollover('active', 'prepared');
    const { call } = await apiWith(rollover);
    expect(await call('POST', `/v1/rollover/${what}`, body)).toMatchObject({ status: 400 });
    expect(rollover.calls).toEqual([]);
  });
});
