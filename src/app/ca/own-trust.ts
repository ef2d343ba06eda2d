import type { GateTrust } from '../../api/ca/index.ts';
import { crlsInOrder, type Authority, type Publication } from '../../authority/index.ts';
import { decodeRoster } from '../../membership/index.ts';
import {
  equalBytes,
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
import { parseCertificate, parseCrl } from '../../x509/index.ts';
import { issuingCertificates } from './generations.ts';

const GRACE_MS = 24 * 60 * 60 * 1_000;
const ENDED: readonly FaultCode[] = ['LS_TRUST_REVOKED', 'LS_TRUST_HELD'];

/**
 * The CA as a relying party of itself: judges its callers by the CRLs and the roster it has published so far, with
 * the same rules as everybody else.
 */
export class OwnTrust implements GateTrust {
  readonly #authority: Authority;
  #bundle: TrustBundle;
  readonly #crypto: CryptoPort;
  #revocation = RevocationState.empty();
  /** The newest roster, until somebody asks what it says. */
  #unread: Uint8Array | undefined;
  #ended: ReadonlyMap<NodeId, 'revoked' | 'removed'> = new Map();

  private constructor(authority: Authority, crypto: CryptoPort) {
    const { trustDomain, roots } = authority.bundle();
    this.#authority = authority;
    this.#bundle = valueOf(makeTrustBundle(trustDomain, roots, crypto));
    this.#crypto = crypto;
  }

  /** Takes in what is published now. Requires: the CRLs are in date. */
  static async of(authority: Authority, crypto: CryptoPort, now: UnixMs): Promise<OwnTrust> {
    const trust = new OwnTrust(authority, crypto);
    const crls = valueOf(await authority.currentCrls());
    const ofRoots = crls.roots.map(({ der }) => der);
    for (const der of ofRoots) trust.#applyRootCrl(der, now);
    for (const der of crlsInOrder(crls)) if (!ofRoots.includes(der)) trust.#applyCrl(der, now);
    trust.#applyRoster(valueOf(await authority.currentRoster()).record);
    return trust;
  }

  get bundle(): TrustBundle {
    return this.#bundle;
  }

  absorb({ authorities, crl, rootCrls = [], roster }: Publication, now: UnixMs): void {
    if (authorities !== undefined && authorities.roots.length !== this.#bundle.anchors.length) {
      const { trustDomain } = this.#bundle;
      this.#bundle = valueOf(makeTrustBundle(trustDomain, authorities.roots, this.#crypto));
    }
    for (const { der } of rootCrls) this.#applyRootCrl(der, now);
    for (const der of crl?.lists ?? []) this.#applyCrl(der, now);
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
  #isEnded(issuing: Uint8Array, now: UnixMs): boolean {
    const material = { ...this.material(), onStale: 'warn' } as const;
    const judged = judgeCertificate(material, [issuing], 'issuer', now);
    return !judged.ok && ENDED.includes(judged.error.code);
  }

  #applyRootCrl(der: Uint8Array, now: UnixMs): void {
    const applied = valueOf(applyCrl(this.#revocation, der, [], this.#bundle, this.#crypto, now));
    this.#revocation = applied.state;
  }

  /** One of an issuing CA that has ended says nothing any more. */
  #applyCrl(der: Uint8Array, now: UnixMs): void {
    const issuer = issuerOfCrl(der, issuingCertificates(this.#authority));
    if (issuer === undefined || this.#isEnded(issuer, now)) return;
    const applied = valueOf(applyCrl(this.#revocation, der, [issuer], this.#bundle, this.#crypto, now));
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

function issuerOfCrl(der: Uint8Array, issuing: readonly Uint8Array[]): Uint8Array | undefined {
  const list = valueOf(parseCrl(der));
  return issuing.find((each) => {
    const certificate = parseCertificate(each);
    return certificate.ok && equalBytes(certificate.value.subject, list.issuer);
  });
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
