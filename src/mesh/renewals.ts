import { fault, monoMs, type MonoMs } from '../std/index.ts';
import { randomShare, trustedNow, type Core } from './core.ts';

/** A node that has not managed to renew by this share of its certificate's lifetime says so loudly. */
const LOUD_AT_SHARE = 5 / 6;
/** Of the lifetime, at most between two attempts: short-lived certificates leave little time. */
const RETRY_SHARE = 1 / 30;
/** The CA puts a node off for at most this share of what is left of its certificate: there has to be time for more tries. */
const DEFER_SHARE = 1 / 4;
/** However long the certificate lives. */
const MAX_DEFER_MS = 3_600_000;
/** Nodes whose issuing CA was revoked hear of it in one second, and ask over this time. */
export const REVOKED_ISSUER_SPREAD_MS = 30_000;
/** A pause is longer or shorter by up to this share, so that nodes do not come back to their CA all at once. */
const RETRY_JITTER_SHARE = 0.5;

type Validity = Pick<Core['own']['credential'], 'notBefore' | 'notAfter'>;

/** Asks for a new certificate in good time, and again while the CA does not answer. */
export class Renewals {
  readonly #core: Core;
  #share: number;
  #newest: Validity | undefined;
  /** Set while an attempt has not led to a new certificate. */
  #askAgainAt: MonoMs | undefined;
  /** The issuing CA that others renew below, and when this node does; no moment once it has. */
  #following:
    { readonly active: string; readonly withinMs: number; readonly at: MonoMs | undefined } | undefined;

  constructor(core: Core) {
    this.#core = core;
    this.#share = this.#draw();
  }

  tick(): void {
    const { now, out, own } = this.#core;
    if (now.mono < this.nextDeadline) return;
    if (this.#usedShare() >= LOUD_AT_SHARE) {
      const leftMs = own.credential.notAfter - trustedNow(this.#core);
      const detail = `the certificate of ${own.name} ends in ${Math.round(leftMs / 60_000)} minutes and is not renewed`;
      out.report('error', fault('LS_MESH_RENEWAL_LATE', detail));
    }
    this.#askAgainAt = monoMs(now.mono + this.#pauseMs());
    out.emit({ kind: 'renew' });
  }

  /**
   * The CA has refused the last attempt and asks to be left alone for `afterMs`. Those whom it told the same do not
   * all come back at once, and those whose certificates end soon come back sooner than it said.
   */
  defer(afterMs: number): void {
    const { now, own } = this.#core;
    if (this.#askAgainAt === undefined || !(afterMs > 0)) return;
    const leftMs = Math.max(0, own.credential.notAfter - trustedNow(this.#core));
    const spreadMs = afterMs * (1 + RETRY_JITTER_SHARE * randomShare(this.#core));
    const pauseMs = Math.round(Math.min(spreadMs, MAX_DEFER_MS, leftMs * DEFER_SHARE));
    this.#askAgainAt = monoMs(Math.max(this.#askAgainAt, now.mono + pauseMs));
  }

  /**
   * Certificates come from another issuing CA than this node's: it renews at a moment drawn evenly from [0, withinMs]
   * from now, or at its usual time when that is null or comes first. Being told again changes nothing, unless the
   * time is shorter; and once the node has renewed, whatever it got, this issuing CA does not hurry it again.
   */
  follow(active: string, withinMs: number | null): void {
    const before = this.#following;
    if (withinMs === null) {
      this.unfollow();
      return;
    }
    const isKnown = before?.active === active;
    if (isKnown && (before.at === undefined || before.withinMs <= withinMs)) return;
    const drawn = this.#core.now.mono + Math.round(withinMs * randomShare(this.#core));
    const at = isKnown ? Math.min(drawn, before.at ?? drawn) : drawn;
    this.#following = { active, withinMs, at: monoMs(at) };
  }

  /** Nobody asks to renew ahead of time any more. */
  unfollow(): void {
    if (this.#following?.at !== undefined) this.#following = undefined;
  }

  /** The certificate counts no more, since its issuing CA was revoked: any other that the CA gives is better. */
  hurry(): void {
    if (this.#askAgainAt !== undefined) return;
    const { now } = this.#core;
    this.#askAgainAt = monoMs(now.mono + Math.round(REVOKED_ISSUER_SPREAD_MS * randomShare(this.#core)));
  }

  /** There is a new certificate. */
  renewed(certificate: Validity): void {
    this.#newest = certificate;
    this.#askAgainAt = undefined;
    if (this.#following !== undefined) this.#following = { ...this.#following, at: undefined };
    this.#share = this.#draw();
  }

  /** Of the newest certificate: it is there before it is in use, which waits for the ledger. */
  get #validity(): Validity {
    const { credential } = this.#core.own;
    return this.#newest !== undefined && this.#newest.notAfter > credential.notAfter
      ? this.#newest
      : credential;
  }

  get nextDeadline(): MonoMs {
    const { now } = this.#core;
    if (this.#askAgainAt !== undefined) return this.#askAgainAt;
    const { notBefore, notAfter } = this.#validity;
    const dueIn = notBefore + (notAfter - notBefore) * this.#share - trustedNow(this.#core);
    return monoMs(Math.min(now.mono + Math.max(0, dueIn), this.#following?.at ?? Infinity));
  }

  /** Drawn anew for each attempt: nodes that were cut off from their CA together drift apart while it is away. */
  #pauseMs(): number {
    const { config, own } = this.#core;
    const { notBefore, notAfter } = own.credential;
    const usual = Math.min(config.renewRetryMs, (notAfter - notBefore) * RETRY_SHARE);
    return Math.round(usual * (1 + RETRY_JITTER_SHARE * (2 * randomShare(this.#core) - 1)));
  }

  #usedShare(): number {
    const { notBefore, notAfter } = this.#core.own.credential;
    return (trustedNow(this.#core) - notBefore) / (notAfter - notBefore);
  }

  /** Spread over nodes, so that certificates of one day are not renewed in one second. */
  #draw(): number {
    const { renewAtShare, renewJitterShare } = this.#core.config;
    return renewAtShare * (1 + renewJitterShare * (2 * randomShare(this.#core) - 1));
  }
}
