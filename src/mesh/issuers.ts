import type { SigningKey } from '../heartbeat/index.ts';
import {
  equalBytes,
  err,
  fault,
  ok,
  type CertId,
  type Fault,
  type FaultCode,
  type MonoMs,
  type Result,
  type UnixMs,
} from '../std/index.ts';
import {
  issuerKeyOf,
  judgeCertificate,
  recheck,
  type IssuerKey,
  type IssuerRevocation,
  type VerifiedIssuer,
} from '../trust/index.ts';
import type { TrustState } from './trust-state.ts';

/** Issuing CAs of one domain known at once: the present one, its successor, and room for those still overlapping. */
export const MAX_KNOWN_ISSUERS = 8;

/**
 * So long a node waits for the first CRL of an issuing CA that it learned of from peers, and says meanwhile that it
 * enforces none. Nothing below that CA counts without a CRL, so after this time its absence says nothing.
 */
export const FIRST_CRL_WAIT_MS = 60_000;

/** An issuing CA whose rosters and CRLs count: certified by a pinned root, and not revoked by it. */
export interface KnownIssuer {
  readonly verified: VerifiedIssuer;
  /** DER, the issuing CA's certificate first, without the root. */
  readonly chain: readonly Uint8Array[];
  readonly certificate: Uint8Array;
  readonly key: IssuerKey | undefined;
  readonly learnedAt: MonoMs;
}

const OVER: readonly FaultCode[] = ['LS_TRUST_EXPIRED', 'LS_TRUST_REVOKED'];

/** The moment at which something is asked. */
export interface AskedAt {
  readonly now: UnixMs;
  readonly mono: MonoMs;
}

/** The issuing CAs of the domain, as this node knows them. Everything in here was judged up to a pinned root. */
export class Issuers {
  readonly #trust: TrustState;
  readonly #known = new Map<CertId, KnownIssuer>();
  /** Certificates that the CA's newest list names; undefined until there was one. A hint: it adds no trust. */
  #listed: readonly Uint8Array[] | undefined;
  /** Of this node's own certificate. DER. */
  #own: Uint8Array | undefined;

  constructor(trust: TrustState) {
    this.#trust = trust;
  }

  /**
   * Takes a CA whose rosters and CRLs count: judged as an issuer, never as a member, up to a pinned root and by the
   * root's CRL. Whoever brings the chain, only the root can have made it. Answers whether it was news.
   * `isListed`: the CA itself named it, so one that nobody needs any more makes room for it.
   */
  learn(chain: readonly Uint8Array[], at: AskedAt, isListed = false): Result<boolean, Fault> {
    const [first] = chain;
    if (first !== undefined && this.byCertificate(first) !== undefined) return ok(false);
    const judged = judgeCertificate(this.#trust.lenient, chain, 'issuer', at.now);
    if (!judged.ok) return judged;
    const [certificate] = judged.value.chain;
    if (certificate === undefined || this.#isRoot(certificate.spki)) {
      return err(fault('LS_MESH_ISSUER', 'the certificate is that of a root'));
    }
    if (!this.#makeRoom(at, isListed)) {
      return err(fault('LS_MESH_TOO_MANY_ISSUERS', `${MAX_KNOWN_ISSUERS} issuing CAs are known already`));
    }
    this.#known.set(judged.value.key.certId, {
      verified: judged.value,
      chain: judged.value.chain.map(({ der }) => der),
      certificate: certificate.der,
      key: issuerKeyOf(certificate),
      learnedAt: at.mono,
    });
    return ok(true);
  }

  /** This node's own certificate is of the CA with this certificate (DER) from now on. */
  follow(certificate: Uint8Array | undefined): void {
    this.#own = certificate;
  }

  /** What the CA names as being in use. Answers whether that changes anything. */
  list(certificates: readonly Uint8Array[]): boolean {
    const before = this.#listed;
    this.#listed = certificates;
    const isSame =
      before?.length === certificates.length && certificates.every((der) => includes(before, der));
    return !isSame;
  }

  /** The key of a CA whose rosters count: one that expired or was revoked meanwhile has none. */
  signingKey(certId: CertId, now: UnixMs): SigningKey | undefined {
    const known = this.#known.get(certId);
    return known !== undefined && !this.#hasEnded(known, now) ? known.verified.key : undefined;
  }

  byCertificate(der: Uint8Array): KnownIssuer | undefined {
    return [...this.#known.values()].find(({ certificate }) => equalBytes(certificate, der));
  }

  byKey(key: IssuerKey): KnownIssuer | undefined {
    return [...this.#known.values()].find((known) => known.key === key);
  }

  /** Chains that a CRL's signature is looked for under. */
  get chains(): readonly (readonly Uint8Array[])[] {
    return [...this.#known.values()].map(({ chain }) => chain);
  }

  /** Those that have not ended, this node's own first. */
  standing(now: UnixMs): readonly KnownIssuer[] {
    const standing = [...this.#known.values()].filter((known) => !this.#hasEnded(known, now));
    return [
      ...standing.filter((known) => this.isOwn(known)),
      ...standing.filter((known) => !this.isOwn(known)),
    ];
  }

  /** Those whose CRLs a node has to have: standing, and in use as far as can be told from here. */
  inUse(at: AskedAt): readonly KnownIssuer[] {
    return this.standing(at.now).filter((known) => this.#isInUse(known, at));
  }

  isOwn({ certificate }: KnownIssuer): boolean {
    return this.#own !== undefined && equalBytes(certificate, this.#own);
  }

  /** Whether the root has revoked this node's own issuing CA. */
  isOwnRevoked(now: UnixMs): boolean {
    const own = this.#own === undefined ? undefined : this.byCertificate(this.#own);
    if (own === undefined) return false;
    const checked = recheck(this.#trust.lenient, own.verified, now);
    return !checked.ok && checked.error.code === 'LS_TRUST_REVOKED';
  }

  /** The CRLs of this node's own issuing CA. */
  get ownRevocation(): IssuerRevocation | undefined {
    const own = this.#own === undefined ? undefined : this.byCertificate(this.#own);
    return this.#trust.held(own?.key);
  }

  /**
   * The CRL number that this node enforces: that of the issuing CA of which it holds the oldest, among those in use; 0
   * when it holds none of one. All of a domain's issuing CAs count in one sequence.
   */
  crlNumber(at: AskedAt): number {
    const numbers = this.inUse(at).map(({ key }) => this.#trust.held(key)?.crlNumber ?? 0);
    return numbers.length === 0 ? 0 : Math.min(...numbers);
  }

  /** The newest number that is held of any of them: somebody at that number needs nothing from here. */
  newestCrlNumber(at: AskedAt): number {
    return Math.max(0, ...this.inUse(at).map(({ key }) => this.#trust.held(key)?.crlNumber ?? 0));
  }

  #hasEnded({ verified }: KnownIssuer, now: UnixMs): boolean {
    return !recheck(this.#trust.lenient, verified, now).ok;
  }

  #isInUse(known: KnownIssuer, { now, mono }: AskedAt): boolean {
    if (this.isOwn(known)) return true;
    const held = this.#trust.held(known.key);
    const isListed = includes(this.#listed ?? [], known.certificate);
    if (held === undefined) return isListed || mono - known.learnedAt < FIRST_CRL_WAIT_MS;
    // The last CRL of a retired CA runs out, and with it all that it certified: nobody needs to tell.
    const { onStale, graceMs } = this.#trust.material;
    if (onStale === 'deny' && now > held.nextUpdate + graceMs) return false;
    return isListed || this.#listed === undefined;
  }

  /** Neither a clock put right nor the end of a hold brings it back, so what its CRL said is needed no more. */
  #isOverForGood(verified: VerifiedIssuer): boolean {
    const { lenient, newestThisUpdate } = this.#trust;
    if (newestThisUpdate === undefined) return false;
    const checked = recheck(lenient, verified, newestThisUpdate);
    return !checked.ok && OVER.includes(checked.error.code);
  }

  #isRoot(spki: Uint8Array): boolean {
    return this.#trust.bundle.anchors.some((anchor) => equalBytes(anchor.spki, spki));
  }

  /** First those that ended go; then, for one that the CA names, what is not in use. What their CRLs say stays. */
  #makeRoom(at: AskedAt, isListed: boolean): boolean {
    for (const [certId, known] of this.#known) {
      if (!this.#hasEnded(known, at.now) || this.isOwn(known)) continue;
      this.#known.delete(certId);
      if (known.key !== undefined && this.#isOverForGood(known.verified)) this.#trust.forget(known.key);
    }
    if (this.#known.size < MAX_KNOWN_ISSUERS) return true;
    for (const [certId, known] of this.#known) {
      if (!isListed || this.isOwn(known) || this.#isInUse(known, at)) continue;
      this.#known.delete(certId);
      return true;
    }
    return false;
  }
}

function includes(certificates: readonly Uint8Array[], der: Uint8Array): boolean {
  return certificates.some((each) => equalBytes(each, der));
}
