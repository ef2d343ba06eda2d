import { describe, expect, it } from 'vitest';
import { MAX_LIVE_CERTIFICATES_PER_NODE, type Authority } from '../../../src/authority/index.ts';
import { decodeSuccessor, signSuccessor } from '../../../src/heartbeat/index.ts';
import { decodeEntry } from '../../../src/ledger/index.ts';
import { ok, type DomainId, type Signer, type UnixMs } from '../../../src/std/index.ts';
import type { VerifiedPeer } from '../../../src/trust/index.ts';
import { parseCertificate } from '../../../src/x509/index.ts';
import { CA_NOW, enrollMember, later, makeTestCa, peerOf, renewalFor, testCsr } from '../../support/ca.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const DAY_MS = 86_400_000;

interface Current {
  readonly peer: VerifiedPeer;
  readonly key: Signer;
}

async function firstOf(authority: Authority, name: string): Promise<Current> {
  const { enrollment, key } = await enrollMember(authority, name);
  return { peer: await peerOf(authority, enrollment.chain), key };
}

async function renewed(authority: Authority, { peer, key }: Current, now: UnixMs = CA_NOW): Promise<Current> {
  const renewal = renewalFor(authority, peer, key, now);
  const { chain } = valueOf(await authority.reenroll(peer, renewal.request, now));
  return { peer: await peerOf(authority, chain, now), key: renewal.key };
}

describe('renewing', () => {
  it('keeps identity and names, takes the new key, and records the successor statement', async () => {
    const { authority, deps } = await makeTestCa();
    const request = { name: 'alpha', dns: ['a.example.test'] };
    const { enrollment, key } = await enrollMember(authority, request);
    const peer = await peerOf(authority, enrollment.chain);
    const renewal = renewalFor(authority, peer, key);
    const { chain, serial } = valueOf(await authority.reenroll(peer, renewal.request, later(DAY_MS)));
    const [old, fresh] = [enrollment.chain[0], chain[0]].map((der) =>
      valueOf(parseCertificate(der ?? new Uint8Array())),
    );
    expect(fresh?.subject).toEqual(old?.subject);
    expect(fresh?.extensions.subjectAltName).toEqual(old?.extensions.subjectAltName);
    expect(fresh?.spki).toEqual(renewal.key.spki);
    expect(serial).not.toBe(enrollment.serial);
    const rows = valueOf(await deps.store.read(async (tx) => ok(await tx.ledger(0, 100))));
    const entries = rows.map(({ body }) => valueOf(decodeEntry(body, 1_000_000)).entry);
    expect(entries).toContainEqual({ type: 'successor', record: renewal.request.successor });
    expect(valueOf(decodeSuccessor(renewal.request.successor)).body.nodeId).toBe(enrollment.nodeId);
  });

  it('gives the same certificate to the same new key again', async () => {
    const { authority } = await makeTestCa();
    const { peer, key } = await firstOf(authority, 'alpha');
    const { request } = renewalFor(authority, peer, key);
    const first = valueOf(await authority.reenroll(peer, request, CA_NOW));
    expect(valueOf(await authority.reenroll(peer, request, later(1_000))).chain).toEqual(first.chain);
  });

  it('refuses a second key without a statement by the present one', async () => {
    const { authority } = await makeTestCa();
    const alpha = await firstOf(authority, 'alpha');
    const beta = await firstOf(authority, 'beta');
    const good = renewalFor(authority, alpha.peer, alpha.key);
    const statement = (
      changes: Partial<Parameters<typeof signSuccessor>[0]>,
      by = alpha.key,
      domain: DomainId = authority.domainId,
    ): Uint8Array =>
      signSuccessor(
        {
          certId: alpha.peer.key.certId,
          nodeId: alpha.peer.nodeId,
          oldSpkiHash: testCrypto.sha256(alpha.key.spki),
          newSpki: good.key.spki,
          tMs: CA_NOW,
          ext: new Map(),
          ...changes,
        },
        by,
        domain,
        testCrypto,
      ).bytes;
    const forged: readonly Uint8Array[] = [
      new Uint8Array(),
      good.request.successor.subarray(0, -1),
      renewalFor(authority, alpha.peer, beta.key, CA_NOW, good.key).request.successor,
      renewalFor(authority, beta.peer, beta.key, CA_NOW, good.key).request.successor,
      statement({}, good.key),
      statement({ nodeId: beta.peer.nodeId }),
      statement({ certId: beta.peer.key.certId }),
      statement({ oldSpkiHash: testCrypto.sha256(beta.key.spki) }),
      statement({ newSpki: beta.key.spki }),
      statement({}, alpha.key, testCrypto.sha256(Uint8Array.of(1)) as DomainId),
    ];
    for (const successor of forged) {
      const refused = await authority.reenroll(alpha.peer, { ...good.request, successor }, CA_NOW);
      expect(codeOf(refused)).toBe('LS_REENROLL_SUCCESSOR');
    }
    expect(
      codeOf(await authority.reenroll(alpha.peer, { ...good.request, successor: statement({}) }, CA_NOW)),
    ).toBe(undefined);
  });

  it('refuses the present key, a key of another node, and a request without proof of possession', async () => {
    const { authority } = await makeTestCa();
    const alpha = await firstOf(authority, 'alpha');
    const beta = await firstOf(authority, 'beta');
    const same = renewalFor(authority, alpha.peer, alpha.key, CA_NOW, alpha.key);
    expect(codeOf(await authority.reenroll(alpha.peer, same.request, CA_NOW))).toBe('LS_REENROLL_SAME_KEY');
    const taken = renewalFor(authority, alpha.peer, alpha.key, CA_NOW, beta.key);
    expect(codeOf(await authority.reenroll(alpha.peer, taken.request, CA_NOW))).toBe('LS_CSR_KEY_REUSED');
    const victim = testKey();
    const unproven = renewalFor(authority, alpha.peer, alpha.key, CA_NOW, victim);
    const csr = testCsr({ ...victim, sign: (message) => alpha.key.sign(message) }, 'alpha');
    expect(codeOf(await authority.reenroll(alpha.peer, { ...unproven.request, csr }, CA_NOW))).toBe(
      'LS_CSR_PROOF',
    );
  });

  it('follows one line of keys: a key that was followed names no further one', async () => {
    const { authority } = await makeTestCa();
    const first = await firstOf(authority, 'alpha');
    const second = await renewed(authority, first);
    const third = await renewed(authority, second);
    valueOf(await authority.activate(third.peer, null, CA_NOW));
    for (const stale of [first, second]) {
      const { request } = renewalFor(authority, stale.peer, stale.key);
      expect(codeOf(await authority.reenroll(stale.peer, request, CA_NOW))).toBe('LS_REENROLL_NOT_CURRENT');
    }
  });

  it('lets the key before name another as long as the newest was never used, because its answer may be lost', async () => {
    const { authority } = await makeTestCa();
    const first = await firstOf(authority, 'alpha');
    const lost = renewalFor(authority, first.peer, first.key);
    valueOf(await authority.reenroll(first.peer, lost.request, CA_NOW));
    const second = await renewed(authority, first);
    valueOf(await authority.activate(second.peer, null, CA_NOW));
    const { request } = renewalFor(authority, first.peer, first.key);
    expect(codeOf(await authority.reenroll(first.peer, request, CA_NOW))).toBe('LS_REENROLL_NOT_CURRENT');
  });

  it('refuses one certificate more than an identity may have alive, until one expires', async () => {
    const { authority } = await makeTestCa();
    let current = await firstOf(authority, 'alpha');
    for (let n = 1; n < MAX_LIVE_CERTIFICATES_PER_NODE; n++) {
      current = await renewed(authority, current, later(n * 60_000));
    }
    const { peer, key } = current;
    const more = renewalFor(authority, peer, key, later(DAY_MS));
    expect(codeOf(await authority.reenroll(peer, more.request, later(DAY_MS)))).toBe('LS_REENROLL_LIMIT');
    expect(codeOf(await authority.reenroll(peer, more.request, later(7 * DAY_MS + 1_000)))).toBeUndefined();
  });

  it('is refused once the identity or the certificate was revoked, or the identity removed', async () => {
    const { authority } = await makeTestCa();
    const [alpha, beta, gamma] = [
      await firstOf(authority, 'alpha'),
      await firstOf(authority, 'beta'),
      await firstOf(authority, 'gamma'),
    ];
    valueOf(await authority.revoke({ name: 'alpha' }, CA_NOW));
    valueOf(await authority.remove('beta', CA_NOW));
    valueOf(await authority.revoke({ name: 'gamma', onlySerial: gamma.peer.serial }, CA_NOW));
    const attempt = async ({ peer, key }: Current): Promise<string | undefined> =>
      codeOf(await authority.reenroll(peer, renewalFor(authority, peer, key).request, CA_NOW));
    expect(await attempt(alpha)).toBe('LS_IDENTITY_REVOKED');
    expect(await attempt(beta)).toBe('LS_IDENTITY_REMOVED');
    expect(await attempt(gamma)).toBe('LS_IDENTITY_REVOKED');
    for (const { peer } of [alpha, gamma]) {
      expect(codeOf(await authority.activate(peer, null, CA_NOW))).toBe('LS_IDENTITY_REVOKED');
    }
    expect(codeOf(await authority.activate(beta.peer, null, CA_NOW))).toBe('LS_IDENTITY_REMOVED');
  });

  it('is refused to a node of another CA', async () => {
    const [{ authority }, other] = [await makeTestCa(), await makeTestCa()];
    const stranger = await firstOf(other.authority, 'alpha');
    const { request } = renewalFor(authority, stranger.peer, stranger.key);
    expect(codeOf(await authority.reenroll(stranger.peer, request, CA_NOW))).toBe('LS_IDENTITY_UNKNOWN');
    expect(codeOf(await authority.activate(stranger.peer, null, CA_NOW))).toBe('LS_IDENTITY_UNKNOWN');
  });
});
