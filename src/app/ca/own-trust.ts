import type { GateTrust } from '../../api/ca/index.ts';
import type { Authority, Publication } from '../../authority/index.ts';
import { decodeRoster } from '../../membership/index.ts';
import {
  fault,
  LsError,
  type CryptoPort,
  type Fault,
  type FaultCode,
  type NodeId,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import {
  applyCrl,
  judgeCertificate,
  makeTrustBundle,
  RevocationState,
  type TrustBundle,
  type TrustMaterial,
} from '../../trust/index.ts';

const GRACE_MS = 24 * 60 * 60 * 1_000;
const ENDED: readonly FaultCode[] = ['LS_TRUST_REVOKED', 'LS_TRUST_HELD'];

/**
 * The CA as a relying party of itself: judges its callers by the CRLs and the roster it has published so far, with
 * the same rules as everybody else.
 */
export class OwnTrust implements GateTrust {
  readonly #bundle: TrustBundle;
  readonly #issuing: Uint8Array;
  readonly #crypto: CryptoPort;
  #revocation = RevocationState.empty();
  /** The newest roster, until somebody asks what it says. */
  #unread: Uint8Array | undefined;
  #ended: ReadonlyMap<NodeId, 'revoked' | 'removed'> = new Map();

  private constructor(authority: Authority, crypto: CryptoPort) {
    const { trustDomain, roots, issuing } = authority.bundle();
    this.#bundle = valueOf(makeTrustBundle(trustDomain, roots, crypto));
    this.#issuing = issuing;
    this.#crypto = crypto;
  }

  /** Takes in what is published now. Requires: the CRLs are in date. */
  static async of(authority: Authority, crypto: CryptoPort, now: UnixMs): Promise<OwnTrust> {
    const trust = new OwnTrust(authority, crypto);
    const crls = valueOf(await authority.currentCrls());
    trust.#applyCrl(crls.root, now);
    trust.#applyCrl(crls.full, now);
    if (crls.delta !== null) trust.#applyCrl(crls.delta, now);
    trust.#applyRoster(valueOf(await authority.currentRoster()).record);
    return trust;
  }

  get bundle(): TrustBundle {
    return this.#bundle;
  }

  absorb({ crl, rootCrl, roster }: Publication, now: UnixMs): void {
    if (rootCrl !== undefined) this.#applyCrl(rootCrl.der, now);
    if (crl !== undefined && !this.#isEnded(now)) this.#applyCrl(crl.der, now);
    if (roster !== undefined) this.#unread = roster.record;
  }

  material(): TrustMaterial {
    return {
      bundle: this.#bundle,
      revocation: this.#revocation,
      crypto: this.#crypto,
      onStale: 'deny',
      graceMs: GRACE_MS,
    };
  }

  whyEnded(nodeId: NodeId): Fault | undefined {
    // Many rosters can come between two calls of nodes, and reading one takes time in proportion to its members.
    if (this.#unread !== undefined) this.#applyRoster(this.#unread);
    switch (this.#ended.get(nodeId)) {
      case 'revoked':
        return fault('LS_IDENTITY_REVOKED', `node ${nodeId} was revoked`);
      case 'removed':
        return fault('LS_IDENTITY_REMOVED', `node ${nodeId} was removed`);
      default:
        return undefined;
    }
  }

  /** The root has revoked the issuing CA: nothing that it signs counts, and nobody it certified is let in. */
  #isEnded(now: UnixMs): boolean {
    const material = { ...this.material(), onStale: 'warn' } as const;
    const judged = judgeCertificate(material, [this.#issuing], 'issuer', now);
    return !judged.ok && ENDED.includes(judged.error.code);
  }

  #applyCrl(der: Uint8Array, now: UnixMs): void {
    const applied = valueOf(
      applyCrl(this.#revocation, der, [this.#issuing], this.#bundle, this.#crypto, now),
    );
    this.#revocation = applied.state;
  }

  #applyRoster(record: Uint8Array): void {
    const { members } = valueOf(decodeRoster(record)).body;
    this.#ended = new Map(
      members.flatMap(({ nodeId, state }) =>
        state === 'revoked' || state === 'removed' ? [[nodeId, state]] : [],
      ),
    );
    this.#unread = undefined;
  }
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
