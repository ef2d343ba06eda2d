import { describe, expect, it } from 'vitest';
import { MAX_PUBLICATION_LISTENERS, type Publication } from '../../../src/authority/index.ts';
import { decodeEntry } from '../../../src/ledger/index.ts';
import { decodeRoster, verifyRoster } from '../../../src/membership/index.ts';
import { ok } from '../../../src/std/index.ts';
import { certIdOfCertificate, parseCertificate, parseCrl } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf } from '../../support/ca.ts';
import { testCrypto } from '../../support/crypto.ts';
import { expectCode } from '../../support/expect-code.ts';
import { valueOf } from '../../support/result.ts';
import { activeIssuing, ofActive, ofRoot } from '../../support/issuing.ts';

const DAY_MS = 86_400_000;

describe('CRLs', () => {
  it('share one sequence of numbers; a delta holds all since its full CRL, and a full one ends the delta', async () => {
    const { authority } = await makeTestCa();
    for (const name of ['a', 'b', 'c']) await enrollMember(authority, name);
    valueOf(await authority.revoke({ name: 'a' }, CA_NOW));
    valueOf(await authority.revoke({ name: 'b' }, CA_NOW));
    const before = ofActive(valueOf(await authority.currentCrls()));
    const delta = valueOf(parseCrl(before.delta ?? new Uint8Array()));
    expect([before.fullNumber, before.number, delta.entries.size]).toEqual([1, 3, 2]);
    const full = ofActive(valueOf(await authority.publishFull(CA_NOW)));
    expect([full.fullNumber, full.number, full.delta]).toEqual([4, 4, null]);
    expect(valueOf(parseCrl(full.full)).entries.size).toBe(2);
    valueOf(await authority.revoke({ name: 'c' }, CA_NOW));
    const after = valueOf(
      parseCrl(ofActive(valueOf(await authority.currentCrls())).delta ?? new Uint8Array()),
    );
    expect([after.extensions.deltaCrlIndicator?.value, after.entries.size]).toEqual([4, 1]);
  });

  it('never go back in time, however the clock is turned', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    const ahead = ofActive(valueOf(await authority.publishFull(later(DAY_MS))));
    const facts = valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    const { delta } = ofActive(valueOf(await authority.currentCrls()));
    const thisUpdate = valueOf(parseCrl(ahead.full)).thisUpdate;
    expect(valueOf(parseCrl(delta ?? new Uint8Array())).thisUpdate).toBe(thisUpdate);
    expect(facts.revokedAt).toBe(thisUpdate);
  });

  it('keep an entry long after its certificate expired, and then drop it from a later full CRL', async () => {
    const { authority } = await makeTestCa();
    await enrollMember(authority, 'alpha');
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    const entriesAt = async (days: number): Promise<number> =>
      valueOf(parseCrl(ofActive(valueOf(await authority.publishFull(later(days * DAY_MS)))).full)).entries
        .size;
    expect(await entriesAt(399)).toBe(1);
    expect(await entriesAt(401)).toBe(1);
    expect(await entriesAt(402)).toBe(0);
  });

  it('name their distribution points, also in certificates, when the CA has a CRL URL', async () => {
    const { authority } = await makeTestCa({ request: { crlUrl: 'http://ca.mesh.internal:8441' } });
    const { enrollment } = await enrollMember(authority, 'alpha');
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    const leaf = valueOf(parseCertificate(enrollment.chain[0] ?? new Uint8Array())).extensions;
    const { full, delta, root } = ofActive(valueOf(await authority.currentCrls()));
    const [fullCrl, deltaCrl, rootCrl] = [full, delta ?? new Uint8Array(), root].map(
      (der) => valueOf(parseCrl(der)).extensions,
    );
    const url = (file: string) => [{ kind: 'uri', value: `http://ca.mesh.internal:8441/crl/${file}` }];
    expect(leaf.crlDistributionPoints?.value[0]?.fullName).toEqual(url('issuing.crl'));
    expect(fullCrl?.issuingDistributionPoint?.value.fullName).toEqual(url('issuing.crl'));
    expect(deltaCrl?.issuingDistributionPoint?.value.fullName).toEqual(url('issuing.crl'));
    expect(fullCrl?.freshestCrl?.value[0]?.fullName).toEqual(url('issuing-delta.crl'));
    // The root has no distribution point in its certificate; openssl would hold one in its CRL against it.
    expect(rootCrl?.issuingDistributionPoint).toBeUndefined();
  });

  it('of the root are signed again in the second half of their time', async () => {
    const { authority } = await makeTestCa();
    expect(ofRoot(valueOf(await authority.publishFull(later(89 * DAY_MS)))).rootNumber).toBe(1);
    expect(ofRoot(valueOf(await authority.publishFull(later(91 * DAY_MS)))).rootNumber).toBe(2);
  });
});

describe('rosters', () => {
  it('are signed by the issuing CA, numbered without gaps and chained by hash', async () => {
    const { authority } = await makeTestCa();
    const records: Uint8Array[] = [valueOf(await authority.currentRoster()).record];
    authority.onPublication(({ roster }) => {
      if (roster !== undefined) records.push(roster.record);
    });
    for (const name of ['a', 'b', 'c', 'd']) {
      const { enrollment } = await enrollMember(authority, name);
      valueOf(await authority.activate(await peerOf(authority, enrollment.chain), null, CA_NOW));
    }
    valueOf(await authority.revoke({ name: 'a' }, CA_NOW));
    valueOf(await authority.remove('b', CA_NOW));
    const issuing = valueOf(parseCertificate(activeIssuing(authority)));
    const certId = certIdOfCertificate(issuing, testCrypto);
    const key = { certId, algorithm: 'ES256', spki: issuing.spki } as const;
    let prev = new Uint8Array(32);
    for (const [index, record] of records.entries()) {
      const verified = valueOf(
        verifyRoster(testCrypto, authority.domainId, valueOf(decodeRoster(record)), key),
      );
      expect(verified.body.number).toBe(index + 1);
      expect(verified.body.prev).toEqual(prev);
      prev = new Uint8Array(verified.structureHash);
    }
    const last = valueOf(decodeRoster(records.at(-1) ?? new Uint8Array())).body;
    expect([records.length, last.k, last.h]).toEqual([11, 1, 1]);
  });

  it('fix K and H by the number of active members', async () => {
    const { authority } = await makeTestCa();
    const numbers: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      const { enrollment } = await enrollMember(authority, name);
      valueOf(await authority.activate(await peerOf(authority, enrollment.chain), null, CA_NOW));
      const { record, h, active } = valueOf(await authority.currentRoster());
      const { k } = valueOf(decodeRoster(record)).body;
      numbers.push(`N=${active} K=${k} H=${h}`);
    }
    expect(numbers).toEqual(['N=1 K=1 H=1', 'N=2 K=1 H=1', 'N=3 K=2 H=2', 'N=4 K=3 H=2']);
  });
});

describe('activation and seeds', () => {
  it('makes a member active once, and keeps the last address it said', async () => {
    const { authority } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    const peer = await peerOf(authority, enrollment.chain);
    const heard: string[][] = [];
    authority.onPublication((publication) => heard.push(Object.keys(publication).sort()));
    const addresses: string[] = [];
    for (const address of ['a.example.test:8450', 'a.example.test:8450', null, '[2001:db8::1]:8450']) {
      valueOf(await authority.activate(peer, address, CA_NOW));
      addresses.push(...valueOf(await authority.seeds()).map((seed) => seed.address));
    }
    expect(addresses).toEqual([
      'a.example.test:8450',
      'a.example.test:8450',
      'a.example.test:8450',
      '[2001:db8::1]:8450',
    ]);
    expect(heard).toEqual([['roster', 'seeds'], ['seeds']]);
    expect(valueOf(await authority.currentRoster()).number).toBe(3);
  });
});

describe('publications', () => {
  it('come after the commit, in the order of their numbers, also when many act at once', async () => {
    const { authority } = await makeTestCa();
    const names = Array.from({ length: 12 }, (_, n) => `node-${n}`);
    for (const name of names) await enrollMember(authority, name);
    const heard: Publication[] = [];
    authority.onPublication((publication) => heard.push(publication));
    await Promise.all(names.map((name) => authority.revoke({ name }, CA_NOW)));
    const crls = heard.flatMap(({ crl }) => (crl === undefined ? [] : [crl.number]));
    const rosters = heard.flatMap(({ roster }) => (roster === undefined ? [] : [roster.number]));
    expect(crls).toEqual([...crls].sort((a, b) => a - b));
    expect(rosters).toEqual([...rosters].sort((a, b) => a - b));
    expect([new Set(crls).size, new Set(rosters).size]).toEqual([12, 12]);
  });

  it('are not sent to who has left, and to no more listeners than allowed', async () => {
    const { authority } = await makeTestCa();
    let heard = 0;
    const leave = authority.onPublication(() => heard++);
    leave();
    valueOf(await authority.publishFull(CA_NOW));
    expect(heard).toBe(0);
    for (let n = 0; n < MAX_PUBLICATION_LISTENERS; n++) authority.onPublication(() => undefined);
    await expectCode('LS_CA_REQUEST', () => authority.onPublication(() => undefined));
  });
});

describe("the CA's ledger", () => {
  it('tells the whole story, with the very bytes that were published', async () => {
    const { authority, deps } = await makeTestCa();
    const { enrollment } = await enrollMember(authority, 'alpha');
    valueOf(await authority.activate(await peerOf(authority, enrollment.chain), null, CA_NOW));
    const { facts } = valueOf(await authority.createToken({ name: 'beta' }, CA_NOW));
    valueOf(await authority.deleteToken(facts.tokenId, CA_NOW));
    valueOf(await authority.revoke({ name: 'alpha', reason: 'keyCompromise' }, CA_NOW));
    const rows = valueOf(await deps.store.read(async (tx) => ok(await tx.ledger(0, 100))));
    const entries = rows.map(({ body }) => valueOf(decodeEntry(body, 1_000_000)).entry);
    const story = entries.map((entry) =>
      entry.type === 'certificate-event' ? (entry.event.split(' ')[0] ?? '') : entry.type,
    );
    expect(story).toEqual([
      ...['crl', 'crl', 'roster', 'token-created', 'roster', 'enrolled', 'activated', 'roster'],
      ...['token-created', 'token-deleted', 'revoked', 'crl', 'roster'],
    ]);
    expect(rows.map(({ index }) => index)).toEqual(rows.map((_, index) => index));
    expect(entries.at(-1)).toEqual({
      type: 'roster',
      record: valueOf(await authority.currentRoster()).record,
    });
    expect(entries.at(-2)).toEqual({
      type: 'crl',
      der: ofActive(valueOf(await authority.currentCrls())).delta,
    });
  });
});
