import { describe, expect, it } from 'vitest';
import {
  MAX_ROSTER_MEMBERS,
  openAuthority,
  shippedProfiles,
  tokenBinding,
  type Authority,
  type AuthorityStore,
  type EnrollRequest,
} from '../../../src/authority/index.ts';
import { decodeRoster } from '../../../src/membership/index.ts';
import { ok, type Signer } from '../../../src/std/index.ts';
import {
  basicConstraintsExtension,
  encodeName,
  extendedKeyUsageExtension,
  keyPurposes,
  MAX_CSR_BYTES,
  parseCertificate,
  signCsr,
  subjectAltNameExtension,
} from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf, requestFor, testCsr } from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { nodeRow } from '../../support/store-rows.ts';

const HOUR_MS = 3_600_000;

async function tokenFor(authority: Authority, name: string, replace = false): Promise<string> {
  return valueOf(await authority.createToken({ name, replace }, CA_NOW)).token;
}

function boundTo({ secret }: EnrollRequest, key: Signer): string {
  return tokenBinding(testCrypto, secret, key.spki);
}

describe('enrolling', () => {
  it('gives a new random identity, the granted names, and all a node needs to start', async () => {
    const { authority } = await makeTestCa();
    const { token } = valueOf(
      await authority.createToken({ name: 'alpha', dns: ['a.example.test'], ip: ['::1'] }, CA_NOW),
    );
    const request = { ...requestFor(token, testKey()), advertise: 'alpha.example.test:8450' };
    const enrolled = valueOf(await authority.enroll(request, CA_NOW));
    const other = await enrollMember(authority, 'beta');
    expect(other.enrollment.nodeId).not.toBe(enrolled.nodeId);
    expect((await peerOf(authority, enrolled.chain)).nodeId).toBe(enrolled.nodeId);
    expect(enrolled.trustDomain).toBe('mesh.internal');
    expect(enrolled.seeds).toEqual([
      { nodeId: enrolled.nodeId, name: 'alpha', address: 'alpha.example.test:8450' },
    ]);
    const { members } = valueOf(decodeRoster(enrolled.roster)).body;
    expect(members).toEqual([{ nodeId: enrolled.nodeId, name: 'alpha', state: 'enrolled' }]);
    const names = valueOf(parseCertificate(enrolled.chain[0] ?? new Uint8Array())).extensions.subjectAltName
      ?.value;
    expect(names?.map(({ kind }) => kind)).toEqual(['uri', 'dns', 'ip']);
  });

  it('gives the same certificate to the same key again, and none to another', async () => {
    const { authority } = await makeTestCa();
    const token = await tokenFor(authority, 'alpha');
    const key = testKey();
    const first = valueOf(await authority.enroll(requestFor(token, key), CA_NOW));
    const again = valueOf(await authority.enroll(requestFor(token, key), later(1_000)));
    expect(again.chain).toEqual(first.chain);
    expect(codeOf(await authority.enroll(requestFor(token, testKey()), CA_NOW))).toBe('LS_TOKEN_SPENT');
  });

  it('takes an issuance up again that was interrupted before the certificate was kept', async () => {
    const { authority, deps } = await makeTestCa();
    const token = await tokenFor(authority, 'alpha');
    const request = requestFor(token, testKey());
    const { store } = deps;
    const transaction = store.transaction.bind(store);
    let calls = 0;
    store.transaction = (work) => {
      calls++;
      return calls === 2 ? Promise.reject(new Error('power loss')) : transaction(work);
    };
    await expect(authority.enroll(request, CA_NOW)).rejects.toThrow('power loss');
    const [pending] = valueOf(await authority.list({}, CA_NOW));
    expect(pending?.status).toBe('pending');
    const resumed = valueOf(await authority.enroll(request, later(5_000)));
    expect(resumed.serial).toBe(pending?.serial);
    expect(valueOf(await authority.list({}, CA_NOW)).map(({ status }) => status)).toEqual(['good']);
  });

  it('does not sign anything else than was recorded when the profile changed in between', async () => {
    const { authority, deps } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey());
    const { store } = deps;
    let calls = 0;
    const interrupted: AuthorityStore = {
      read: (work) => store.read(work),
      close: () => store.close(),
      transaction: (work) =>
        ++calls === 2 ? Promise.reject(new Error('power loss')) : store.transaction(work),
    };
    const dying = valueOf(await openAuthority({ ...deps, store: interrupted }));
    await expect(dying.enroll(request, CA_NOW)).rejects.toThrow('power loss');
    const shipped = shippedProfiles();
    const profiles = { ...shipped, node: { ...shipped.node, lifetimeMs: HOUR_MS } };
    const changed = valueOf(await openAuthority({ ...deps, profiles }));
    expect(codeOf(await changed.enroll(request, CA_NOW))).toBe('LS_CA_INTENT');
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBeUndefined();
  });

  it('does not hand out a certificate whose identity ended between the two transactions', async () => {
    const { authority, deps } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey());
    const { store } = deps;
    const transaction = store.transaction.bind(store);
    let calls = 0;
    store.transaction = async (work) => {
      calls++;
      if (calls === 2) valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
      return transaction(work);
    };
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBe('LS_IDENTITY_REVOKED');
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBe('LS_IDENTITY_REVOKED');
    const [certificate] = valueOf(await authority.list({}, CA_NOW));
    expect(certificate).toMatchObject({ status: 'revoked', der: null });
  });

  it('refuses an unknown token and a wrong secret alike', async () => {
    const { authority } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey());
    const unknown = await authority.enroll({ ...request, tokenId: '00'.repeat(16) }, CA_NOW);
    const wrong = await authority.enroll({ ...request, secret: new Uint8Array(32) }, CA_NOW);
    const short = await authority.enroll({ ...request, secret: new Uint8Array() }, CA_NOW);
    expect(unknown).toEqual(wrong);
    expect(short).toEqual(wrong);
    expect(codeOf(wrong)).toBe('LS_TOKEN_UNKNOWN');
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBeUndefined();
  });

  it('refuses an expired token, also for a repeat, and takes one in its last millisecond', async () => {
    const { authority } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey());
    expect(codeOf(await authority.enroll(request, later(HOUR_MS + 1)))).toBe('LS_TOKEN_EXPIRED');
    expect(codeOf(await authority.enroll(request, later(HOUR_MS)))).toBeUndefined();
    expect(codeOf(await authority.enroll(request, later(HOUR_MS + 1)))).toBe('LS_TOKEN_EXPIRED');
  });

  it('does not let a clock that was turned back revive an expired token', async () => {
    const { authority } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey());
    valueOf(await authority.publishFull(later(2 * HOUR_MS)));
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBe('LS_TOKEN_EXPIRED');
  });

  it('refuses another name than that of the token', async () => {
    const { authority } = await makeTestCa();
    const key = testKey();
    const request = requestFor(await tokenFor(authority, 'alpha'), key);
    for (const name of ['beta', 'ALPHA', '']) {
      const csr = testCsr(key, name, boundTo(request, key));
      expect(codeOf(await authority.enroll({ ...request, csr }, CA_NOW))).toBe('LS_TOKEN_WRONG_NAME');
    }
  });

  it('refuses a request that was not made with the secret of the token for its key', async () => {
    const { authority } = await makeTestCa();
    const [key, thief] = [testKey(), testKey()];
    const request = requestFor(await tokenFor(authority, 'alpha'), key);
    const stolen = testCsr(thief, 'alpha', boundTo(request, key));
    const without = testCsr(thief, 'alpha');
    const guessed = testCsr(thief, 'alpha', tokenBinding(testCrypto, new Uint8Array(32), thief.spki));
    for (const csr of [stolen, without, guessed]) {
      expect(codeOf(await authority.enroll({ ...request, csr }, CA_NOW))).toBe('LS_TOKEN_BINDING');
    }
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBeUndefined();
  });

  it('refuses a request that is not signed by the key it names', async () => {
    const { authority } = await makeTestCa();
    const [key, victim] = [testKey(), testKey()];
    const request = requestFor(await tokenFor(authority, 'alpha'), key);
    const impostor: Signer = { ...victim, sign: (message) => key.sign(message) };
    const csr = testCsr(impostor, 'alpha', boundTo(request, victim));
    expect(codeOf(await authority.enroll({ ...request, csr }, CA_NOW))).toBe('LS_CSR_PROOF');
  });

  it('refuses requests that are malformed, oversize, altered or for keys it does not certify', async () => {
    const { authority } = await makeTestCa();
    const key = testKey();
    const request = requestFor(await tokenFor(authority, 'alpha'), key);
    const strong = testKey('ES384');
    const altered = Uint8Array.from(request.csr);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['LS_CSR_MALFORMED', new Uint8Array()],
      ['LS_CSR_MALFORMED', request.csr.subarray(0, -1)],
      ['LS_CSR_PROOF', altered],
      ['LS_CSR_MALFORMED', new Uint8Array(MAX_CSR_BYTES)],
      ['LS_CSR_TOO_LARGE', new Uint8Array(MAX_CSR_BYTES + 1)],
      ['LS_CSR_KEY', testCsr(strong, 'alpha', boundTo(request, strong))],
    ];
    for (const [code, csr] of cases) {
      expect(codeOf(await authority.enroll({ ...request, csr }, CA_NOW))).toBe(code);
    }
  });

  it('certifies Ed25519 keys', async () => {
    const { authority } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey('Ed25519'));
    expect(codeOf(await authority.enroll(request, CA_NOW))).toBeUndefined();
  });

  it('grants nothing that the request asks for: no CA, no purposes, no further names', async () => {
    const { authority } = await makeTestCa();
    const key = testKey();
    const request = requestFor(await tokenFor(authority, 'alpha'), key);
    const csr = signCsr(
      {
        subject: encodeName({ commonName: 'alpha', serialNumber: '11'.repeat(16), organizationName: 'evil' }),
        challengePassword: boundTo(request, key),
        extensions: [
          basicConstraintsExtension({ ca: true, pathLen: undefined }),
          extendedKeyUsageExtension([keyPurposes.lifesignOperator]),
          subjectAltNameExtension([
            { kind: 'uri', value: 'spiffe://mesh.internal/node/beta' },
            { kind: 'dns', value: 'b.example.test' },
          ]),
        ],
      },
      key,
    );
    const { chain, nodeId } = valueOf(await authority.enroll({ ...request, csr }, CA_NOW));
    const { extensions, subjectName } = valueOf(parseCertificate(chain[0] ?? new Uint8Array()));
    expect(extensions.basicConstraints?.value.ca ?? false).toBe(false);
    expect(extensions.extendedKeyUsage?.value).toEqual([keyPurposes.serverAuth, keyPurposes.clientAuth]);
    expect(extensions.subjectAltName?.value).toEqual([
      { kind: 'uri', value: 'spiffe://mesh.internal/node/alpha' },
    ]);
    expect(subjectName.rdns.flat().map(({ text }) => text)).toEqual(['alpha', nodeId]);
  });

  it('refuses a name that a live identity holds, and a key that was certified before', async () => {
    const { authority } = await makeTestCa();
    const tokens = [await tokenFor(authority, 'alpha'), await tokenFor(authority, 'alpha')] as const;
    const key = testKey();
    valueOf(await authority.enroll(requestFor(tokens[0], key), CA_NOW));
    expect(codeOf(await authority.enroll(requestFor(tokens[1], testKey()), CA_NOW))).toBe('LS_NAME_TAKEN');
    const beta = requestFor(await tokenFor(authority, 'beta'), key);
    expect(codeOf(await authority.enroll(beta, CA_NOW))).toBe('LS_CSR_KEY_REUSED');
  });

  it('replaces an identity when the token may, under a new nodeId, and voids the other tokens of the name', async () => {
    const { authority } = await makeTestCa();
    const old = await enrollMember(authority, 'alpha');
    const [first, second] = [
      await tokenFor(authority, 'alpha', true),
      await tokenFor(authority, 'alpha', true),
    ];
    const fresh = valueOf(await authority.enroll(requestFor(first, testKey()), CA_NOW));
    expect(fresh.nodeId).not.toBe(old.enrollment.nodeId);
    const { members } = valueOf(decodeRoster(fresh.roster)).body;
    const stateOf = (nodeId: string): string | undefined =>
      members.find((member) => member.nodeId === nodeId)?.state;
    expect([stateOf(old.enrollment.nodeId), stateOf(fresh.nodeId)]).toEqual(['removed', 'enrolled']);
    expect(codeOf(await authority.enroll(requestFor(second, testKey()), CA_NOW))).toBe('LS_IDENTITY_REMOVED');
  });

  it('refuses tokens made before the identity was revoked or removed, and takes a later one that may replace', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    const before = await tokenFor(authority, 'alpha', true);
    valueOf(await authority.remove('alpha', CA_NOW));
    expect(codeOf(await authority.enroll(requestFor(before, testKey()), CA_NOW))).toBe('LS_IDENTITY_REMOVED');
    const between = await tokenFor(authority, 'alpha', true);
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(codeOf(await authority.enroll(requestFor(between, testKey()), CA_NOW))).toBe(
      'LS_IDENTITY_REVOKED',
    );
    const after = await tokenFor(authority, 'alpha', true);
    expect(codeOf(await authority.enroll(requestFor(after, testKey()), CA_NOW))).toBeUndefined();
  });

  it('refuses an advertised address that nobody can dial', async () => {
    const { authority } = await makeTestCa();
    const request = requestFor(await tokenFor(authority, 'alpha'), testKey());
    expect(codeOf(await authority.enroll({ ...request, advertise: '0.0.0.0:8450' }, CA_NOW))).toBe(
      'LS_ADDRESS_INVALID',
    );
  });

  it('refuses one member more than a roster holds', async () => {
    const { authority, deps } = await makeTestCa();
    valueOf(
      await deps.store.transaction(async (tx) => {
        for (let n = 1; n < MAX_ROSTER_MEMBERS; n++) await tx.insertNode(nodeRow(n));
        return ok(null);
      }),
    );
    const full = requestFor(await tokenFor(authority, 'last'), testKey());
    expect(codeOf(await authority.enroll(full, CA_NOW))).toBeUndefined();
    const more = requestFor(await tokenFor(authority, 'more'), testKey());
    expect(codeOf(await authority.enroll(more, CA_NOW))).toBe('LS_ROSTER_FULL');
  });
});
