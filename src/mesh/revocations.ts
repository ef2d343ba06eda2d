import { fault, type Fault, type NodeId } from '../std/index.ts';
import { MAX_CRL_MESSAGE_BYTES, type Message } from '../link/index.ts';
import { CheckedCrl, issuerKeyOf, type AppliedCrl } from '../trust/index.ts';
import { askedNow, enforcedCrlNumber, trustedNow, type Core } from './core.ts';
import { CrlChecks } from './crl-checks.ts';
import type { NodeEvent } from './events.ts';
import type { Introductions } from './introductions.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import type { Rosters } from './rosters.ts';
import { crlsSince } from './trust-state.ts';

/** A link is served what it is behind on at most this often, however far behind it claims to be. */
const SERVE_EVERY_MS = 2_000;
/** One that was served and claims the same again, with nothing new to be had, is left alone for up to this long. */
const MAX_SERVE_PAUSE_MS = 60_000;

/** CRLs of the CA's feed that came ahead of the issuing CA or the root they are of; the newest are kept. */
export const MAX_WAITING_CRLS = 4;

/**
 * Brings CRLs and rosters into force: verified, kept, enforced on live links, and passed on before anything else.
 * It makes no difference who delivered them: only the CA's signature counts.
 */
export class Revocations {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #rosters: Rosters;
  readonly #introductions: Introductions;
  /** CRLs and a roster from the CA that wait for a certificate; tried again when one is learned. */
  #waitingCrls: Uint8Array[] = [];
  #waitingRoster: Uint8Array | undefined;
  #acknowledged = '';
  readonly #checks: CrlChecks;

  constructor(core: Core, links: LinkTable, rosters: Rosters, introductions: Introductions) {
    this.#core = core;
    this.#links = links;
    this.#rosters = rosters;
    this.#introductions = introductions;
    this.#checks = new CrlChecks(core.out, {
      begin: (der) => core.trust.beginCheck(der, core.issuers.chains),
      take: (crl, from) => {
        this.#take(crl, from);
      },
      refused: (reason, der, from) => {
        this.#refused(reason, der, from);
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

  /** One of the CA's feed may have come ahead of the certificate that it is judged by. */
  #refused(reason: Fault, der: Uint8Array, from: NodeId | undefined): void {
    if (from === undefined && reason.code === 'LS_CRL_ISSUER') {
      this.#waitingCrls = [...this.#waitingCrls, der].slice(-MAX_WAITING_CRLS);
    }
    this.#core.out.report(isOld(reason) ? 'debug' : 'warn', reason, from);
  }

  #take(crl: Uint8Array | CheckedCrl, from: NodeId | undefined): void {
    const { trust, issuers, out, journal, keeper, now } = this.#core;
    const der = crl instanceof CheckedCrl ? crl.list.der : crl;
    const taken = trust.take(crl, issuers.chains, trustedNow(this.#core));
    if (!taken.ok) {
      this.#refused(taken.error, der, from);
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
    this.#passOn(der, taken.value, from);
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

  /** A root or an issuing CA was learned: what waited for it is tried again. */
  retry(): void {
    const crls = this.#waitingCrls;
    const roster = this.#waitingRoster;
    this.#waitingCrls = [];
    this.#waitingRoster = undefined;
    for (const der of crls) this.takeCrl(der, undefined);
    if (roster !== undefined) this.takeRoster(roster);
  }

  /** This node's own certificate is of another issuing CA now: on disk its CRLs take the first place. */
  keepAll(): void {
    for (const der of this.#core.trust.material.revocation.crls().map((held) => held.der)) {
      this.#core.out.emit({ kind: 'keep-crl', der });
    }
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
      for (const message of [...this.#rootCrls(), ...this.#crlsSince(0)]) this.#links.send(link, message);
    });
    this.#acknowledged = this.#standing;
    this.#core.out.emit({
      kind: 'acknowledge',
      crlNumber: enforcedCrlNumber(this.#core),
      rosterNumber: this.#rosters.number,
    });
  }

  /** The number that is enforced changes by itself when an issuing CA ends or is waited for no longer. */
  tick(): void {
    if (this.#acknowledged !== '' && this.#acknowledged !== this.#standing) this.enforce();
  }

  /**
   * A link came up. Numbers say nothing about the roots' CRLs, which are small and rarely change: a member that was
   * away when a root revoked an issuing CA must hear of it from whomever it meets.
   */
  greet(link: Link, crlNumber: number, rosterNumber: number): void {
    this.#introductions.greet(link);
    for (const message of this.#rootCrls()) this.#links.send(link, message);
    this.serve(link, crlNumber, rosterNumber);
  }

  /** Serves a peer that enforces less than we do. */
  serve(link: Link, crlNumber: number, rosterNumber: number): void {
    const { issuers, now } = this.#core;
    const newest = issuers.newestCrlNumber(askedNow(this.#core));
    const behind = crlNumber < newest || rosterNumber < this.#rosters.number;
    if (!behind || now.mono - link.servedAt < SERVE_EVERY_MS) return;
    const as = [crlNumber, rosterNumber, newest, this.#rosters.number].join(' ');
    if (link.servedAs !== as) link.servePauseMs = SERVE_EVERY_MS;
    if (now.mono - link.servedAt < link.servePauseMs) return;
    link.servedAt = now.mono;
    link.servedAs = as;
    link.servePauseMs = Math.min(2 * link.servePauseMs, MAX_SERVE_PAUSE_MS);
    this.#introductions.greet(link);
    for (const message of this.#crlsSince(crlNumber)) this.#links.send(link, message);
    const roster = this.#rosters.bytes;
    if (rosterNumber < this.#rosters.number && roster !== undefined) {
      this.#links.send(link, { kind: 'record', type: 'roster', bytes: roster });
    }
  }

  /** Who gets a CRL can judge it: the certificate of its issuing CA goes ahead where it is not known to be there. */
  #passOn(der: Uint8Array, { issuer, complete }: AppliedCrl, from: NodeId | undefined): void {
    // A longer one the CA alone delivers.
    if (der.length > MAX_CRL_MESSAGE_BYTES) return;
    const known = this.#core.issuers.byKey(issuer);
    if (known !== undefined) this.#introductions.introduceToAll(known, from);
    this.#links.broadcast({ kind: 'crl', delta: !complete, der }, from);
  }

  #crlsSince(crlNumber: number): readonly Message<'crl'>[] {
    const { issuers, trust } = this.#core;
    return issuers.inUse(askedNow(this.#core)).flatMap(({ key }) => crlsSince(trust.held(key), crlNumber));
  }

  #rootCrls(): readonly Message<'crl'>[] {
    const { trust } = this.#core;
    return trust.bundle.anchors.flatMap((anchor) => crlsSince(trust.held(issuerKeyOf(anchor)), 0));
  }

  get #standing(): string {
    return `${enforcedCrlNumber(this.#core)} ${this.#rosters.number}`;
  }
}

function isOld({ code }: Fault): boolean {
  return code === 'LS_CRL_STALE';
}
