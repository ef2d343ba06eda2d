import { describe, expect, it, onTestFinished } from 'vitest';
import {
  markRestored,
  MAX_MERGED_CRLS,
  RESTORE_NUMBER_MARGIN,
  type AcceptedLoss,
  type Authority,
} from '../../../src/authority/index.ts';
import { decodeEntry } from '../../../src/ledger/index.ts';
import { decodeRoster } from '../../../src/membership/index.ts';
import { monoMs, ok, type UnixMs } from '../../../src/std/index.ts';
import {
  encodeOcspRequest,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  parseCrl,
  parseOcspResponse,
} from '../../../src/x509/index.ts';
import {
  CA_NOW,
  enrollMember,
  later,
  makeTestCa,
  peerOf,
  renewalFor,
  requestFor,
  testCsr,
} from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { caWithBackups, handOver } from '../../support/restored-ca.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { activeIssuing, ofActive } from '../../support/issuing.ts';

const HOUR_MS = 3_600_000;
const AFTER = later(HOUR_MS);

async function crlsOf(authority: Authority): Promise<readonly Uint8Array[]> {
  const { full, delta } = ofActive(valueOf(await authority.currentCrls()));
  return delta === null ? [full] : [delta, full];
}

async function accept(
  authority: Authority,
  crls: readonly Uint8Array[] = [],
  now: UnixMs = AFTER,
): Promise<AcceptedLoss> {
  return valueOf(await authority.acceptLoss({ crls }, now));
}

describe('a restored CA', () => {
  it('refuses every change with one code, and signs no more than what its server needs', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const { enrollment, key } = await enrollMember(ca.authority, 'alpha');
    const peer = await peerOf(ca.authority, enrollment.chain);
    const { token } = valueOf(await ca.authority.createToken({ name: 'bravo' }, CA_NOW));
    const authority = await restore(backup(), AFTER);
    expect(valueOf(await authority.readOnlySince())).toBe(AFTER);
    const { request } = renewalFor(authority, peer, key);
    const operator = { name: 'kim', csr: testCsr(testKey(), 'kim') };
    const { tokenId } = valueOf(await authority.listTokens(CA_NOW))[0] ?? { tokenId: '' };
    const changes = {
      createToken: await authority.createToken({ name: 'charlie' }, AFTER),
      deleteToken: await authority.deleteToken(tokenId, AFTER),
      enroll: await authority.enroll(requestFor(token, testKey()), CA_NOW),
      reenroll: await authority.reenroll(peer, request, CA_NOW),
      activate: await authority.activate(peer, 'alpha.example.test:8450', CA_NOW),
      issueOperator: await authority.issueOperator(operator, AFTER),
      revoke: await authority.revoke({ name: 'alpha' }, AFTER),
      remove: await authority.remove('alpha', AFTER),
      publishFull: await authority.publishFull(AFTER),
    };
    for (const [what, result] of Object.entries(changes))
      expect(codeOf(result), what).toBe('LS_CA_READ_ONLY');
    const server = await authority.issueServer({ hosts: ['127.0.0.1'], spki: testKey().spki }, AFTER);
    expect(server.ok).toBe(true);
    expect(ofActive(valueOf(await authority.currentCrls()))).toEqual(
      ofActive(valueOf(await ca.authority.currentCrls())),
    );
    expect(valueOf(await authority.currentRoster())).toEqual(valueOf(await ca.authority.currentRoster()));
  });

  it('goes on once the loss is accepted, with a row in its ledger, and not twice', async () => {
    const { ca, backup, restore } = await caWithBackups();
    await enrollMember(ca.authority, 'alpha');
    valueOf(await ca.authority.createToken({ name: 'bravo' }, CA_NOW));
    const authority = await restore(backup(), AFTER);
    const heard: unknown[] = [];
    authority.onPublication(({ crl, roster }) => heard.push([crl?.number, roster?.number]));
    const accepted = await accept(authority);
    expect(accepted.droppedTokens).toBe(1);
    expect(heard).toEqual([[accepted.crlNumber, accepted.rosterNumber]]);
    expect(valueOf(await authority.readOnlySince())).toBeNull();
    expect(valueOf(await authority.listTokens(AFTER)).map(({ status }) => status)).toEqual(['spent']);
    expect(codeOf(await authority.acceptLoss({ crls: [] }, AFTER))).toBe('LS_CA_NOT_RESTORED');
    expect(codeOf(await ca.authority.acceptLoss({ crls: [] }, AFTER))).toBe('LS_CA_NOT_RESTORED');
    expect((await authority.createToken({ name: 'bravo' }, AFTER)).ok).toBe(true);
  });

  it('writes what it did into its ledger', async () => {
    const { deps, authority } = await makeTestCa();
    valueOf(await markRestored(deps.store, CA_NOW));
    const accepted = await accept(authority, [], CA_NOW);
    const rows = valueOf(await deps.store.read(async (tx) => ok(await tx.ledger(0, 100))));
    const events = rows.flatMap(({ body }) => {
      const { entry } = valueOf(decodeEntry(body, 1_000_000));
      return entry.type === 'certificate-event' ? [entry.event] : [];
    });
    expect(events).toEqual([
      `loss-accepted crl 1 ${accepted.crlNumber} roster 1 ${accepted.rosterNumber} merged 0 tokens 0`,
    ]);
  });
});

describe('the OCSP responder of a restored CA', () => {
  it('calls nothing good until the loss is accepted, and what was taken over revoked', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const [alpha, bravo] = [
      await enrollMember(ca.authority, 'alpha'),
      await enrollMember(ca.authority, 'bravo'),
    ];
    const authority = await restore(backup(), AFTER);
    valueOf(await ca.authority.revoke({ name: 'alpha' }, later(1_000)));
    const options = { newKey: () => testKey(), pause: () => Promise.resolve() };
    const responder = valueOf(await authority.openResponder(options, AFTER));
    onTestFinished(() => responder.close());
    const issuing = valueOf(parseCertificate(activeIssuing(authority)));
    const issuer = valueOf(ocspIssuerOf(issuing, testCrypto));
    const ask = async (serial: string, nonce?: Uint8Array): Promise<string> => {
      const request = encodeOcspRequest({ certIds: [ocspCertId(issuer, 'SHA-1', serial)], nonce });
      const { der } = await responder.answer(request, { mono: monoMs(0), wall: AFTER });
      const response = valueOf(parseOcspResponse(der));
      if (response.status !== 'successful') return response.status;
      return response.basic.responses[0]?.certStatus.status ?? '';
    };
    expect(valueOf(await responder.refresh(AFTER))).toBe(0);
    for (const { serial } of [alpha.enrollment, bravo.enrollment]) {
      expect(await ask(serial)).toBe('tryLater');
      expect(await ask(serial, new Uint8Array(16))).toBe('tryLater');
    }
    await accept(authority, await crlsOf(ca.authority));
    expect(await ask(alpha.enrollment.serial)).toBe('revoked');
    expect(await ask(bravo.enrollment.serial)).toBe('good');
    expect(valueOf(await responder.refresh(AFTER))).toBeGreaterThan(0);
  });
});

describe('the numbers of a restored CA', () => {
  it('are above all that the lost one and an earlier restore of the same backup can have used', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const copy = backup();
    const former = ofActive(valueOf(await ca.authority.currentCrls())).number;
    const first = await restore(copy, AFTER);
    const one = await accept(first);
    const root = ofActive(valueOf(await first.currentCrls())).rootNumber;
    expect(one.crlNumber).toBe(RESTORE_NUMBER_MARGIN + HOUR_MS);
    expect(one.crlNumber).toBeGreaterThan(former + HOUR_MS);
    expect(one.rosterNumber).toBeGreaterThan(one.formerRosterNumber + HOUR_MS);
    for (let i = 0; i < 5; i++) valueOf(await first.publishFull(later(HOUR_MS + i)));
    const again = await restore(copy, AFTER);
    const second = await accept(again, [], later(HOUR_MS + 10));
    expect(ofActive(valueOf(await again.currentCrls())).rootNumber).toBeGreaterThan(root);
    expect(second.crlNumber).toBeGreaterThan(ofActive(valueOf(await first.currentCrls())).number);
    expect(second.rosterNumber).toBeGreaterThan(one.rosterNumber);
  });

  it('never go back, also from a restore of a newer backup to one of an older', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const oldest = backup();
    valueOf(await ca.authority.publishFull(later(1_000)));
    let backups = 1;
    let newest = { crlNumber: 0, rosterNumber: 0 };
    for (const copy of [oldest, backup(), oldest]) {
      const authority = await restore(copy, later(backups * HOUR_MS));
      const accepted = await accept(authority, [], later(backups++ * HOUR_MS));
      expect(accepted.crlNumber).toBeGreaterThan(newest.crlNumber);
      expect(accepted.rosterNumber).toBeGreaterThan(newest.rosterNumber);
      newest = accepted;
    }
  });

  it('are above those of the CRLs that are handed to it', async () => {
    const { backup, restore } = await caWithBackups();
    const copy = backup();
    const jumped = await restore(copy, AFTER);
    const { crlNumber } = await accept(jumped);
    const accepted = await accept(await restore(copy, AFTER), await crlsOf(jumped));
    expect(accepted.crlNumber).toBeGreaterThan(crlNumber);
  });

  it('are not made by a clock that is behind the backup, or far from any', async () => {
    const { backup, restore } = await caWithBackups();
    const authority = await restore(backup(), AFTER);
    expect(codeOf(await authority.acceptLoss({ crls: [] }, later(-60_000)))).toBe('LS_CA_NUMBERS');
    expect(codeOf(await authority.acceptLoss({ crls: [] }, later(2 ** 52)))).toBe('LS_CA_NUMBERS');
    expect(valueOf(await authority.readOnlySince())).toBe(AFTER);
  });

  it('jump for the root too, while its key is at hand', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const before = ofActive(valueOf(await ca.authority.currentCrls())).rootNumber;
    const authority = await restore(backup(), AFTER);
    await accept(authority);
    const { rootNumber } = ofActive(valueOf(await authority.currentCrls()));
    expect(rootNumber).toBeGreaterThan(before + HOUR_MS);
  });
});

describe('revocations that the backup did not have', () => {
  it('make nodes refuse the restored CA, unless it takes them over', async () => {
    const { ca, backup, restore } = await caWithBackups();
    await enrollMember(ca.authority, 'alpha');
    const copy = backup();
    valueOf(await ca.authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, later(1_000)));
    const ignorant = await restore(copy, AFTER);
    await accept(ignorant);
    expect(await handOver(ca.authority, ignorant, AFTER)).toBe('LS_CRL_OMITS_ENTRY');
    const informed = await restore(copy, AFTER);
    const accepted = await accept(informed, await crlsOf(ca.authority));
    expect(accepted).toMatchObject({ endedNames: ['alpha'] });
    expect(accepted.mergedSerials).toHaveLength(1);
    expect(await handOver(ca.authority, informed, AFTER)).toBe('taken');
    const roster = valueOf(decodeRoster(valueOf(await informed.currentRoster()).record));
    expect(roster.body.members.map(({ name, state }) => [name, state])).toEqual([['alpha', 'revoked']]);
    expect(valueOf(await informed.show('alpha', AFTER))).toMatchObject({
      state: 'revoked',
      reason: 'keyCompromise',
    });
  });

  it('of a certificate that it never heard of stay in every later CRL', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const copy = backup();
    await enrollMember(ca.authority, 'alpha');
    valueOf(await ca.authority.revoke({ name: 'alpha' }, later(1_000)));
    const authority = await restore(copy, AFTER);
    expect((await accept(authority, await crlsOf(ca.authority))).mergedSerials).toHaveLength(1);
    valueOf(await authority.publishFull(later(2 * HOUR_MS)));
    expect(await handOver(ca.authority, authority, later(2 * HOUR_MS))).toBe('taken');
  });

  it('of one certificate of a living identity do not end it', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const { enrollment, key } = await enrollMember(ca.authority, 'alpha');
    const peer = await peerOf(ca.authority, enrollment.chain);
    valueOf(await ca.authority.reenroll(peer, renewalFor(ca.authority, peer, key).request, CA_NOW));
    const copy = backup();
    valueOf(await ca.authority.revoke({ name: 'alpha', onlySerial: enrollment.serial }, later(1_000)));
    const authority = await restore(copy, AFTER);
    expect(await accept(authority, await crlsOf(ca.authority))).toMatchObject({
      endedNames: [],
      mergedSerials: [enrollment.serial],
    });
    expect(valueOf(await authority.show('alpha', AFTER)).state).toBe('enrolled');
  });

  it('keep a hold a hold, and what became of one a revocation', async () => {
    const { ca, backup, restore } = await caWithBackups();
    for (const name of ['alpha', 'bravo']) await enrollMember(ca.authority, name);
    valueOf(await ca.authority.revoke({ name: 'alpha', reason: 'certificateHold' }, later(1_000)));
    const copy = backup();
    valueOf(await ca.authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, later(2_000)));
    valueOf(await ca.authority.revoke({ name: 'bravo', reason: 'certificateHold' }, later(3_000)));
    const authority = await restore(copy, AFTER);
    const accepted = await accept(authority, await crlsOf(ca.authority));
    expect(accepted.endedNames).toEqual(['alpha']);
    expect(accepted.mergedSerials).toHaveLength(2);
    expect(await handOver(ca.authority, authority, AFTER)).toBe('taken');
    expect(valueOf(await authority.show('bravo', AFTER)).state).toBe('enrolled');
    valueOf(await authority.release('bravo', later(2 * HOUR_MS)));
    expect(await handOver(ca.authority, authority, later(2 * HOUR_MS))).toBe('taken');
  });

  it('leave a hold that has ended where it is, whatever the backup and the CRLs know of it', async () => {
    const names = ['early', 'between', 'late', 'again'];
    const { ca, backup, restore } = await caWithBackups();
    for (const name of names) await enrollMember(ca.authority, name);
    const hold = async (name: string, ms: number) =>
      valueOf(await ca.authority.revoke({ name, reason: 'certificateHold' }, later(ms)));
    const release = async (name: string, ms: number) => valueOf(await ca.authority.release(name, later(ms)));
    for (const name of ['early', 'between', 'again']) await hold(name, 1_000);
    valueOf(await ca.authority.publishFull(later(2_000)));
    const behind = await crlsOf(ca.authority);
    await release('early', 3_000);
    const copy = backup();
    await hold('late', 4_000);
    for (const name of ['between', 'late', 'again']) await release(name, 5_000);
    await hold('again', 6_000);
    const authority = await restore(copy, AFTER);
    const accepted = await accept(authority, [...behind, ...(await crlsOf(ca.authority))]);
    expect(accepted.mergedSerials).toHaveLength(1);
    const listed = valueOf(await authority.list({}, AFTER)).filter(({ status }) => status === 'revoked');
    expect(listed.map(({ name }) => name)).toEqual(['again']);
    expect(await handOver(ca.authority, authority, AFTER)).toBe('taken');
    // Who has missed the releases gets them from the restored CA.
    const { full } = ofActive(valueOf(await authority.currentCrls()));
    const releases = valueOf(parseCrl(full)).extensions.releases?.value;
    expect(releases).toHaveLength(4);
    for (const name of names) {
      valueOf(await authority.revoke({ name, reason: 'certificateHold' }, later(2 * HOUR_MS)));
      valueOf(await authority.release(name, later(3 * HOUR_MS)));
    }
    expect(await handOver(ca.authority, authority, later(3 * HOUR_MS))).toBe('taken');
  });

  it('keep on hold what nobody knows any more, also where its hold has ended', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const copy = backup();
    const { enrollment } = await enrollMember(ca.authority, 'alpha');
    valueOf(await ca.authority.revoke({ name: 'alpha', reason: 'certificateHold' }, later(1_000)));
    valueOf(await ca.authority.release('alpha', later(2_000)));
    const authority = await restore(copy, AFTER);
    const accepted = await accept(authority, await crlsOf(ca.authority));
    expect(accepted.mergedSerials).toEqual([enrollment.serial]);
    expect(await handOver(ca.authority, authority, AFTER)).toBe('taken');
  });

  it('can be taken over later, also after somebody has revoked by hand', async () => {
    const { ca, backup, restore } = await caWithBackups();
    for (const name of ['alpha', 'bravo']) await enrollMember(ca.authority, name);
    const copy = backup();
    for (const name of ['alpha', 'bravo']) valueOf(await ca.authority.revoke({ name }, later(1_000)));
    const authority = await restore(copy, AFTER);
    await accept(authority);
    valueOf(await authority.revoke({ name: 'alpha' }, AFTER));
    valueOf(await authority.createToken({ name: 'charlie' }, AFTER));
    valueOf(await authority.publishFull(AFTER));
    expect(await handOver(ca.authority, authority, AFTER)).toBe('LS_CRL_OMITS_ENTRY');
    const accepted = await accept(authority, await crlsOf(ca.authority), later(2 * HOUR_MS));
    expect(accepted).toMatchObject({ endedNames: ['bravo'], droppedTokens: 0 });
    expect(accepted.mergedSerials).toHaveLength(2);
    expect(await handOver(ca.authority, authority, later(2 * HOUR_MS))).toBe('taken');
    expect((await accept(authority, await crlsOf(ca.authority), later(2 * HOUR_MS))).mergedSerials).toEqual(
      [],
    );
  });

  it('of certificates unknown to it are taken over once, however often they are handed over', async () => {
    const { ca, backup, restore } = await caWithBackups();
    const copy = backup();
    await enrollMember(ca.authority, 'alpha');
    valueOf(await ca.authority.revoke({ name: 'alpha' }, later(1_000)));
    const authority = await restore(copy, AFTER);
    const crls = await crlsOf(ca.authority);
    expect((await accept(authority, crls)).mergedSerials).toHaveLength(1);
    expect((await accept(authority, crls)).mergedSerials).toEqual([]);
  });

  it('come from any order of CRLs, old ones among them', async () => {
    const { ca, backup, restore } = await caWithBackups();
    for (const name of ['alpha', 'bravo', 'charlie']) await enrollMember(ca.authority, name);
    const copy = backup();
    const seen = [...(await crlsOf(ca.authority))];
    for (const name of ['alpha', 'bravo', 'charlie']) {
      valueOf(await ca.authority.revoke({ name }, later(1_000)));
      seen.unshift(...(await crlsOf(ca.authority)));
    }
    const accepted = await accept(await restore(copy, AFTER), seen);
    expect(accepted.endedNames.toSorted()).toEqual(['alpha', 'bravo', 'charlie']);
  });

  it('are taken from this CA’s own, verified CRLs only, and at most so many at a time', async () => {
    const { ca, backup, restore } = await caWithBackups();
    await enrollMember(ca.authority, 'alpha');
    const authority = await restore(backup(), AFTER);
    valueOf(await ca.authority.revoke({ name: 'alpha' }, later(1_000)));
    const [delta = new Uint8Array(), full = new Uint8Array()] = await crlsOf(ca.authority);
    const { root } = ofActive(valueOf(await ca.authority.currentCrls()));
    const other = await makeTestCa();
    const [foreign = new Uint8Array()] = await crlsOf(other.authority);
    const forgedFull = full.slice();
    forgedFull[forgedFull.length - 1] = (forgedFull.at(-1) ?? 0) ^ 1;
    const forged = delta.slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const refusedWith = async (...crls: readonly Uint8Array[]): Promise<string | undefined> =>
      codeOf(await authority.acceptLoss({ crls }, AFTER));
    expect(await refusedWith(forged)).toBe('LS_CRL_SIGNATURE');
    expect(await refusedWith(full, forged)).toBe('LS_CRL_SIGNATURE');
    expect(await refusedWith(forgedFull)).toBe('LS_CRL_SIGNATURE');
    expect(await refusedWith(foreign)).toMatch(/^LS_CRL_(?:SIGNATURE|ISSUER)$/);
    expect(await refusedWith(root)).toBe('LS_CA_REQUEST');
    expect(await refusedWith(delta.subarray(0, -1))).toMatch(/^LS_DER_/);
    expect(await refusedWith(...Array.from({ length: MAX_MERGED_CRLS + 1 }, () => full))).toBe(
      'LS_CA_REQUEST',
    );
    expect(valueOf(await authority.readOnlySince())).toBe(AFTER);
    const most = Array.from({ length: MAX_MERGED_CRLS }, () => delta);
    expect((await accept(authority, most)).mergedSerials).toHaveLength(1);
  });
});
