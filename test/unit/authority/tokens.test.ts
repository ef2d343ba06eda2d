import { describe, expect, it } from 'vitest';
import {
  DEFAULT_TOKEN_TTL_MS,
  MAX_NAMES_PER_CERTIFICATE,
  MAX_OUTSTANDING_TOKENS,
  MAX_TOKEN_TTL_MS,
  MIN_TOKEN_TTL_MS,
  TOKEN_AFTERLIFE_MS,
  type TokenRequest,
} from '../../../src/authority/index.ts';
import { ok, toHex } from '../../../src/std/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, requestFor } from '../../support/ca.ts';
import { testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { tokenRow } from '../../support/store-rows.ts';

describe('creating tokens', () => {
  it('keeps the hash of the secret and nothing of the secret', async () => {
    const { authority, deps } = await makeTestCa();
    const { token } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    const { secret, tokenId } = requestFor(token, testKey());
    const row = valueOf(await deps.store.read(async (tx) => ok(await tx.token(tokenId))));
    expect(row?.secretSha256).toEqual(deps.crypto.sha256(secret));
    const bodies = valueOf(await deps.store.read(async (tx) => ok(await tx.ledger(0, 100))));
    for (const { body } of bodies) expect(toHex(body)).not.toContain(toHex(secret));
  });

  it('lasts an hour unless asked otherwise', async () => {
    const { authority } = await makeTestCa();
    const { facts } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    expect(facts.expiresAt - facts.createdAt).toBe(DEFAULT_TOKEN_TTL_MS);
  });

  const names = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, n) => `h${n}.example.test`);
  const refused: readonly (readonly [string, string, TokenRequest])[] = [
    ['LS_NAME_INVALID', 'an upper-case name', { name: 'Alpha' }],
    ['LS_NAME_INVALID', 'a dotted name', { name: 'a.b' }],
    ['LS_NAME_INVALID', 'an empty name', { name: '' }],
    ['LS_NAME_INVALID', 'a name of 64 characters', { name: 'n'.repeat(64) }],
    ['LS_SAN_INVALID', 'a wildcard', { name: 'a', dns: ['*.example.test'] }],
    ['LS_SAN_INVALID', 'an address as DNS name', { name: 'a', dns: ['192.0.2.1'] }],
    ['LS_SAN_INVALID', 'a name with a comma', { name: 'a', dns: ['a.example.test,b.example.test'] }],
    ['LS_SAN_INVALID', 'a name as address', { name: 'a', ip: ['localhost'] }],
    ['LS_SAN_NOT_PERMITTED', 'a name of another suffix', { name: 'a', dns: ['a.example.org'] }],
    ['LS_SAN_NOT_PERMITTED', 'a name that only ends alike', { name: 'a', dns: ['badexample.test'] }],
    ['LS_SAN_LIMIT', 'a name too many', { name: 'a', dns: names(MAX_NAMES_PER_CERTIFICATE + 1) }],
    [
      'LS_SAN_LIMIT',
      'an address too many',
      { name: 'a', dns: names(MAX_NAMES_PER_CERTIFICATE), ip: ['::1'] },
    ],
    ['LS_TOKEN_TTL', 'too short a time', { name: 'a', ttlMs: MIN_TOKEN_TTL_MS - 1 }],
    ['LS_TOKEN_TTL', 'too long a time', { name: 'a', ttlMs: MAX_TOKEN_TTL_MS + 1 }],
    ['LS_TOKEN_TTL', 'a time that is no number', { name: 'a', ttlMs: Number.NaN }],
  ];
  it.each(refused)('is refused with %s for %s', async (code, _, request) => {
    const { authority } = await makeTestCa();
    expect(codeOf(await authority.createToken(request, CA_NOW))).toBe(code);
    expect(valueOf(await authority.listTokens(CA_NOW))).toEqual([]);
  });

  it('takes as many names and as much time as allowed', async () => {
    const { authority } = await makeTestCa();
    const request = { name: 'a', dns: names(MAX_NAMES_PER_CERTIFICATE), ttlMs: MAX_TOKEN_TTL_MS };
    expect(codeOf(await authority.createToken(request, CA_NOW))).toBeUndefined();
    expect(
      codeOf(await authority.createToken({ name: 'b', ttlMs: MIN_TOKEN_TTL_MS }, CA_NOW)),
    ).toBeUndefined();
  });

  it('refuses one outstanding token more than allowed, and goes on when one is deleted', async () => {
    const { authority, deps } = await makeTestCa();
    const rows = Array.from({ length: MAX_OUTSTANDING_TOKENS - 1 }, (_, n) =>
      tokenRow(n, { expiresAt: later(1_000) }),
    );
    valueOf(
      await deps.store.transaction(async (tx) => {
        for (const row of rows) await tx.insertToken(row);
        return ok(null);
      }),
    );
    const last = valueOf(await authority.createToken({ name: 'last' }, CA_NOW));
    expect(codeOf(await authority.createToken({ name: 'more' }, CA_NOW))).toBe('LS_TOKEN_LIMIT');
    valueOf(await authority.deleteToken(last.facts.tokenId, CA_NOW));
    expect(codeOf(await authority.createToken({ name: 'more' }, CA_NOW))).toBeUndefined();
    expect(codeOf(await authority.createToken({ name: 'most' }, later(2_000)))).toBeUndefined();
  });

  it('says early what enrollment would say of the name', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    expect(codeOf(await authority.createToken({ name: 'alpha' }, CA_NOW))).toBe('LS_NAME_TAKEN');
    expect(codeOf(await authority.createToken({ name: 'alpha', replace: true }, CA_NOW))).toBeUndefined();
    valueOf(await authority.remove('alpha', CA_NOW));
    expect(codeOf(await authority.createToken({ name: 'alpha' }, CA_NOW))).toBe('LS_IDENTITY_REMOVED');
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(codeOf(await authority.createToken({ name: 'alpha' }, CA_NOW))).toBe('LS_IDENTITY_REVOKED');
  });
});

describe('listing and deleting tokens', () => {
  it('shows every state a token can be in, the newest first', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'spent');
    valueOf(await authority.createToken({ name: 'brief', ttlMs: MIN_TOKEN_TTL_MS }, CA_NOW));
    await enrollMember(authority, 'ended');
    valueOf(await authority.createToken({ name: 'ended', replace: true }, CA_NOW));
    valueOf(await authority.remove('ended', CA_NOW));
    valueOf(await authority.createToken({ name: 'fresh' }, CA_NOW));
    const listed = valueOf(await authority.listTokens(later(MIN_TOKEN_TTL_MS + 1)));
    expect(listed.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'fresh outstanding',
      'ended voided',
      'ended spent',
      'brief expired',
      'spent spent',
    ]);
  });

  it('forgets a token some time after its expiry', async () => {
    const { authority } = await makeTestCa();
    const { facts } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    const much = facts.expiresAt + TOKEN_AFTERLIFE_MS - CA_NOW;
    valueOf(await authority.createToken({ name: 'beta' }, later(much)));
    expect(valueOf(await authority.listTokens(later(much)))).toHaveLength(2);
    valueOf(await authority.createToken({ name: 'gamma' }, later(much + 1)));
    expect(valueOf(await authority.listTokens(later(much + 1))).map(({ name }) => name)).toEqual([
      'gamma',
      'beta',
    ]);
  });

  it('deletes once', async () => {
    const { authority } = await makeTestCa();
    const { token, facts } = valueOf(await authority.createToken({ name: 'alpha' }, CA_NOW));
    expect(valueOf(await authority.deleteToken(facts.tokenId, CA_NOW)).name).toBe('alpha');
    expect(codeOf(await authority.deleteToken(facts.tokenId, CA_NOW))).toBe('LS_TOKEN_UNKNOWN');
    expect(codeOf(await authority.enroll(requestFor(token, testKey()), CA_NOW))).toBe('LS_TOKEN_UNKNOWN');
  });
});
