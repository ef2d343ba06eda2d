import type { Fault, NodeId } from '../std/index.ts';
import type { Effect } from './effects.ts';
import type { Token } from './events.ts';

/** Collects what one event leads to, in order, and hands out the tokens that tie answers to it. */
export class Outbox {
  #effects: Effect[] = [];
  #nextToken = 1;

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  report(level: 'debug' | 'info' | 'warn' | 'error', reason: Fault, peer?: NodeId): void {
    this.emit({ kind: 'report', level, fault: reason, peer });
  }

  token(): Token {
    return this.#nextToken++ as Token;
  }

  drain(): readonly Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
