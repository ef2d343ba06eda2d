import { equalBytes, fault, toHex, type NodeId } from '../std/index.ts';
import { acceptRoots } from '../trust/index.ts';
import { askedNow, trustedNow, type Core } from './core.ts';
import type { AuthoritiesTold } from './events.ts';
import type { Introductions } from './introductions.ts';
import type { Link } from './link.ts';
import type { Renewals } from './renewals.ts';
import type { Revocations } from './revocations.ts';

/**
 * Which roots and issuing CAs this node knows, and how it comes to know others while it runs: from the CA's feed, from
 * chains that anybody presents, and from peers. Whoever tells, only what a pinned root has signed counts.
 */
export class Authorities {
  readonly #core: Core;
  readonly #revocations: Revocations;
  readonly #introductions: Introductions;
  readonly #renewals: Renewals;
  #active: Uint8Array | null = null;

  constructor(
    core: Core,
    parts: {
      readonly revocations: Revocations;
      readonly introductions: Introductions;
      readonly renewals: Renewals;
    },
  ) {
    this.#core = core;
    this.#revocations = parts.revocations;
    this.#introductions = parts.introductions;
    this.#renewals = parts.renewals;
  }

  /** The CA says which CAs there are. */
  told({ roots, crossCertificates, issuing, active, renewWithinMs }: AuthoritiesTold): void {
    const { issuers } = this.#core;
    const pinned = this.#pin(roots, crossCertificates);
    const learned = issuing.map((der) => this.#learn([der], undefined, true)).some(Boolean);
    const known = issuing.filter((der) => issuers.byCertificate(der) !== undefined);
    const relisted = known.length > 0 && issuers.list(known);
    if (pinned || learned || relisted) {
      this.#keep();
      this.#revocations.retry();
      this.#revocations.enforce();
    }
    this.#active = active;
    if (this.#isBelowOther()) this.#renewals.follow(toHex(active ?? new Uint8Array()), renewWithinMs);
    else this.#renewals.unfollow();
  }

  /** Somebody presents this chain: the issuing CA in it counts, whatever becomes of the certificate below it. */
  presented(chain: readonly Uint8Array[]): void {
    // Any other fault is told where the certificate itself is to count.
    if (this.#learn(chain.slice(1), undefined, false)) this.#learned();
  }

  /** A peer offers the certificate of an issuing CA. */
  offered(link: Link, der: Uint8Array): void {
    const { issuers, now, out } = this.#core;
    const { nodeId, name } = link.peer;
    if (issuers.byCertificate(der) !== undefined) return;
    if (!link.issuerLimit.take(now.mono)) {
      const detail = `${name} offers issuing certificates faster than a member may: this one is not looked at`;
      out.report('debug', fault('LS_MESH_ISSUER', detail), nodeId);
      return;
    }
    if (this.#learn([der], nodeId, false)) this.#learned();
  }

  /** This node's own certificate is of the issuing CA of `chain` now. */
  follow(chain: readonly Uint8Array[]): void {
    const { issuers } = this.#core;
    const [, issuer] = chain;
    const before = issuers.ownRevocation;
    issuers.follow(issuer);
    if (issuers.ownRevocation !== before) this.#revocations.keepAll();
  }

  #learned(): void {
    this.#keep();
    this.#revocations.retry();
    this.#revocations.enforce();
  }

  #learn(chain: readonly Uint8Array[], from: NodeId | undefined, isListed: boolean): boolean {
    const { issuers, out } = this.#core;
    const learned = issuers.learn(chain, askedNow(this.#core), isListed);
    if (!learned.ok) {
      if (isListed || from !== undefined || learned.error.code === 'LS_MESH_TOO_MANY_ISSUERS') {
        const detail = `an issuing certificate is not taken: ${learned.error.detail}`;
        const reason =
          learned.error.code === 'LS_MESH_TOO_MANY_ISSUERS'
            ? learned.error
            : fault('LS_MESH_ISSUER', detail, learned.error);
        out.report(isListed ? 'warn' : 'debug', reason, from);
      }
      return false;
    }
    const known = chain[0] === undefined ? undefined : issuers.byCertificate(chain[0]);
    if (learned.value && known !== undefined) this.#introductions.introduceToAll(known, from);
    return learned.value;
  }

  #pin(roots: readonly Uint8Array[], crossCertificates: readonly Uint8Array[]): boolean {
    const { trust, out } = this.#core;
    const offered = { roots, crossCertificates };
    const before = trust.bundle;
    for (;;) {
      const { bundle, refused } = acceptRoots(trust.material, offered, trustedNow(this.#core));
      if (bundle === trust.bundle) {
        for (const reason of refused) out.report('warn', reason);
        return bundle !== before;
      }
      trust.pin(bundle);
      // The CRL of a new root may have come ahead of it, and without it neither an issuing CA below that root counts
      // nor a root that it has certified.
      this.#revocations.retry();
    }
  }

  #keep(): void {
    const { trust, issuers, out } = this.#core;
    out.emit({
      kind: 'keep-authorities',
      roots: trust.bundle.anchors.map(({ der }) => der),
      issuing: issuers.inUse(askedNow(this.#core)).map(({ certificate }) => certificate),
    });
  }

  /** Only an issuing CA that is known to stand is worth following. */
  #isBelowOther(): boolean {
    const { issuers, own, crypto } = this.#core;
    const active = this.#active;
    if (active === null) return false;
    const isActive = (der: Uint8Array): boolean => equalBytes(crypto.sha256(der), active);
    const stands = issuers.standing(trustedNow(this.#core)).some(({ certificate }) => isActive(certificate));
    const [, issuer] = own.credential.chain;
    return stands && issuer !== undefined && !isActive(issuer);
  }
}
