import { fault, monoMs, type MonoMs } from '../std/index.ts';
import { randomShare, trustedNow, type Core } from './core.ts';

/** A node that has not managed to renew by this share of its certificate's lifetime says so loudly. */
const LOUD_AT_SHARE = 5 / 6;

/** Asks for a new certificate in good time, and again while the CA does not answer. */
export class Renewals {
  readonly #core: Core;
  #share: number;
  #askedAt: MonoMs | undefined;

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
    this.#askedAt = now.mono;
    out.emit({ kind: 'renew' });
  }

  /** A new certificate is in use. */
  renewed(): void {
    this.#askedAt = undefined;
    this.#share = this.#draw();
  }

  get nextDeadline(): MonoMs {
    const { now, config, own } = this.#core;
    if (this.#askedAt !== undefined) return monoMs(this.#askedAt + config.renewRetryMs);
    const { notBefore, notAfter } = own.credential;
    const dueIn = notBefore + (notAfter - notBefore) * this.#share - trustedNow(this.#core);
    return monoMs(now.mono + Math.max(0, dueIn));
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
