import { monoMs, type MonoMs, type NodeId } from '../std/index.ts';
import { randomShare, type Core } from './core.ts';
import type { Seed } from './events.ts';

/** Addresses remembered per peer: those it signed itself, or the CA's hint. */
export const MAX_ADDRESSES_PER_PEER = 4;
/** No answer to a dial takes longer; the shell's own time-outs are shorter. */
const DIAL_PATIENCE_MS = 10_000;

interface Target {
  /** Addresses from the peer's own epoch-start: they beat any hint. */
  signed: readonly string[];
  hint: string | undefined;
  attempts: number;
  nextAt: MonoMs;
  /** A link to it closed without leave, and no other is up: a refused re-dial now means its process is gone. */
  lost: boolean;
}

/** Decides whom to dial, where and when. Connections themselves belong to the link table. */
export class Dialer {
  readonly #core: Core;
  readonly #targets = new Map<NodeId, Target>();

  constructor(core: Core) {
    this.#core = core;
  }

  hint({ nodeId, address }: Seed): void {
    if (nodeId !== this.#core.own.nodeId) this.#target(nodeId).hint = address;
  }

  signedAddresses(nodeId: NodeId, addresses: readonly string[]): void {
    this.#target(nodeId).signed = addresses.slice(0, MAX_ADDRESSES_PER_PEER);
  }

  /** A link to it is up: start over with short pauses when it is lost. */
  reached(nodeId: NodeId): void {
    const target = this.#target(nodeId);
    target.attempts = 0;
    target.lost = false;
  }

  /** Its last link is gone, neither cut by us nor with a goodbye: dial again at once. */
  lost(nodeId: NodeId): void {
    const target = this.#target(nodeId);
    target.lost = true;
    target.nextAt = this.#core.now.mono;
  }

  /** A connection to it ended in order, or never came up: try again later, and later still if that repeats. */
  ended(nodeId: NodeId): void {
    const target = this.#target(nodeId);
    target.attempts += 1;
    target.lost = false;
    target.nextAt = this.#pause(target);
  }

  /** A dial failed. True when that, after an abrupt loss, is proof enough that nobody listens there any more. */
  failed(nodeId: NodeId, refused: boolean): boolean {
    const target = this.#target(nodeId);
    target.attempts += 1;
    target.nextAt = this.#pause(target);
    return refused && target.lost;
  }

  /** Emits the dials that are due towards members without a link. */
  dialDue(isLinked: (nodeId: NodeId) => boolean): void {
    for (const [nodeId, target] of this.#targets) {
      if (!this.#mayDial(nodeId, target, isLinked) || target.nextAt > this.#core.now.mono) continue;
      const addresses = this.#addresses(target);
      const address = addresses[target.attempts % addresses.length];
      if (address === undefined) continue;
      // Answered much earlier; this is for a connection that turns out to be somebody else's.
      target.nextAt = monoMs(this.#core.now.mono + DIAL_PATIENCE_MS);
      this.#core.out.emit({ kind: 'dial', peer: nodeId, address });
    }
  }

  nextDeadline(isLinked: (nodeId: NodeId) => boolean): MonoMs | undefined {
    let next: number = Infinity;
    for (const [nodeId, target] of this.#targets) {
      if (this.#mayDial(nodeId, target, isLinked)) next = Math.min(next, target.nextAt);
    }
    return next === Infinity ? undefined : monoMs(next);
  }

  #mayDial(nodeId: NodeId, target: Target, isLinked: (nodeId: NodeId) => boolean): boolean {
    const { table } = this.#core;
    const member = table.get(nodeId);
    const mayBeThere = member?.roster === 'active' || member?.roster === 'enrolled';
    return mayBeThere && table.isNeighbour(nodeId) && !isLinked(nodeId) && this.#addresses(target).length > 0;
  }

  #addresses(target: Target): readonly string[] {
    if (target.signed.length > 0) return target.signed;
    return target.hint === undefined ? [] : [target.hint];
  }

  /** The lower id dials at once and the higher one a little later, so that a pair rarely makes two connections. */
  #target(nodeId: NodeId): Target {
    const known = this.#targets.get(nodeId);
    if (known !== undefined) return known;
    const grace = this.#core.own.nodeId < nodeId ? 0 : this.#core.config.dialGraceMs;
    const target: Target = {
      signed: [],
      hint: undefined,
      attempts: 0,
      nextAt: monoMs(this.#core.now.mono + grace),
      lost: false,
    };
    this.#targets.set(nodeId, target);
    return target;
  }

  #pause(target: Target): MonoMs {
    const { redialMinMs, redialMaxMs } = this.#core.config;
    const pause = Math.min(redialMaxMs, redialMinMs * 2 ** Math.min(target.attempts, 16));
    return monoMs(this.#core.now.mono + pause * (0.75 + 0.5 * randomShare(this.#core)));
  }
}
