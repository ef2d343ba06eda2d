import { describe, expect, it } from 'vitest';
import {
  MAX_PENDING_REQUESTS,
  MAX_REASON_LENGTH,
  openAuthority,
  REQUEST_TTL_MS,
  type Authority,
  type EnrollRequest,
  type RequestVerdict,
} from '../../../src/authority/index.ts';
import { ok, toHex, type Signer } from '../../../src/std/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, requestFor, type TestCa } from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { requestRow, tokenRow } from '../../support/store-rows.ts';

const BY = 'operator/olga';

interface Asked {
  readonly key: Signer;
  readonly request: EnrollRequest;
}

async function ask(authority: Authority, name: string, replace = false): Promise<Asked> {
  const { token } = valueOf(await authority.createToken({ name, replace, approval: true }, CA_NOW));
  const key = testKey();
  const request = requestFor(token, key);
  expect(codeOf(await authority.enroll(request, CA_NOW))).toBe('LS_ENROLL_PENDING');
  return { key, request };
}

function verdictOn({ request }: Asked, verdict: RequestVerdict['verdict'], reason?: string): RequestVerdict {
  return { requestId: request.tokenId, verdict, by: BY, ...(reason === undefined ? {} : { reason }) };
}

describe('an enrollment that needs approval', () => {
  it('waits, is shown with its key, and goes on with the same key once it is approved', async () => {
    const { authority } = await makeTestCa();
    const asked = await ask(authority, 'alpha');
    expect(codeOf(await authority.enroll(asked.request, later(1_000)))).toBe('LS_ENROLL_PENDING');
    const [shown, ...others] = valueOf(await authority.listRequests(false, CA_NOW));
    expect(others).toEqual([]);
    expect(shown).toMatchObject({ requestId: asked.request.tokenId, name: 'alpha', status: 'pending' });
    expect(toHex(shown?.keySha256 ?? new Uint8Array())).toBe(toHex(testCrypto.sha256(asked.key.spki)));
    expect(valueOf(await authority.list({}, CA_NOW))).toEqual([]);

    const approved = valueOf(await authority.decideRequest(verdictOn(asked, 'approved'), later(2_000)));
    expect(approved).toMatchObject({ status: 'approved', decidedBy: BY, decidedAt: later(2_000) });
    const first = valueOf(await authority.enroll(asked.request, later(3_000)));
    expect(first.name).toBe('alpha');
    expect(valueOf(await authority.enroll(asked.request, later(4_000))).serial).toBe(first.serial);
    expect(valueOf(await authority.listRequests(false, CA_NOW))).toEqual([]);
    expect(valueOf(await authority.listRequests(true, CA_NOW))).toMatchObject([{ status: 'enrolled' }]);
  });

  it('is refused with the reason once it is denied, for good', async () => {
    const { authority } = await makeTestCa();
    const asked = await ask(authority, 'alpha');
    valueOf(await authority.decideRequest(verdictOn(asked, 'denied', 'not the host we expected'), CA_NOW));
    const refused = await authority.enroll(asked.request, CA_NOW);
    expect(codeOf(refused)).toBe('LS_ENROLL_DENIED');
    expect(refused).toMatchObject({
      error: { detail: expect.stringContaining('not the host we expected') as string },
    });
    expect(codeOf(await authority.decideRequest(verdictOn(asked, 'approved'), CA_NOW))).toBe(
      'LS_ENROLL_REQUEST_OVER',
    );
    expect(valueOf(await authority.decideRequest(verdictOn(asked, 'denied'), CA_NOW)).reason).toBe(
      'not the host we expected',
    );
  });

  it('is for the key that asked first: another one with the same token is told, and changes nothing', async () => {
    const { authority } = await makeTestCa();
    const { token } = valueOf(await authority.createToken({ name: 'alpha', approval: true }, CA_NOW));
    const [thief, owner] = [requestFor(token, testKey()), requestFor(token, testKey())];
    expect(codeOf(await authority.enroll(thief, CA_NOW))).toBe('LS_ENROLL_PENDING');
    expect(codeOf(await authority.enroll(owner, CA_NOW))).toBe('LS_TOKEN_SPENT');
    const verdict = { requestId: owner.tokenId, verdict: 'approved', by: BY } as const;
    valueOf(await authority.decideRequest(verdict, CA_NOW));
    expect(codeOf(await authority.enroll(owner, CA_NOW))).toBe('LS_TOKEN_SPENT');
    expect(valueOf(await authority.enroll(thief, CA_NOW)).name).toBe('alpha');
  });

  it('needs the secret of the token again, whatever was approved', async () => {
    const { authority } = await makeTestCa();
    const asked = await ask(authority, 'alpha');
    valueOf(await authority.decideRequest(verdictOn(asked, 'approved'), CA_NOW));
    const guess = { ...asked.request, secret: new Uint8Array(32) };
    expect(codeOf(await authority.enroll(guess, CA_NOW))).toBe('LS_TOKEN_UNKNOWN');
  });

  it('outlives its token, and is over after its own time, approved or not', async () => {
    const { authority } = await makeTestCa();
    const [waiting, approved] = [await ask(authority, 'alpha'), await ask(authority, 'beta')];
    const last = later(REQUEST_TTL_MS);
    valueOf(await authority.decideRequest(verdictOn(approved, 'approved'), last));
    expect(codeOf(await authority.enroll(waiting.request, last))).toBe('LS_ENROLL_PENDING');
    const past = later(REQUEST_TTL_MS + 1);
    for (const { request } of [waiting, approved])
      expect(codeOf(await authority.enroll(request, past))).toBe('LS_TOKEN_EXPIRED');
    expect(codeOf(await authority.decideRequest(verdictOn(waiting, 'approved'), past))).toBe(
      'LS_ENROLL_REQUEST_OVER',
    );
    expect(valueOf(await authority.enroll(approved.request, last)).name).toBe('beta');
  });

  it('can be denied after its approval until the node has its certificate', async () => {
    const { authority } = await makeTestCa();
    const [alpha, beta] = [await ask(authority, 'alpha'), await ask(authority, 'beta')];
    for (const each of [alpha, beta])
      valueOf(await authority.decideRequest(verdictOn(each, 'approved'), CA_NOW));
    valueOf(await authority.decideRequest(verdictOn(alpha, 'denied'), CA_NOW));
    expect(codeOf(await authority.enroll(alpha.request, CA_NOW))).toBe('LS_ENROLL_DENIED');
    valueOf(await authority.enroll(beta.request, CA_NOW));
    expect(codeOf(await authority.decideRequest(verdictOn(beta, 'denied'), CA_NOW))).toBe(
      'LS_ENROLL_REQUEST_OVER',
    );
  });

  it('is checked like any other when it is admitted: the name may have gone meanwhile', async () => {
    const { authority } = await makeTestCa();
    const asked = await ask(authority, 'alpha');
    await enrollMember(authority, 'alpha');
    valueOf(await authority.decideRequest(verdictOn(asked, 'approved'), CA_NOW));
    expect(codeOf(await authority.enroll(asked.request, CA_NOW))).toBe('LS_NAME_TAKEN');
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    expect(codeOf(await authority.enroll(asked.request, CA_NOW))).toBe('LS_IDENTITY_REVOKED');
  });

  it('ends nothing before it is approved, though its token may replace', async () => {
    const { authority } = await makeTestCa();
    const before = await enrollMember(authority, 'alpha');
    const asked = await ask(authority, 'alpha', true);
    const { state } = valueOf(await authority.show('alpha', CA_NOW));
    expect(state).toBe('enrolled');
    valueOf(await authority.decideRequest(verdictOn(asked, 'approved'), CA_NOW));
    expect(valueOf(await authority.enroll(asked.request, CA_NOW)).nodeId).not.toBe(before.enrollment.nodeId);
  });

  it('is not noted down when it would be refused anyway, and goes with its token', async () => {
    const { authority } = await makeTestCa();
    const token = async (name: string) =>
      valueOf(await authority.createToken({ name, approval: true }, CA_NOW)).token;
    const [late, alpha] = [requestFor(await token('beta'), testKey()), await ask(authority, 'alpha')];
    await enrollMember(authority, 'beta');
    expect(codeOf(await authority.enroll(late, CA_NOW))).toBe('LS_NAME_TAKEN');
    expect(valueOf(await authority.listRequests(true, CA_NOW))).toHaveLength(1);
    valueOf(await authority.deleteToken(alpha.request.tokenId, CA_NOW));
    expect(valueOf(await authority.listRequests(true, CA_NOW))).toEqual([]);
    expect(codeOf(await authority.enroll(alpha.request, CA_NOW))).toBe('LS_TOKEN_UNKNOWN');
    expect(codeOf(await authority.decideRequest(verdictOn(alpha, 'approved'), CA_NOW))).toBe(
      'LS_ENROLL_REQUEST_UNKNOWN',
    );
  });
});

describe('a CA whose ca.yaml requires approval', () => {
  async function open(ca: TestCa, requireApproval: boolean): Promise<Authority> {
    const { deps } = ca;
    return valueOf(await openAuthority({ ...deps, config: { ...deps.config, requireApproval } }));
  }

  it('asks for it with every token, those made before included', async () => {
    const ca = await makeTestCa();
    const { token } = valueOf(await ca.authority.createToken({ name: 'alpha' }, CA_NOW));
    const strict = await open(ca, true);
    expect(codeOf(await strict.enroll(requestFor(token, testKey()), CA_NOW))).toBe('LS_ENROLL_PENDING');
    expect(valueOf(await strict.createToken({ name: 'beta' }, CA_NOW)).facts.approval).toBe(true);
  });

  it('keeps to it for the tokens of that time when it is taken back, and to denials for ever', async () => {
    const ca = await makeTestCa();
    const plain = valueOf(await ca.authority.createToken({ name: 'alpha' }, CA_NOW)).token;
    const denied = valueOf(await ca.authority.createToken({ name: 'gamma' }, CA_NOW)).token;
    const strict = await open(ca, true);
    const made = valueOf(await strict.createToken({ name: 'beta' }, CA_NOW)).token;
    const requests = [plain, made, denied].map((token) => requestFor(token, testKey()));
    for (const request of requests)
      expect(codeOf(await strict.enroll(request, CA_NOW))).toBe('LS_ENROLL_PENDING');
    const requestId = requests[2]?.tokenId ?? '';
    valueOf(await strict.decideRequest({ requestId, verdict: 'denied', by: BY }, CA_NOW));
    const lax = await open(ca, false);
    const outcomes = [];
    for (const request of requests) {
      const enrolled = await lax.enroll(request, CA_NOW);
      outcomes.push(enrolled.ok ? enrolled.value.name : enrolled.error.code);
    }
    expect(outcomes).toEqual(['alpha', 'LS_ENROLL_PENDING', 'LS_ENROLL_DENIED']);
  });
});

describe('what an approval is bounded by', () => {
  it('lets so many wait and not one more', async () => {
    const ca = await makeTestCa();
    const { store } = ca.deps;
    valueOf(
      await store.transaction(async (tx) => {
        for (let n = 1; n < MAX_PENDING_REQUESTS; n++) {
          const expiresAt = later(1_000);
          await tx.insertToken(tokenRow(n, { expiresAt }));
          await tx.insertRequest(requestRow(n, { expiresAt }));
        }
        return ok(null);
      }),
    );
    const { authority } = ca;
    const token = async (name: string, now = CA_NOW) =>
      valueOf(await authority.createToken({ name, approval: true }, now)).token;
    const [last, beyond] = [await token('last'), await token('beyond', later(2_000))];
    expect(codeOf(await authority.enroll(requestFor(last, testKey()), CA_NOW))).toBe('LS_ENROLL_PENDING');
    const refused = requestFor(beyond, testKey());
    expect(codeOf(await authority.enroll(refused, CA_NOW))).toBe('LS_ENROLL_QUEUE_FULL');
    expect(codeOf(await authority.enroll(refused, later(2_000)))).toBe('LS_ENROLL_PENDING');
  });

  it('takes a reason of one line only', async () => {
    const { authority } = await makeTestCa();
    const asked = await ask(authority, 'alpha');
    for (const reason of [
      'two\nlines',
      '\u001b[2J',
      'a\u2028b',
      '\u202eevil',
      'x'.repeat(MAX_REASON_LENGTH + 1),
    ])
      expect(codeOf(await authority.decideRequest(verdictOn(asked, 'denied', reason), CA_NOW)), reason).toBe(
        'LS_CA_REQUEST',
      );
    const longest = 'ß'.repeat(MAX_REASON_LENGTH);
    expect(valueOf(await authority.decideRequest(verdictOn(asked, 'denied', longest), CA_NOW)).reason).toBe(
      longest,
    );
  });

  it('fits into the ledger with the longest names', async () => {
    const { authority } = await makeTestCa();
    const asked = await ask(authority, 'n'.repeat(63));
    const by = `operator/${'o'.repeat(63)}`;
    const verdict = { ...verdictOn(asked, 'denied', 'x'.repeat(MAX_REASON_LENGTH)), by };
    expect(valueOf(await authority.decideRequest(verdict, CA_NOW)).decidedBy).toBe(by);
  });
});
