import { describe, expect, it } from 'vitest';
import { parseSerialNumber, unixMs, type Signer, type UnixMs } from '../../../src/std/index.ts';
import { signRelease } from '../../../src/trust/index.ts';
import { certIdOfCertificate, type CrlReason } from '../../../src/x509/index.ts';
import { AuditWorld, codes } from '../../support/audit-world.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';

const LISTED = 2;
const RELEASED = 3;

/** Alpha beats on well after a CRL has listed it; `end` says what CRLs come then. Codes of the audit before and after. */
async function story(end: (world: Held) => readonly Uint8Array[], reason: CrlReason = 'certificateHold') {
  const world = AuditWorld.story(1);
  const held = new Held(world);
  const { beta } = world;
  beta.log({ type: 'crl', der: held.listing(reason) });
  world.tick(70_000);
  world.alpha.beat();
  const before = codes((await world.audit()).faults);
  for (const der of end(held)) beta.log({ type: 'crl', der });
  return { before, after: codes((await world.audit()).faults) };
}

/** What the CA says of alpha's certificate. */
class Held {
  readonly #world: AuditWorld;
  readonly heldAt: UnixMs;

  constructor(world: AuditWorld) {
    this.#world = world;
    // A CRL counts in whole seconds.
    world.now = unixMs(Math.ceil(world.now / 1_000) * 1_000);
    this.heldAt = world.now;
  }

  listing(reason: CrlReason, number = LISTED, revokedAt = this.heldAt): Uint8Array {
    return this.#world.pki.crl({ number, revoked: [this.#entry(reason, revokedAt)] });
  }

  removal(...releases: readonly Uint8Array[]): Uint8Array {
    const revoked = [this.#entry('removeFromCRL', this.#world.now)];
    return this.#world.pki.deltaCrl({ number: RELEASED, base: LISTED, revoked, releases });
  }

  omission(...releases: readonly Uint8Array[]): Uint8Array {
    return this.#world.pki.crl({ number: RELEASED, releases });
  }

  release(
    heldAtMs = this.heldAt,
    by: Signer = this.#world.pki.issuing.key,
    crlNumber = RELEASED,
  ): Uint8Array {
    const { pki, bundle, now, alpha } = this.#world;
    const serial = parseSerialNumber(alpha.identity.certificate.serialHex) ?? expect.fail('a serial');
    const certId = certIdOfCertificate(pki.issuing.certificate, testCrypto);
    const holdNumber = LISTED;
    const body = { certId, tMs: now, serial, heldAtMs, holdNumber, crlNumber, ext: new Map() };
    return signRelease(body, by, bundle.domainId);
  }

  #entry(reason: CrlReason, revokedAt: UnixMs) {
    const { serialHex } = this.#world.alpha.identity.certificate;
    return { serialHex, revokedAt, reason, invalidityDate: undefined };
  }
}

const USED = 'LS_AUDIT_USED_AFTER_REVOCATION';

describe('the audit of a certificate on hold', () => {
  it.each([
    ['a delta CRL takes it out with its release', (held: Held) => [held.removal(held.release())]],
    ['a full CRL omits it and carries its release', (held: Held) => [held.omission(held.release())]],
  ])('lets it go when %s', async (_, end) => {
    const { before, after } = await story(end);
    expect(before).toContain(USED);
    expect(after).toEqual([]);
  });

  it.each([
    ['a delta CRL takes it out without a release', (held: Held) => [held.removal()]],
    ['a full CRL omits it without a release', (held: Held) => [held.omission()]],
    [
      'the release is for another hold',
      (held: Held) => [held.omission(held.release(unixMs(held.heldAt - 5_000)))],
    ],
    ['another key signed the release', (held: Held) => [held.omission(held.release(held.heldAt, testKey()))]],
    [
      'the release is for a later CRL',
      (held: Held) => [held.omission(held.release(held.heldAt, undefined, 9))],
    ],
    [
      'it is held again after its release',
      (held: Held) => [
        held.omission(held.release()),
        held.listing('certificateHold', 4, unixMs(held.heldAt + 1_000)),
      ],
    ],
    [
      'it is revoked for good after its release',
      (held: Held) => [held.omission(held.release()), held.listing('keyCompromise', 4)],
    ],
  ])('finds its use when %s', async (_, end) => {
    expect((await story(end)).after).toContain(USED);
  });

  it('finds the use of one that was revoked for good, whatever release comes', async () => {
    const { after } = await story((held) => [held.removal(held.release())], 'keyCompromise');
    expect(after).toContain(USED);
  });
});
