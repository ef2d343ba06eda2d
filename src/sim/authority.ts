import { signSuccessor } from '../heartbeat/index.ts';
import { signRoster, type RosterMemberState } from '../membership/index.ts';
import {
  domainIdOf,
  unixMs,
  type CryptoPort,
  type DomainId,
  type NodeId,
  type Signer,
  type UnixMs,
} from '../std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState, type TrustMaterial } from '../trust/index.ts';
import { signCrl, type CrlEntry } from '../x509/index.ts';
import {
  CertificateMaker,
  defined,
  keyIdOfCertificate,
  valueOf,
  type SimCertified,
  type SimIdentity,
} from './certificates.ts';
import type { SimCrypto } from './crypto.ts';
import type { SeededRandom } from './random.ts';

const DAY_MS = 86_400_000;
const CRL_LIFETIME_MS = 3 * DAY_MS;
const ROOT_CRL_LIFETIME_MS = 180 * DAY_MS;
export const GRACE_MS = DAY_MS;
const INTERVAL_MIN_MS = 100;
const INTERVAL_MAX_MS = 60_000;

/** How many observers a member has, and how many of them make it down. */
export interface QuorumShape {
  readonly k: number;
  readonly h: number;
}

/** All observe all, and more than half of them have to agree. */
export function allToAll(active: number): QuorumShape {
  const k = Math.max(1, active - 1);
  return { k, h: Math.floor(k / 2) + 1 };
}

export interface SimCaOptions {
  readonly crypto: SimCrypto;
  readonly random: SeededRandom;
  readonly now: UnixMs;
  readonly shape: (active: number) => QuorumShape;
  readonly nodeLifetimeMs: number;
}

/** A CRL as it was published. */
export interface PublishedCrl {
  readonly number: number;
  readonly der: Uint8Array;
  readonly nextUpdate: UnixMs;
}

/** The CA of a simulated world, in memory: it certifies, revokes and publishes what the production writers write. */
export class SimCa {
  readonly trustDomain = 'sim.internal';
  readonly domainId: DomainId;
  readonly crls: PublishedCrl[] = [];
  rosterNumber = 0;
  roster: Uint8Array = new Uint8Array();
  quorum: QuorumShape;
  readonly #options: SimCaOptions;
  readonly #maker: CertificateMaker;
  readonly #root: SimCertified;
  readonly #issuing: SimCertified;
  readonly #rootCrl: Uint8Array;
  readonly #salt: Uint8Array;
  readonly #members = new Map<NodeId, { readonly name: SimIdentity['name']; state: RosterMemberState }>();
  readonly #issued = new Map<NodeId, SimIdentity[]>();
  readonly #revoked: CrlEntry[] = [];
  #rosterPrev: Uint8Array = new Uint8Array(32);

  constructor(options: SimCaOptions) {
    const { crypto, random, now, shape } = options;
    this.#options = options;
    this.#maker = new CertificateMaker({ trustDomain: this.trustDomain, crypto: crypto.port, random });
    this.#root = this.#maker.root(crypto.newKey(), now);
    this.#issuing = this.#maker.issuing(this.#root, crypto.newKey(), now);
    this.domainId = defined(domainIdOf(crypto.port.sha256(this.#root.signer.spki)));
    this.#salt = random.bytes(16);
    this.quorum = shape(0);
    this.#rootCrl = signCrl(
      {
        issuer: this.#root.certificate.subject,
        issuerKeyId: keyIdOfCertificate(this.#root),
        thisUpdate: now,
        nextUpdate: unixMs(now + ROOT_CRL_LIFETIME_MS),
        crlNumber: 1,
        entries: [],
      },
      this.#root.signer,
    );
    this.publishCrl(now);
  }

  shapeOf(active: number): QuorumShape {
    return this.#options.shape(active);
  }

  get crl(): PublishedCrl {
    return defined(this.crls.at(-1));
  }

  enroll(name: string, now: UnixMs): SimIdentity {
    const identity = this.#issue({ name }, now);
    this.#members.set(identity.nodeId, { name: identity.name, state: 'active' });
    return identity;
  }

  /** A certificate for a new key of a node, and the old key's statement that it may have one. */
  renew(
    old: SimIdentity,
    now: UnixMs,
  ): { readonly identity: SimIdentity; readonly successor: Uint8Array } | undefined {
    if (this.#members.get(old.nodeId)?.state !== 'active') return undefined;
    const { port } = this.#options.crypto;
    const identity = this.#issue({ name: old.name, nodeId: old.nodeId }, now);
    const body = {
      certId: old.certId,
      nodeId: old.nodeId,
      oldSpkiHash: port.sha256(old.signer.spki),
      newSpki: identity.signer.spki,
      tMs: now,
      ext: new Map(),
    };
    return { identity, successor: signSuccessor(body, old.signer, this.domainId, port).bytes };
  }

  /** Every certificate that a node was ever given, oldest first. */
  issuedTo(nodeId: NodeId): readonly SimIdentity[] {
    return this.#issued.get(nodeId) ?? [];
  }

  stateOf(nodeId: NodeId): RosterMemberState | undefined {
    return this.#members.get(nodeId)?.state;
  }

  /** Revokes all certificates of a node and ends it: with the CRL goes a roster that says so. */
  revoke(nodeId: NodeId, now: UnixMs): void {
    for (const { serial } of this.issuedTo(nodeId)) {
      this.#revoked.push({
        serialHex: serial,
        revokedAt: now,
        reason: 'keyCompromise',
        invalidityDate: undefined,
      });
    }
    defined(this.#members.get(nodeId)).state = 'revoked';
    this.publishCrl(now);
    this.publishRoster(now);
  }

  publishCrl(now: UnixMs): PublishedCrl {
    const number = this.crls.length + 1;
    const nextUpdate = unixMs(now + CRL_LIFETIME_MS);
    const der = signCrl(
      {
        issuer: this.#issuing.certificate.subject,
        issuerKeyId: keyIdOfCertificate(this.#issuing),
        thisUpdate: now,
        nextUpdate,
        crlNumber: number,
        entries: this.#revoked,
      },
      this.#issuing.signer,
    );
    const published = { number, der, nextUpdate };
    this.crls.push(published);
    return published;
  }

  publishRoster(now: UnixMs): void {
    const members = [...this.#members]
      .map(([nodeId, { name, state }]) => ({ nodeId, name, state }))
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const active = members.filter(({ state }) => state === 'active').length;
    this.quorum = this.#options.shape(active);
    this.rosterNumber += 1;
    const signed = signRoster(
      {
        certId: this.#issuing.certId,
        number: this.rosterNumber,
        prev: this.#rosterPrev,
        tMs: now,
        salt: this.#salt,
        ...this.quorum,
        intervalMinMs: INTERVAL_MIN_MS,
        intervalMaxMs: INTERVAL_MAX_MS,
        members,
        ext: new Map(),
      },
      this.#issuing.signer,
      this.domainId,
      this.#options.crypto.port,
    );
    this.#rosterPrev = signed.structureHash;
    this.roster = signed.bytes;
  }

  /** What a node judges by at its start, with the newest CRL that it has. */
  trustMaterial(crl: Uint8Array, now: UnixMs, crypto: CryptoPort): TrustMaterial {
    const bundle = valueOf(makeTrustBundle(this.trustDomain, [this.#root.der], crypto));
    let revocation = RevocationState.empty();
    for (const der of [this.#rootCrl, crl]) {
      revocation = valueOf(applyCrl(revocation, der, [this.#issuing.der], bundle, crypto, now)).state;
    }
    return { bundle, revocation, crypto, onStale: 'deny', graceMs: GRACE_MS };
  }

  #issue(subject: { readonly name: string; readonly nodeId?: NodeId }, now: UnixMs): SimIdentity {
    const signer: Signer = this.#options.crypto.newKey();
    const validity = { now, lifetimeMs: this.#options.nodeLifetimeMs };
    const identity = this.#maker.node(this.#issuing, subject, signer, validity);
    this.#issued.set(identity.nodeId, [...this.issuedTo(identity.nodeId), identity]);
    return identity;
  }
}
