import { describe, expect, it } from 'vitest';
import type { Authority, Publication } from '../../../src/authority/index.ts';
import { applyCrl, makeTrustBundle, RevocationState } from '../../../src/trust/index.ts';
import { parseCrl, type CertificateList } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf, renewalFor, requestFor } from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';
import { activeBundle, ofActive, onlyList } from '../../support/issuing.ts';

const HOUR_MS = 3_600_000;
const HOLD = { name: 'alpha', reason: 'certificateHold' } as const;

function listOf(der: Uint8Array | null | undefined): CertificateList {
  return valueOf(parseCrl(der ?? new Uint8Array()));
}

const entriesOf = (list: CertificateList): readonly string[] =>
  [...list.entries].map(({ serialHex, reason }) => `${serialHex} ${reason}`);

/** A relying party that hears every CRL the CA publishes, or only those it is told to. */
class Follower {
  state = RevocationState.empty();
  readonly #authority: Authority;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  take(der: Uint8Array): string | undefined {
    const { trustDomain, roots, issuing } = activeBundle(this.#authority);
    const bundle = valueOf(makeTrustBundle(trustDomain, roots, testCrypto));
    const applied = applyCrl(this.state, der, [issuing], bundle, testCrypto, later(HOUR_MS));
    if (applied.ok) this.state = applied.value.state;
    return codeOf(applied);
  }

  async catchUp(): Promise<void> {
    const { full, delta } = ofActive(valueOf(await this.#authority.currentCrls()));
    expect(this.take(full)).toBeUndefined();
    if (delta !== null) expect(this.take(delta)).toBeUndefined();
  }
}

describe('a hold', () => {
  it('lists every certificate and leaves identity, roster and tokens alone', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    const roster = valueOf(await authority.currentRoster()).number;
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    const facts = valueOf(await authority.revoke(HOLD, CA_NOW));
    expect(facts).toMatchObject({ serials: [enrollment.serial], reason: 'certificateHold', crlNumber: 2 });
    expect([facts.rosterNumber, facts.fresh]).toEqual([null, true]);
    expect(entriesOf(listOf(onlyList(heard[0]?.crl)))).toEqual([`${enrollment.serial} certificateHold`]);
    expect(valueOf(await authority.currentRoster()).number).toBe(roster);
    expect(valueOf(await authority.show('alpha', CA_NOW)).state).toBe('enrolled');
    expect(valueOf(await authority.revoke(HOLD, later(HOUR_MS)))).toEqual({ ...facts, fresh: false });
    expect(heard).toHaveLength(1);
  });

  it('blocks renewal, activation and a new enrollment under the name until it is released', async () => {
    const { authority } = await makeTestCa();
    const { enrollment, key } = await enrollMember(authority, 'alpha');
    const peer = await peerOf(authority, enrollment.chain);
    const { token } = valueOf(await authority.createToken({ name: 'alpha', replace: true }, CA_NOW));
    const attempts = {
      renew: () => authority.reenroll(peer, renewalFor(authority, peer, key).request, CA_NOW),
      activate: () => authority.activate(peer, null, CA_NOW),
    };
    valueOf(await authority.revoke(HOLD, CA_NOW));
    expect(codeOf(await attempts.renew())).toBe('LS_IDENTITY_HELD');
    expect(codeOf(await attempts.activate())).toBe('LS_IDENTITY_HELD');
    expect(codeOf(await authority.enroll(requestFor(token, testKey()), CA_NOW))).toBe('LS_IDENTITY_HELD');
    valueOf(await authority.release('alpha', CA_NOW));
    expect(codeOf(await attempts.renew())).toBeUndefined();
    expect(codeOf(await attempts.activate())).toBeUndefined();
    expect(codeOf(await authority.enroll(requestFor(token, testKey()), CA_NOW))).toBeUndefined();
  });

  it('becomes a revocation, which nothing releases', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    valueOf(await authority.revoke(HOLD, CA_NOW));
    const facts = valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, later(HOUR_MS)));
    expect(facts).toMatchObject({ serials: [enrollment.serial], crlNumber: 3, fresh: true });
    const { delta } = ofActive(valueOf(await authority.currentCrls()));
    expect(entriesOf(listOf(delta))).toEqual([`${enrollment.serial} keyCompromise`]);
    expect(codeOf(await authority.release('alpha', later(HOUR_MS)))).toBe('LS_CA_NOT_HELD');
    expect(codeOf(await authority.revoke(HOLD, later(HOUR_MS)))).toBe('LS_IDENTITY_REVOKED');
  });

  it('of one serial can be released, or made a revocation', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    const one = { ...HOLD, onlySerial: enrollment.serial };
    expect(valueOf(await authority.revoke(one, CA_NOW)).fresh).toBe(true);
    expect(valueOf(await authority.revoke(one, CA_NOW)).fresh).toBe(false);
    expect(valueOf(await authority.release('alpha', CA_NOW)).serials).toEqual([enrollment.serial]);
    valueOf(await authority.revoke(one, CA_NOW));
    const revoked = valueOf(await authority.revoke({ ...one, reason: 'superseded' }, CA_NOW));
    expect(revoked).toMatchObject({ reason: 'superseded', fresh: true });
    expect(codeOf(await authority.release('alpha', CA_NOW))).toBe('LS_CA_NOT_HELD');
  });

  it('needs a valid certificate, and a name the CA knows', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    expect(codeOf(await authority.revoke(HOLD, later(8 * 24 * HOUR_MS)))).toBe('LS_CA_NOTHING_TO_HOLD');
    expect(codeOf(await authority.revoke({ ...HOLD, name: 'beta' }, CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
    expect(codeOf(await authority.release('beta', CA_NOW))).toBe('LS_CA_UNKNOWN_SUBJECT');
    expect(codeOf(await authority.release('alpha', CA_NOW))).toBe('LS_CA_NOT_HELD');
  });
});

describe('a release', () => {
  it('is taken by who follows every CRL, by who missed some, and by who starts anew', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    const [always, sometimes] = [new Follower(authority), new Follower(authority)];
    await always.catchUp();
    valueOf(await authority.revoke(HOLD, CA_NOW));
    await always.catchUp();
    await sometimes.catchUp();
    const facts = valueOf(await authority.release('alpha', later(1_000)));
    expect(facts.crlNumber).toBe(3);
    expect(entriesOf(listOf(ofActive(valueOf(await authority.currentCrls())).delta))).toEqual([
      `${facts.serials[0] ?? ''} removeFromCRL`,
    ]);
    await always.catchUp();
    valueOf(await authority.publishFull(later(2_000)));
    await always.catchUp();
    await sometimes.catchUp();
    await new Follower(authority).catchUp();
  });

  it('ends one hold: another of the same second has a later date and a release of its own', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    const follower = new Follower(authority);
    const dates: number[] = [];
    for (let round = 0; round < 3; round++) {
      dates.push(valueOf(await authority.revoke(HOLD, CA_NOW)).revokedAt);
      await follower.catchUp();
      valueOf(await authority.release('alpha', CA_NOW));
      if (round !== 1) await follower.catchUp();
      if (round === 0) valueOf(await authority.publishFull(CA_NOW));
    }
    const [first = 0] = dates;
    expect(dates).toEqual([first, first + 1_000, first + 2_000]);
    const { full } = ofActive(valueOf(await authority.publishFull(CA_NOW)));
    expect(listOf(full).extensions.releases?.value).toHaveLength(3);
    expect(entriesOf(listOf(full))).toEqual([]);
    await follower.catchUp();
  });

  it('is carried until no relying party can know of the hold', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    valueOf(await authority.revoke(HOLD, CA_NOW));
    valueOf(await authority.release('alpha', CA_NOW));
    const carried = async (days: number): Promise<number> => {
      const { full } = ofActive(valueOf(await authority.publishFull(later(days * 24 * HOUR_MS))));
      return listOf(full).extensions.releases?.value.length ?? 0;
    };
    expect(await carried(400)).toBe(1);
    expect(await carried(401)).toBe(1);
    expect(await carried(402)).toBe(0);
  });
});
