import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_LIVE_CERTIFICATES_PER_NODE,
  type Authority,
  type Publication,
  type RemovalFacts,
  type RevocationFacts,
} from '../../src/authority/index.ts';
import { decodeRoster, verifyRoster } from '../../src/membership/index.ts';
import {
  unixMs,
  type Fault,
  type NodeId,
  type Result,
  type SerialNumber,
  type Signer,
  type UnixMs,
} from '../../src/std/index.ts';
import { certIdOfCertificate, parseCertificate, parseCrl } from '../../src/x509/index.ts';
import { CA_NOW, makeTestCa, peerOf, renewalFor, requestFor } from '../support/ca.ts';
import { testCrypto, testKey } from '../support/crypto.ts';
import { codeOf, valueOf } from '../support/result.ts';

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];

type Step =
  | { readonly kind: 'enroll'; readonly name: Name; readonly replace: boolean }
  | { readonly kind: 'reenroll' | 'activate' | 'revoke' | 'revoke-serial' | 'remove'; readonly name: Name }
  | { readonly kind: 'publish' }
  | { readonly kind: 'wait'; readonly hours: number };

const name = fc.constantFrom(...NAMES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('enroll' as const), name, replace: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('reenroll', 'activate', 'revoke', 'revoke-serial', 'remove'),
      name,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('publish' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: -24, max: 72 }) }),
  },
);

interface ModelNode {
  readonly nodeId: NodeId;
  state: 'enrolled' | 'active' | 'revoked' | 'removed';
  chain: readonly Uint8Array[];
  key: Signer;
  serial: SerialNumber;
  serialRevoked: boolean;
  /** Every certificate of the identity, with its notAfter. */
  readonly issued: { readonly serial: SerialNumber; readonly notAfter: UnixMs }[];
}

/** What the authority must be doing, in the simplest words: who holds which name, and what was acknowledged. */
class Model {
  readonly holders = new Map<Name, ModelNode>();
  readonly revokedSerials = new Set<string>();
  readonly heard: Publication[] = [];
  now: UnixMs = CA_NOW;
  readonly #authority: Authority;

  constructor(authority: Authority) {
    this.#authority = authority;
    authority.onPublication((publication) => this.heard.push(publication));
  }

  async take(next: Step): Promise<void> {
    switch (next.kind) {
      case 'wait':
        this.now = unixMs(this.now + next.hours * 3_600_000);
        return;
      case 'publish':
        valueOf(await this.#authority.publishFull(this.now));
        return;
      case 'enroll':
        return this.#enroll(next.name, next.replace);
      case 'activate':
      case 'reenroll':
        return this.#useCertificate(next.kind, next.name);
      case 'revoke':
      case 'remove':
        return this.#end(next.kind, next.name);
      case 'revoke-serial':
        return this.#revokeSerial(next.name);
    }
  }

  async #enroll(name: Name, replace: boolean): Promise<void> {
    const holder = this.holders.get(name);
    const created = await this.#authority.createToken({ name, replace }, this.now);
    if (holder !== undefined && !replace) {
      expect(codeOf(created)).toBe(
        {
          enrolled: 'LS_NAME_TAKEN',
          active: 'LS_NAME_TAKEN',
          revoked: 'LS_IDENTITY_REVOKED',
          removed: 'LS_IDENTITY_REMOVED',
        }[holder.state],
      );
      return;
    }
    const key = testKey();
    const enrolled = valueOf(await this.#authority.enroll(requestFor(valueOf(created).token, key), this.now));
    const { nodeId, chain, serial, notAfter } = enrolled;
    expect(nodeId).not.toBe(holder?.nodeId);
    this.holders.set(name, {
      nodeId,
      state: 'enrolled',
      chain,
      key,
      serial,
      serialRevoked: false,
      issued: [{ serial, notAfter }],
    });
  }

  /** A peer whose certificate is not good any more has no link, so it cannot even ask. */
  async #useCertificate(kind: 'activate' | 'reenroll', name: Name): Promise<void> {
    const node = this.holders.get(name);
    if (node === undefined || node.state === 'revoked' || node.serialRevoked) return;
    const leaf = valueOf(parseCertificate(node.chain[0] ?? new Uint8Array()));
    const { thisUpdate } = valueOf(parseCrl(valueOf(await this.#authority.currentCrls()).full));
    const now = unixMs(Math.max(this.now, thisUpdate));
    if (now > leaf.notAfter || now < leaf.notBefore) return;
    const peer = await peerOf(this.#authority, node.chain, now);
    if (kind === 'activate') {
      const outcome = codeOf(await this.#authority.activate(peer, null, this.now));
      expect(outcome).toBe(node.state === 'removed' ? 'LS_IDENTITY_REMOVED' : undefined);
      if (outcome === undefined) node.state = 'active';
      return;
    }
    const { request, key } = renewalFor(this.#authority, peer, node.key, now);
    const outcome = await this.#authority.reenroll(peer, request, this.now);
    const live = node.issued.filter(({ notAfter }) => notAfter >= now).length;
    if (node.state === 'removed') expect(codeOf(outcome)).toBe('LS_IDENTITY_REMOVED');
    else if (live >= MAX_LIVE_CERTIFICATES_PER_NODE) expect(codeOf(outcome)).toBe('LS_REENROLL_LIMIT');
    else {
      const { chain, serial, notAfter } = valueOf(outcome);
      node.issued.push({ serial, notAfter });
      Object.assign(node, { chain, serial, key });
    }
  }

  async #end(kind: 'revoke' | 'remove', name: Name): Promise<void> {
    const node = this.holders.get(name);
    const outcome: Result<RevocationFacts | RemovalFacts, Fault> =
      kind === 'revoke'
        ? await this.#authority.revoke({ name }, this.now)
        : await this.#authority.remove(name, this.now);
    if (node === undefined) {
      expect(codeOf(outcome)).toBe('LS_CA_UNKNOWN_SUBJECT');
      return;
    }
    if (kind === 'remove' && node.state === 'revoked') {
      expect(codeOf(outcome)).toBe('LS_IDENTITY_REVOKED');
      return;
    }
    const facts = valueOf(outcome);
    expect(facts.fresh).toBe(kind === 'revoke' ? node.state !== 'revoked' : node.state !== 'removed');
    node.state = kind === 'revoke' ? 'revoked' : 'removed';
    if ('serials' in facts) for (const serial of facts.serials) this.revokedSerials.add(serial);
  }

  async #revokeSerial(name: Name): Promise<void> {
    const node = this.holders.get(name);
    if (node === undefined) return;
    valueOf(await this.#authority.revoke({ name, onlySerial: node.serial }, this.now));
    this.revokedSerials.add(node.serial);
    node.serialRevoked = true;
  }
}

/** Every acknowledged revocation is in force now, and everything published fits together. */
async function checkInvariants(authority: Authority, model: Model): Promise<void> {
  const { full, delta, number } = valueOf(await authority.currentCrls());
  const listed = new Set(
    [full, ...(delta === null ? [] : [delta])].flatMap((der) =>
      [...valueOf(parseCrl(der)).entries].map(({ serialHex }) => serialHex),
    ),
  );
  for (const serial of model.revokedSerials) expect(listed).toContain(serial);
  const crls = model.heard.flatMap(({ crl }) => (crl === undefined ? [] : [crl]));
  expect(crls.map((crl) => crl.number)).toEqual(crls.map((_, n) => n + 2));
  expect(number).toBe(crls.length + 1);
  const times = crls.map(({ der }) => valueOf(parseCrl(der)).thisUpdate);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const { members } = valueOf(decodeRoster(valueOf(await authority.currentRoster()).record)).body;
  for (const { nodeId, state } of model.holders.values()) {
    const member = members.find((candidate) => candidate.nodeId === nodeId);
    if (state === 'enrolled' || state === 'active') expect(member?.state).toBe(state);
    else expect([state, undefined]).toContain(member?.state);
  }
}

function checkRosterChain(authority: Authority, first: Uint8Array, heard: readonly Publication[]): void {
  const issuing = valueOf(parseCertificate(authority.bundle().issuing));
  const key = {
    certId: certIdOfCertificate(issuing, testCrypto),
    algorithm: 'ES256',
    spki: issuing.spki,
  } as const;
  let prev = new Uint8Array(32);
  let number = 0;
  for (const record of [
    first,
    ...heard.flatMap(({ roster }) => (roster === undefined ? [] : [roster.record])),
  ]) {
    const { body, structureHash } = valueOf(
      verifyRoster(testCrypto, authority.domainId, valueOf(decodeRoster(record)), key),
    );
    expect([body.number, body.prev]).toEqual([number + 1, prev]);
    number = body.number;
    prev = new Uint8Array(structureHash);
  }
}

describe('any schedule of enrollments, renewals, revocations, removals and publications', () => {
  it('keeps every promise of the authority', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (schedule) => {
        const { authority } = await makeTestCa();
        const { record } = valueOf(await authority.currentRoster());
        const model = new Model(authority);
        for (const next of schedule) {
          await model.take(next);
          await checkInvariants(authority, model);
        }
        checkRosterChain(authority, record, model.heard);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
