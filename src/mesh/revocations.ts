import { fault, type Fault, type NodeId } from '../std/index.ts';
import { trustedNow, type Core } from './core.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import type { Rosters } from './rosters.ts';

/** A link is served what it is behind on at most this often, however far behind it claims to be. */
const SERVE_EVERY_MS = 2_000;

/** What the CA's feed brought of an issuing CA that is not known yet: a full CRL, its delta and a roster at most. */
const MAX_WAITING_CRLS = 2;

/**
 * Brings CRLs and rosters into force: verified, kept, enforced on live links, and passed on before anything else.
 * It makes no difference who delivered them: only the CA's signature counts.
 */
export class Revocations {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #rosters: Rosters;
  /** CRLs and a roster from the CA that wait for their issuing CA's certificate; tried again when one is learned. */
  #waitingCrls: Uint8Array[] = [];
  #waitingRoster: Uint8Array | undefined;

  constructor(core: Core, links: LinkTable, rosters: Rosters) {
    this.#core = core;
    this.#links = links;
    this.#rosters = rosters;
  }

  takeCrl(der: Uint8Array, from: NodeId | undefined): void {
    const { trust, out, journal, keeper, now } = this.#core;
    const taken = trust.take(der, trustedNow(this.#core));
    if (!taken.ok) {
      if (from === undefined && taken.error.code === 'LS_CRL_ISSUER') {
        this.#waitingCrls = [...this.#waitingCrls, der].slice(-MAX_WAITING_CRLS);
      }
      out.report(isOld(taken.error) ? 'debug' : 'warn', taken.error, from);
      return;
    }
    if (!taken.value.news) return;
    const [released] = taken.value.ignoredReleases;
    if (released !== undefined) {
      const detail = `a delta CRL releases serial ${released} without a release record: it stays revoked`;
      out.report('warn', fault('LS_CRL_OMITS_ENTRY', detail), from);
    }
    if (trust.newestThisUpdate !== undefined) keeper.advanceTime(trust.newestThisUpdate);
    journal.record({ type: 'crl', der }, now.wall);
    if (taken.value.own) out.emit({ kind: 'keep-crl', der });
    this.#links.broadcast({ kind: 'crl', delta: !taken.value.complete, der }, from);
    this.enforce();
  }

  takeRoster(bytes: Uint8Array): void {
    const taken = this.#rosters.take(bytes);
    if (!taken.ok) {
      if (taken.error.code === 'LS_MESH_ROSTER_SIGNER') this.#waitingRoster = bytes;
      this.#core.out.report('warn', taken.error);
      return;
    }
    if (!taken.value) return;
    this.#links.broadcast({ kind: 'record', type: 'roster', bytes });
    this.rosterTaken(bytes);
  }

  /**
   * Somebody presents this chain: the issuing CA in it counts when a pinned root certified it, whatever becomes of
   * the certificate below it. What waited for it is tried again.
   */
  learnIssuer(chain: readonly Uint8Array[]): void {
    const { directory, out } = this.#core;
    const learned = directory.trustIssuer(chain.slice(1), trustedNow(this.#core));
    if (!learned.ok) {
      // Any other chain is judged, and its fault told, where the certificate itself is to count.
      if (learned.error.code === 'LS_MESH_TOO_MANY_ISSUERS') out.report('debug', learned.error);
      return;
    }
    if (!learned.value) return;
    const crls = this.#waitingCrls;
    const roster = this.#waitingRoster;
    this.#waitingCrls = [];
    this.#waitingRoster = undefined;
    for (const der of crls) this.takeCrl(der, undefined);
    if (roster !== undefined) this.takeRoster(roster);
  }

  /** This node's own certificate is of the issuing CA of `chain` now: that CA's CRLs are those to keep. */
  follow(chain: readonly Uint8Array[]): void {
    const { trust, out } = this.#core;
    if (!trust.follow(chain.slice(1))) return;
    for (const { der } of trust.crlsSince(0)) out.emit({ kind: 'keep-crl', der });
  }

  /** A roster came into force, from the CA or from a peer. */
  rosterTaken(bytes: Uint8Array): void {
    const { journal, out, now } = this.#core;
    journal.record({ type: 'roster', record: bytes }, now.wall);
    out.emit({ kind: 'keep-roster', bytes });
    this.enforce();
  }

  /** Cuts every link whose certificate no longer counts; its holder is shown the CRL that says so. */
  enforce(): void {
    this.#links.rejudge((link) => {
      for (const message of this.#core.trust.crlsSince(0)) this.#links.send(link, message);
    });
    this.#core.out.emit({
      kind: 'acknowledge',
      crlNumber: this.#core.trust.crlNumber,
      rosterNumber: this.#rosters.number,
    });
  }

  /** A link came up: a peer of another issuing CA has all of ours, since its number says nothing about them. */
  greet(link: Link, crlNumber: number, rosterNumber: number): void {
    this.#serve(link, this.#sharesIssuer(link) ? crlNumber : 0, rosterNumber);
  }

  /** Serves a peer that enforces less than we do. */
  serve(link: Link, crlNumber: number, rosterNumber: number): void {
    this.#serve(link, this.#sharesIssuer(link) ? crlNumber : this.#core.trust.crlNumber, rosterNumber);
  }

  #sharesIssuer({ peer }: Link): boolean {
    const { trust, directory } = this.#core;
    return trust.certifiedBy((directory.current(peer.nodeId) ?? peer).chain[1]);
  }

  #serve(link: Link, crlNumber: number, rosterNumber: number): void {
    const { trust, now } = this.#core;
    const behind = crlNumber < trust.crlNumber || rosterNumber < this.#rosters.number;
    if (!behind || now.mono - link.servedAt < SERVE_EVERY_MS) return;
    link.servedAt = now.mono;
    for (const message of trust.crlsSince(crlNumber)) this.#links.send(link, message);
    const roster = this.#rosters.bytes;
    if (rosterNumber < this.#rosters.number && roster !== undefined) {
      this.#links.send(link, { kind: 'record', type: 'roster', bytes: roster });
    }
  }
}

function isOld({ code }: Fault): boolean {
  return code === 'LS_CRL_STALE';
}
