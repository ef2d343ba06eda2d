/** Inbound connections at most: in all, and from one address (a machine may run many nodes). */
export interface InboundLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

export const DEFAULT_INBOUND_LIMITS: InboundLimits = { connections: 2_048, connectionsPerAddress: 256 };

/** Counts connections that are open, from the first byte of the handshake on. */
export class InboundCounter {
  readonly #limits: InboundLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: InboundLimits) {
    this.#limits = limits;
  }

  /** Counts one more from `host`; false, and nothing is counted, when that would exceed a limit. */
  enter(host: string): boolean {
    const fromHost = this.#byAddress.get(host) ?? 0;
    if (this.#total >= this.#limits.connections || fromHost >= this.#limits.connectionsPerAddress)
      return false;
    this.#total += 1;
    this.#byAddress.set(host, fromHost + 1);
    return true;
  }

  /** Requires: `enter(host)` was true before. */
  leave(host: string): void {
    const left = (this.#byAddress.get(host) ?? 0) - 1;
    this.#total -= 1;
    if (left > 0) this.#byAddress.set(host, left);
    else this.#byAddress.delete(host);
  }
}
