import { fault, type Fault, type NodeId } from '../std/index.ts';
import { trustedNow, type Core } from './core.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import type { Rosters } from './rosters.ts';

/** A link is served what it is behind on at most this often, however far behind it claims to be. */
const SERVE_EVERY_MS = 2_000;

/**
 * Brings CRLs and rosters into force: verified, kept, enforced on live links, and passed on before anything else.
 * It makes no difference who delivered them: only the CA's signature counts.
 */
export class Revocations {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #rosters: Rosters;

  constructor(core: Core, links: LinkTable, rosters: Rosters) {
    this.#core = core;
    this.#links = links;
    this.#rosters = rosters;
  }

  takeCrl(der: Uint8Array, from: NodeId | undefined): void {
    const { trust, out, journal, keeper, now } = this.#core;
    const taken = trust.take(der, trustedNow(this.#core));
    if (!taken.ok) {
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
    out.emit({ kind: 'keep-crl', der });
    this.#links.broadcast({ kind: 'crl', delta: !taken.value.complete, der }, from);
    this.enforce();
  }

  takeRoster(bytes: Uint8Array): void {
    const taken = this.#rosters.take(bytes);
    if (!taken.ok) {
      this.#core.out.report('warn', taken.error);
      return;
    }
    if (!taken.value) return;
    this.#links.broadcast({ kind: 'record', type: 'roster', bytes });
    this.rosterTaken(bytes);
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

  /** Serves a peer that enforces less than we do. */
  serve(link: Link, crlNumber: number, rosterNumber: number): void {
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
