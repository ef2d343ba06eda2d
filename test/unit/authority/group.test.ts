import { describe, expect, it } from 'vitest';
import {
  MAX_GROUP,
  MAX_WAITING_FOR_GROUP,
  openAuthority,
  type Authority,
  type AuthorityStore,
  type Publication,
} from '../../../src/authority/index.ts';
import { decodeRoster } from '../../../src/membership/index.ts';
import { err, fault } from '../../../src/std/index.ts';
import { CA_NOW, makeTestCa, peerOf, requestFor } from '../../support/ca.ts';
import { testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';

interface Counted {
  readonly authority: Authority;
  readonly store: AuthorityStore;
  readonly counts: { transactions: number };
  readonly rosters: Publication['roster'][];
}

/** An authority that gives others their turn, as the server's does. */
async function makeCounted(): Promise<Counted> {
  const { deps } = await makeTestCa();
  const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const authority = valueOf(await openAuthority({ ...deps, pause }));
  const counts = { transactions: 0 };
  const { store } = deps;
  const transaction = store.transaction.bind(store);
  store.transaction = (work) => {
    counts.transactions += 1;
    return transaction(work);
  };
  const rosters: Publication['roster'][] = [];
  authority.onPublication(({ roster }) => {
    if (roster !== undefined) rosters.push(roster);
  });
  return { authority, store, counts, rosters };
}

async function requestsFor(authority: Authority, count: number) {
  const names = Array.from({ length: count }, (_, at) => `node-${String(at)}`);
  const requests = [];
  for (const name of names) {
    const { token } = valueOf(await authority.createToken({ name }, CA_NOW));
    requests.push(requestFor(token, testKey()));
  }
  return requests;
}

describe('enrollments that come together', () => {
  it('share two transactions and one roster, which lists each of them', async () => {
    const { authority, counts, rosters } = await makeCounted();
    const requests = await requestsFor(authority, 5);
    counts.transactions = 0;
    const enrolled = await Promise.all(requests.map((request) => authority.enroll(request, CA_NOW)));
    expect(counts.transactions).toBe(2);
    expect(rosters).toHaveLength(1);
    for (const each of enrolled) {
      const { roster, nodeId } = valueOf(each);
      const { members } = valueOf(decodeRoster(roster)).body;
      expect(members).toHaveLength(5);
      expect(members.some((member) => member.nodeId === nodeId)).toBe(true);
    }
  });

  it('do not suffer from one that is refused, which leaves nothing behind', async () => {
    const { authority, rosters } = await makeCounted();
    const requests = await requestsFor(authority, 3);
    const [first] = requests;
    if (first === undefined) throw new Error('no request');
    const stolen = { ...first, csr: (await requestsFor(authority, 4))[3]?.csr ?? first.csr };
    const again = { token: valueOf(await authority.createToken({ name: 'node-9' }, CA_NOW)).token };
    const sameKey = testKey();
    const twice = [requestFor(again.token, sameKey), requestFor(again.token, testKey())];
    const outcomes = await Promise.all(
      [...requests, stolen, ...twice].map((request) => authority.enroll(request, CA_NOW)),
    );
    expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : codeOf(outcome)))).toEqual([
      'ok',
      'ok',
      'ok',
      'LS_TOKEN_BINDING',
      'ok',
      'LS_TOKEN_SPENT',
    ]);
    const { members } = valueOf(decodeRoster(rosters.at(-1)?.record ?? new Uint8Array())).body;
    expect(members).toHaveLength(4);
  });

  it('are done without the one that meets a bug', async () => {
    const { authority, store } = await makeCounted();
    const requests = await requestsFor(authority, 3);
    const poisoned = requests[1]?.tokenId;
    const transaction = store.transaction.bind(store);
    store.transaction = (work) =>
      transaction((tx) =>
        work({
          ...tx,
          token: (tokenId) => (tokenId === poisoned ? Promise.reject(new Error('a bug')) : tx.token(tokenId)),
        }),
      );
    const outcomes = await Promise.allSettled(requests.map((request) => authority.enroll(request, CA_NOW)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('all fail when their transaction does, and can be tried again', async () => {
    const { authority, store } = await makeCounted();
    const requests = await requestsFor(authority, 3);
    const transaction = store.transaction.bind(store);
    store.transaction = () => Promise.resolve(err(fault('LS_CA_STORE_FULL', 'no room')));
    const failed = await Promise.all(requests.map((request) => authority.enroll(request, CA_NOW)));
    expect(failed.map((outcome) => codeOf(outcome))).toEqual(Array(3).fill('LS_CA_STORE_FULL'));
    store.transaction = transaction;
    const again = await Promise.all(requests.map((request) => authority.enroll(request, CA_NOW)));
    expect(again.every(({ ok }) => ok)).toBe(true);
  });

  it('are no more than MAX_GROUP in a transaction, and no more than MAX_WAITING_FOR_GROUP wait', async () => {
    const { authority, counts } = await makeCounted();
    const [request] = await requestsFor(authority, 1);
    if (request === undefined) throw new Error('no request');
    const member = valueOf(await authority.enroll(request, CA_NOW));
    const peer = await peerOf(authority, member.chain);
    counts.transactions = 0;
    const calls = Array.from({ length: MAX_GROUP + 1 }, () => authority.activate(peer, null, CA_NOW));
    await Promise.all(calls);
    expect(counts.transactions).toBe(2);
    const many = Array.from({ length: MAX_WAITING_FOR_GROUP + 1 }, () =>
      authority.activate(peer, null, CA_NOW),
    );
    const refused = (await Promise.all(many)).filter(({ ok }) => !ok);
    expect(refused).toHaveLength(1);
    expect(codeOf(refused[0] ?? err(fault('LS_API_INTERNAL', '')))).toBe('LS_CA_STORE_BUSY');
  });
});
