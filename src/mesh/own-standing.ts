import { fault } from '../std/index.ts';
import type { Beater } from './beater.ts';
import { trustedNow, type Core } from './core.ts';
import type { Renewals } from './renewals.ts';

/** Whether this node may speak: one that is revoked or removed falls silent, since nothing it could say counts. */
export class OwnStanding {
  readonly #core: Core;
  readonly #beater: Beater;
  readonly #renewals: Renewals;
  #phase: 'created' | 'running' | 'revoked' | 'left' = 'created';

  constructor(core: Core, beater: Beater, renewals: Renewals) {
    this.#core = core;
    this.#beater = beater;
    this.#renewals = renewals;
  }

  started(): void {
    this.#phase = 'running';
  }

  left(): void {
    this.#phase = 'left';
  }

  get hasLeft(): boolean {
    return this.#phase === 'left';
  }

  /** As the status says it. */
  get state(): string {
    if (this.#phase === 'running') return this.#core.own.epoch === 0 ? 'starting' : 'active';
    return this.#phase;
  }

  check(): void {
    const { own, directory, out } = this.#core;
    if (this.#phase !== 'running') return;
    const rostered = this.#rostered();
    const revoked =
      directory.verdict(own.nodeId, trustedNow(this.#core)) === 'revoked' || rostered === 'revoked';
    if (!revoked && rostered !== 'removed') return;
    this.#phase = 'revoked';
    own.silenced = true;
    this.#beater.stop();
    const isEnded = rostered === 'revoked' || rostered === 'removed';
    if (!isEnded && this.#core.issuers.isOwnRevoked(trustedNow(this.#core))) {
      const detail = `the root has revoked the issuing CA that certified ${own.name}, this node`;
      out.report('error', fault('LS_SELF_ISSUER_REVOKED', detail));
      this.#renewals.hurry();
      return;
    }
    const what = revoked ? 'is revoked' : 'is removed from the roster';
    out.report('error', fault('LS_SELF_REVOKED', `${own.name}, this node, ${what}`));
  }

  /** A node that fell silent speaks again with a certificate that counts, unless the roster has ended it. */
  revive(): void {
    const rostered = this.#rostered();
    if (this.#phase !== 'revoked' || rostered === 'revoked' || rostered === 'removed') return;
    this.#phase = 'running';
    this.#core.own.silenced = false;
  }

  #rostered(): string | undefined {
    const { own, table } = this.#core;
    return table.roster?.members.find((member) => member.nodeId === own.nodeId)?.state;
  }
}
