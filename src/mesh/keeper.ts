import { monoMs, type Fault, type MonoMs, type NodeId, type UnixMs } from '../std/index.ts';
import type { PersistentState, Pin } from './effects.ts';
import type { NodeEvent, Token } from './events.ts';
import type { Outbox } from './outbox.ts';

/** After a save that failed: how long the disk is left alone before the next one that nobody waits for. */
export const SAVE_RETRY_MS = 1_000;

interface Pending {
  readonly saved: () => void;
  readonly failed: (reason: Fault) => void;
}

/** What the node must find again after a crash: its epoch, its trusted time and the last key of every peer. */
export class Keeper {
  readonly #out: Outbox;
  readonly #pending = new Map<Token, Pending>();
  readonly #pins: Map<NodeId, Pin>;
  #epoch: number;
  #trustedTime: UnixMs;
  #dirty = false;
  #notBefore: MonoMs = monoMs(-Infinity);

  constructor(out: Outbox, state: PersistentState) {
    this.#out = out;
    this.#epoch = state.epoch;
    this.#trustedTime = state.trustedTimeMs;
    this.#pins = new Map(state.pins.map((pin) => [pin.nodeId, pin]));
  }

  /** Highest epoch that was ever prepared for use. */
  get epoch(): number {
    return this.#epoch;
  }

  get trustedTime(): UnixMs {
    return this.#trustedTime;
  }

  pin(nodeId: NodeId): Pin | undefined {
    return this.#pins.get(nodeId);
  }

  setPin(pin: Pin): void {
    this.#pins.set(pin.nodeId, pin);
    this.#dirty = true;
  }

  advanceTime(time: UnixMs): void {
    if (time <= this.#trustedTime) return;
    this.#trustedTime = time;
    this.#dirty = true;
  }

  /** Makes `epoch` the highest ever and continues once that is on disk. */
  saveEpoch(epoch: number, saved: () => void, failed: (reason: Fault) => void): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#save({ saved, failed });
  }

  /** Writes what changed since the last save, without waiting. */
  flush(now: MonoMs): void {
    if (!this.#dirty || now < this.#notBefore) return;
    this.#save({
      saved: () => undefined,
      failed: (reason) => {
        this.#notBefore = monoMs(now + SAVE_RETRY_MS);
        this.#out.report('warn', reason);
      },
    });
  }

  answer(event: Extract<NodeEvent, { readonly kind: 'saved' | 'save-failed' }>): void {
    const pending = this.#pending.get(event.token);
    if (pending === undefined) return;
    this.#pending.delete(event.token);
    if (event.kind === 'saved') {
      pending.saved();
      return;
    }
    this.#dirty = true;
    pending.failed(event.fault);
  }

  #save(pending: Pending): void {
    const token = this.#out.token();
    this.#pending.set(token, pending);
    this.#dirty = false;
    const state = { epoch: this.#epoch, trustedTimeMs: this.#trustedTime, pins: [...this.#pins.values()] };
    this.#out.emit({ kind: 'save', token, state });
  }
}
