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
/** A pause is longer or shorter by up to this share, so that nodes do not come back to their CA all at once. */
const RETRY_JITTER_SHARE = 0.5;

/** Asks for a new certificate in good time, and again while the CA does not answer. */
export class Renewals {
  readonly #core: Core;
  #share: number;
  /** Set while an attempt has not led to a new certificate. */
  #askAgainAt: MonoMs | undefined;

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

  /** A new certificate is in use. */
  renewed(): void {
    this.#askAgainAt = undefined;
    this.#share = this.#draw();
  }

  get nextDeadline(): MonoMs {
    const { now, own } = this.#core;
    if (this.#askAgainAt !== undefined) return this.#askAgainAt;
    const { notBefore, notAfter } = own.credential;
    const dueIn = notBefore + (notAfter - notBefore) * this.#share - trustedNow(this.#core);
    return monoMs(now.mono + Math.max(0, dueIn));
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
