import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Authority } from '../../src/authority/index.ts';
import { unixMs, type SerialNumber, type UnixMs } from '../../src/std/index.ts';
import { applyCrl, issuerKeyOf, makeTrustBundle, RevocationState } from '../../src/trust/index.ts';
import { findEntry } from '../../src/trust/revocation/state.ts';
import { parseCertificate } from '../../src/x509/index.ts';
import { CA_NOW, enrollMember, makeTestCa } from '../support/ca.ts';
import { testCrypto } from '../support/crypto.ts';
import { codeOf, valueOf } from '../support/result.ts';

/** Schedules run by `npm test`; LIFESIGN_SCHEDULES asks for more. */
const SCHEDULES = Number(process.env['LIFESIGN_SCHEDULES'] ?? 60);
const STEP_LIMIT = 30;
const TIME_LIMIT_MS = 60_000 + SCHEDULES * 1_000;

const NAMES = ['a', 'b'] as const;
type Name = (typeof NAMES)[number];
type Status = 'good' | 'held' | 'revoked';
type Step =
  | { readonly kind: 'hold' | 'release' | 'revoke'; readonly name: Name }
  | { readonly kind: 'publish' | 'follow-full' | 'follow' | 'restart' }
  | { readonly kind: 'wait'; readonly ms: number };

const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('hold', 'release'), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), name }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('publish', 'follow-full', 'follow', 'restart') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.integer({ min: -2_000, max: 90_000 }),
    }),
  },
);

/** A relying party: what it takes in must never be refused, and then it must know what the CA acknowledged. */
class RelyingParty {
  #state = RevocationState.empty();
  readonly #authority: Authority;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  async follow(now: UnixMs, onlyFull: boolean): Promise<void> {
    const { full, delta } = valueOf(await this.#authority.currentCrls());
    for (const der of delta === null || onlyFull ? [full] : [full, delta]) this.#take(der, now);
  }

  /** Keeps nothing but the bytes of its CRLs. */
  restart(now: UnixMs): void {
    const crls = this.#state.crls();
    this.#state = RevocationState.empty();
    for (const { der } of crls) expect(this.#take(der, now)).toBeUndefined();
  }

  lists(serial: SerialNumber): boolean {
    const { issuing } = this.#authority.bundle();
    const key = issuerKeyOf(valueOf(parseCertificate(issuing)));
    const held = key === undefined ? undefined : this.#state.issuer(key);
    return held !== undefined && findEntry(held, serial) !== undefined;
  }

  #take(der: Uint8Array, now: UnixMs): string | undefined {
    const { trustDomain, roots, issuing } = this.#authority.bundle();
    const bundle = valueOf(makeTrustBundle(trustDomain, roots, testCrypto));
    const applied = applyCrl(this.#state, der, [issuing], bundle, testCrypto, now);
    if (applied.ok) this.#state = applied.value.state;
    // A full CRL behind the delta that is held is old news, and all that may be refused.
    else expect(applied.error.code).toBe('LS_CRL_STALE');
    return codeOf(applied);
  }
}

/** What the CA has acknowledged, in the simplest words. */
class Model {
  readonly status = new Map<Name, Status>(NAMES.map((each) => [each, 'good']));
  now: UnixMs = CA_NOW;
  readonly #authority: Authority;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  async take(next: Step): Promise<void> {
    if (next.kind === 'wait') this.now = unixMs(this.now + next.ms);
    if (next.kind === 'publish') valueOf(await this.#authority.publishFull(this.now));
    if (next.kind === 'hold') await this.#hold(next.name);
    if (next.kind === 'release') await this.#release(next.name);
    if (next.kind === 'revoke') {
      valueOf(await this.#authority.revoke({ name: next.name }, this.now));
      this.status.set(next.name, 'revoked');
    }
  }

  async #hold(held: Name): Promise<void> {
    const outcome = await this.#authority.revoke({ name: held, reason: 'certificateHold' }, this.now);
    if (this.status.get(held) === 'revoked') expect(codeOf(outcome)).toBe('LS_IDENTITY_REVOKED');
    else {
      expect(valueOf(outcome).fresh).toBe(this.status.get(held) === 'good');
      this.status.set(held, 'held');
    }
  }

  async #release(released: Name): Promise<void> {
    const outcome = codeOf(await this.#authority.release(released, this.now));
    expect(outcome).toBe(this.status.get(released) === 'held' ? undefined : 'LS_CA_NOT_HELD');
    if (outcome === undefined) this.status.set(released, 'good');
  }
}

describe('any schedule of holds, releases, revocations and publications', () => {
  it(
    'is believed by every relying party, however much of it that party has missed',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: STEP_LIMIT }), async (schedule) => {
          const { authority } = await makeTestCa();
          const serials = new Map<Name, SerialNumber>();
          for (const each of NAMES)
            serials.set(each, (await enrollMember(authority, each)).enrollment.serial);
          const model = new Model(authority);
          const [always, sometimes] = [new RelyingParty(authority), new RelyingParty(authority)];
          const check = (party: RelyingParty): void => {
            for (const [each, serial] of serials) {
              expect(party.lists(serial), each).toBe(model.status.get(each) !== 'good');
            }
          };
          for (const next of schedule) {
            await model.take(next);
            await always.follow(model.now, false);
            check(always);
            if (next.kind === 'follow-full') await sometimes.follow(model.now, true);
            if (next.kind === 'restart') sometimes.restart(model.now);
            if (next.kind === 'follow') await sometimes.follow(model.now, false);
            if (next.kind === 'follow') check(sometimes);
          }
          await sometimes.follow(model.now, false);
          check(sometimes);
          await authority.publishFull(model.now);
          for (const party of [sometimes, new RelyingParty(authority)]) {
            await party.follow(model.now, false);
            check(party);
          }
        }),
        { numRuns: SCHEDULES },
      );
    },
    TIME_LIMIT_MS,
  );
});
