import type { Effect } from '../../mesh/index.ts';
import type { Clock, Fault, NodeId } from '../../std/index.ts';
import type { Log } from '../log.ts';
import { RepeatFilter } from './repeat-filter.ts';

/** Writes a node's faults to its log: what repeats once a minute, and in between only for debugging. */
export class Reporter {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #nameOf: (nodeId: NodeId) => string | undefined;
  readonly #repeats = new RepeatFilter();

  constructor(log: Log, clock: Clock, nameOf: (nodeId: NodeId) => string | undefined) {
    this.#log = log;
    this.#clock = clock;
    this.#nameOf = nameOf;
  }

  /** What the core found. */
  report({ level, fault, peer }: Extract<Effect, { readonly kind: 'report' }>): void {
    const who = peer === undefined ? {} : { peer: this.#nameOf(peer) ?? peer };
    this.#write(level, fault, peer ?? '', who, fault.detail);
  }

  /** Somebody's connection ended before there was a peer. `address` is HOST:PORT; the port of a caller means nothing. */
  refusedConnection(fault: Fault, address: string): void {
    const host = address.slice(0, address.lastIndexOf(':'));
    this.#write('warn', fault, host, { address }, `a connection was refused: ${fault.detail}`);
  }

  #write(
    level: 'debug' | 'info' | 'warn' | 'error',
    { code, cause }: Fault,
    about: string,
    fields: object,
    text: string,
  ): void {
    const repeated = this.#repeats.admit(`${code} ${cause?.code ?? ''} ${about}`, this.#clock.now().mono);
    const because = cause === undefined ? {} : { cause: cause.code };
    const before = repeated === undefined || repeated === 0 ? {} : { repeated };
    this.#log[repeated === undefined ? 'debug' : level]({ code, ...fields, ...because, ...before }, text);
  }
}
