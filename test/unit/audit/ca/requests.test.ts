import { describe, expect, it } from 'vitest';
import type { Authority } from '../../../../src/authority/index.ts';
import { later, requestFor } from '../../../support/ca.ts';
import { CaLedgerWorld } from '../../../support/ca-ledger-world.ts';
import { testKey } from '../../../support/crypto.ts';
import { codeOf, valueOf } from '../../../support/result.ts';
import { activeIssuing } from '../../../support/issuing.ts';

const AT = later(6_000);

/** Makes a token and asks with it; enrolls when it is approved. */
async function asking(authority: Authority, name: string, verdict?: 'approved' | 'denied') {
  const { token } = valueOf(await authority.createToken({ name, approval: true }, AT));
  const request = requestFor(token, testKey());
  expect(codeOf(await authority.enroll(request, AT))).toBe('LS_ENROLL_PENDING');
  const decide = { requestId: request.tokenId, by: 'operator/olga', reason: 'as agreed' };
  if (verdict !== undefined) valueOf(await authority.decideRequest({ ...decide, verdict }, AT));
  return { request, enroll: () => authority.enroll(request, AT) };
}

async function codesIn(world: CaLedgerWorld): Promise<readonly string[]> {
  const { faults, missing } = await world.audit();
  return [...new Set([...faults, ...missing].map(({ code }) => code))];
}

describe('the audit of enrollments that need approval', () => {
  it('follows them: waiting, denied, approved, enrolled, approved and then denied', async () => {
    const world = await CaLedgerWorld.story();
    const { authority } = world.ca;
    await asking(authority, 'waits');
    await asking(authority, 'denied', 'denied');
    await asking(authority, 'approved', 'approved');
    valueOf(await (await asking(authority, 'enrolled', 'approved')).enroll());
    const { request } = await asking(authority, 'regretted', 'approved');
    const denial = { requestId: request.tokenId, by: 'control-socket', verdict: 'denied' } as const;
    valueOf(await authority.decideRequest(denial, AT));
    expect(await codesIn(world)).toEqual([]);
  });

  it.each([
    ['a decision', "UPDATE requests SET verdict = 'approved', decided_at = 1, decided_by = 'control-socket'"],
    ['a key', "UPDATE requests SET spki_sha256 = x'00'"],
    ['a name', "UPDATE requests SET name = 'beta'"],
    ['who decided', "UPDATE requests SET decided_by = 'operator/otto' WHERE verdict IS NOT NULL"],
    ['a reason', "UPDATE requests SET reason = 'none' WHERE verdict IS NOT NULL"],
    ['another token', "UPDATE requests SET token_id = 'ff' WHERE verdict IS NULL"],
  ])('notices %s that was altered in the store', async (_what, sql) => {
    const world = await CaLedgerWorld.story();
    await asking(world.ca.authority, 'zeta');
    await asking(world.ca.authority, 'theta', 'denied');
    world.tamper(sql);
    expect(await codesIn(world)).toEqual(['LS_AUDIT_CA_STORE_REQUEST']);
  });

  it('names an enrollment that came of an approval nobody gave', async () => {
    const world = await CaLedgerWorld.story();
    const { enroll } = await asking(world.ca.authority, 'zeta');
    world.tamper("UPDATE requests SET verdict = 'approved', decided_at = 1, decided_by = 'control-socket'");
    valueOf(await enroll());
    const { faults } = await world.audit();
    const index = await world.find('enrolled zeta');
    expect(faults).toContainEqual(
      expect.objectContaining({ code: 'LS_AUDIT_CA_ORDER', index, found: 'not decided' }),
    );
  });

  it('names an enrollment with a token whose need for approval was taken off in the store', async () => {
    const world = await CaLedgerWorld.story();
    const { token } = valueOf(await world.ca.authority.createToken({ name: 'zeta', approval: true }, AT));
    world.tamper('UPDATE tokens SET approval = 0');
    valueOf(await world.ca.authority.enroll(requestFor(token, testKey()), AT));
    expect((await world.audit()).faults).toMatchObject([
      { code: 'LS_AUDIT_CA_ORDER', index: await world.find('enrolled zeta') },
    ]);
  });

  it('judges what is said of requests', async () => {
    const key = 'a'.repeat(64);
    for (const [says, code] of [
      [(id: string) => `enrollment-requested zeta ${id} ${key}`, 'LS_AUDIT_CA_ORDER'],
      [(id: string) => `enrollment-requested other ${id} ${key}`, 'LS_AUDIT_CA_ORDER'],
      [(id: string) => `enrollment-requested zeta ${id} short`, 'LS_AUDIT_CA_ORDER'],
      [(id: string) => `enrollment-approved zeta ${id} control-socket -`, 'LS_AUDIT_CA_ORDER'],
      [(id: string) => `enrollment-denied other ${id} control-socket -`, 'LS_AUDIT_CA_ORDER'],
      [(id: string) => `enrollment-approved zeta ${id} control-socket`, 'LS_AUDIT_CA_WORD'],
      [() => `token-created iota ${'1'.repeat(32)} nothing`, 'LS_AUDIT_CA_WORD'],
    ] as const) {
      const world = await CaLedgerWorld.story();
      const { request } = await asking(world.ca.authority, 'zeta', 'denied');
      const size = await world.read((tx) => tx.ledgerSize());
      const event = says(request.tokenId);
      world.put(size, { type: 'certificate-event', event, der: activeIssuing(world.ca.authority) });
      const { faults } = await world.audit();
      expect(faults, event).toContainEqual(expect.objectContaining({ code, index: size }));
    }
  });
});
