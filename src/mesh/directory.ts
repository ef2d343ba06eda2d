import { verifySuccession } from '../heartbeat/index.ts';
import type { MemberEvidence } from '../membership/index.ts';
import {
  equalBytes,
  err,
  fault,
  ok,
  toHex,
  unixMs,
  type CertId,
  type CryptoPort,
  type Fault,
  type FaultCode,
  type NodeId,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import { judgeCertificate, recheck, type TrustMaterial, type VerifiedPeer } from '../trust/index.ts';
import type { Keeper } from './keeper.ts';
import type { TrustState } from './trust-state.ts';

/** Certificates remembered at once; beyond it the oldest that nobody signs with any more is forgotten. */
export const MAX_KNOWN_CERTIFICATES = 20_000;

/** A certificate that is good stays so for a moment, unless something is learned: every event asks about every member. */
const GOOD_FOR_MS = 1_000;

interface GoodUntil {
  readonly peer: VerifiedPeer;
  /** Another object as soon as a CRL or a root is. */
  readonly material: TrustMaterial;
  readonly from: UnixMs;
  readonly until: UnixMs;
}

/** Which certificates speak for whom: every verdict on a peer's certificate passes through here. */
export class Directory {
  readonly #trust: TrustState;
  readonly #keeper: Keeper;
  readonly #crypto: CryptoPort;
  readonly #byCertId = new Map<CertId, VerifiedPeer>();
  readonly #current = new Map<NodeId, VerifiedPeer>();
  readonly #byLeaf = new Map<string, VerifiedPeer>();
  /** Of those that are good now. */
  readonly #good = new Map<NodeId, GoodUntil>();

  constructor(trust: TrustState, keeper: Keeper, crypto: CryptoPort) {
    this.#trust = trust;
    this.#keeper = keeper;
    this.#crypto = crypto;
  }

  /**
   * Judges a presented chain as a node's, for talking to it; remembers nothing. Outdated revocation data does not
   * stop the talk, since newer data may come that way; whether the node counts as alive is {@link verdict}'s matter.
   */
  admit(chain: readonly Uint8Array[], now: UnixMs): Result<VerifiedPeer, Fault> {
    const known = this.#byLeaf.get(this.#leafKey(chain));
    if (known !== undefined) return recheck(this.#trust.lenient, known, now);
    return judgeCertificate(this.#trust.lenient, chain, 'node', now);
  }

  /** {@link admit} again for a link that stands. */
  readmit(peer: VerifiedPeer, now: UnixMs): Result<VerifiedPeer, Fault> {
    return recheck(this.#trust.lenient, peer, now);
  }

  /** Whose certificate a presented chain is, if it ever counted: for reports on why it no longer does. */
  ownerOf(chain: readonly Uint8Array[]): NodeId | undefined {
    return this.#byLeaf.get(this.#leafKey(chain))?.nodeId;
  }

  /** Dates, revocation and freshness again, for a certificate whose path was validated before. */
  recheck(peer: VerifiedPeer, now: UnixMs): Result<VerifiedPeer, Fault> {
    return recheck(this.#trust.material, peer, now);
  }

  /** The certificate a node signs with now. */
  current(nodeId: NodeId): VerifiedPeer | undefined {
    return this.#current.get(nodeId);
  }

  byCertId(certId: CertId): VerifiedPeer | undefined {
    return this.#byCertId.get(certId);
  }

  /**
   * Makes `peer` the certificate its node signs with. A key other than the last one seen counts only with
   * successor statements that lead from that key to this one: not even the CA can speak as an existing member.
   */
  adopt(peer: VerifiedPeer, epoch: number, succession: readonly Uint8Array[]): Result<VerifiedPeer, Fault> {
    const pin = this.#keeper.pin(peer.nodeId);
    if (pin !== undefined && !equalBytes(pin.spki, peer.key.spki)) {
      const proven = verifySuccession(
        succession,
        { spki: pin.spki, algorithm: pin.algorithm },
        peer.key.spki,
        peer.nodeId,
        this.#trust.bundle.domainId,
        this.#crypto,
      );
      if (!proven.ok)
        return err(fault('LS_MESH_SUCCESSION', `${peer.name} presents a new key`, proven.error));
    }
    const { certId, algorithm, spki } = peer.key;
    this.#keeper.setPin({
      nodeId: peer.nodeId,
      certId,
      algorithm,
      spki,
      epoch: Math.max(epoch, pin?.epoch ?? 0),
    });
    this.#remember(peer);
    this.#current.set(peer.nodeId, peer);
    return ok(peer);
  }

  /** What the precedence function needs to know of the certificate `nodeId` signs with. */
  verdict(nodeId: NodeId, now: UnixMs): MemberEvidence['certificate'] {
    const peer = this.#current.get(nodeId);
    if (peer === undefined) return 'none';
    const { material } = this.#trust;
    const good = this.#good.get(nodeId);
    const isKnown =
      good?.peer === peer && good.material === material && now >= good.from && now <= good.until;
    if (isKnown) return 'good';
    const checked = recheck(material, peer, now);
    if (!checked.ok) {
      this.#good.delete(nodeId);
      return verdictOf(checked.error.code);
    }
    this.#good.set(nodeId, { peer, material, from: now, until: goodUntil(checked.value, now) });
    return 'good';
  }

  #remember(peer: VerifiedPeer): void {
    this.#byCertId.set(peer.key.certId, peer);
    this.#byLeaf.set(this.#leafKey(peer.chain.map((certificate) => certificate.der)), peer);
    if (this.#byCertId.size <= MAX_KNOWN_CERTIFICATES) return;
    for (const [certId, old] of this.#byCertId) {
      if (this.#current.get(old.nodeId) === old) continue;
      this.#byCertId.delete(certId);
      this.#byLeaf.delete(this.#leafKey(old.chain.map((certificate) => certificate.der)));
      return;
    }
  }

  #leafKey(chain: readonly Uint8Array[]): string {
    return toHex(this.#crypto.sha256(...chain));
  }
}

/** Every certificate above it has to be valid too. */
function goodUntil({ chain, anchor }: VerifiedPeer, now: UnixMs): UnixMs {
  const ends = [...chain, anchor].map(({ notAfter }) => notAfter);
  return unixMs(Math.min(now + GOOD_FOR_MS, ...ends));
}

function verdictOf(code: FaultCode): MemberEvidence['certificate'] {
  switch (code) {
    case 'LS_TRUST_REVOKED':
      return 'revoked';
    case 'LS_TRUST_HELD':
      return 'held';
    case 'LS_TRUST_EXPIRED':
      return 'expired';
    case 'LS_TRUST_STALE_REVOCATION':
    case 'LS_TRUST_NO_REVOCATION':
      return 'stale-revocation';
    default:
      return 'invalid';
  }
}
