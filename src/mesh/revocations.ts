import { MAX_CRL_MESSAGE_BYTES } from '../link/index.ts';
import { fault, type Fault, type NodeId } from '../std/index.ts';
import { CheckedCrl } from '../trust/index.ts';
import { trustedNow, type Core } from './core.ts';
import { CrlChecks } from './crl-checks.ts';
import type { NodeEvent } from './events.ts';
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
  readonly #checks: CrlChecks;

  constructor(core: Core, links: LinkTable, rosters: Rosters) {
    this.#core = core;
    this.#links = links;
    this.#rosters = rosters;
    this.#checks = new CrlChecks(core.out, {
      begin: (der) => core.trust.beginCheck(der),
      take: (crl, from) => {
        this.#take(crl, from);
      },
      refused: (reason, _der, from) => {
        this.#refused(reason, from);
      },
    });
  }

  /** A large one comes into force when it has been checked, see {@link CrlChecks}. */
  takeCrl(der: Uint8Array, from: NodeId | undefined): void {
    this.#checks.submit(der, from);
  }

  checked(event: Extract<NodeEvent, { readonly kind: 'crl-checked' }>): void {
    this.#checks.answer(event);
  }

  #refused(reason: Fault, from: NodeId | undefined): void {
    this.#core.out.report(isOld(reason) ? 'debug' : 'warn', reason, from);
  }

  #take(crl: Uint8Array | CheckedCrl, from: NodeId | undefined): void {
    const { trust, out, journal, keeper, now } = this.#core;
    const der = crl instanceof CheckedCrl ? crl.list.der : crl;
    const taken = trust.take(crl, trustedNow(this.#core));
    if (!taken.ok) {
      this.#refused(taken.error, from);
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
    // A longer one the CA alone delivers.
    if (der.length <= MAX_CRL_MESSAGE_BYTES) {
      this.#links.broadcast({ kind: 'crl', delta: !taken.value.complete, der }, from);
    }
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
