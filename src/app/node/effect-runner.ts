import type { CrlChecker } from '../../io/crl-check/index.ts';
import type { Ledger } from '../../io/ledger/index.ts';
import type { MeshTransport } from '../../io/transport/index.ts';
import { encodeEntryPieces } from '../../ledger/index.ts';
import type { Effect, NodeEvent } from '../../mesh/index.ts';
import { fault, LsError, type Clock, type Fault } from '../../std/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
import type { Log } from '../log.ts';
import type { NodeHome } from '../node-home.ts';
import type { TransitionLog } from './event-log.ts';
import type { Reporter } from './reporter.ts';
import { writeState } from './state-file.ts';
import { keepAuthorities, keepCrl, keepRoster } from './trust-files.ts';
import { WakeTimer } from './wake-timer.ts';

/** The world that a node's effects act upon. */
export interface NodeWorld {
  readonly home: NodeHome;
  /** The pinned roots, and the DER of the CA above this node's certificate, now. */
  readonly bundle: () => TrustBundle;
  readonly ownIssuer: () => Uint8Array | undefined;
  readonly transport: MeshTransport;
  readonly ledger: Ledger;
  readonly crlChecker: CrlChecker;
  readonly clock: Clock;
  readonly log: Log;
  readonly transitions: TransitionLog;
  readonly reporter: Reporter;
  /** Tells the CA what is enforced. */
  readonly acknowledge: (crlNumber: number, rosterNumber: number) => void;
  readonly renew: () => void;
  /** TLS believes these roots from now on. DER. */
  readonly believe: (roots: readonly Uint8Array[]) => void;
  /** This node is revoked or removed. */
  readonly ended: () => void;
  readonly stopped: (reason: Fault | undefined) => void;
  /** Puts an answer back into the core. */
  readonly feed: (event: NodeEvent) => void;
}

type Kept = 'keep-crl' | 'keep-authorities' | 'keep-roster' | 'acknowledge';

/** Carries out effects in the order in which the core gave them. */
export class EffectRunner {
  readonly #world: NodeWorld;
  readonly #timer: WakeTimer;
  /** CRL and roster files, one after the other; an acknowledgement waits for what was kept before it. */
  #kept: Promise<void> = Promise.resolve();

  constructor(world: NodeWorld) {
    this.#world = world;
    this.#timer = new WakeTimer(world.clock, () => {
      world.feed({ kind: 'tick' });
    });
  }

  run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#runOne(effect);
  }

  /** Stops the timer and waits for files under way. */
  async close(): Promise<void> {
    this.#timer.clear();
    await this.#world.crlChecker.close();
    await this.#kept;
  }

  #runOne(effect: Effect): void {
    const { transport, transitions, renew, believe, ended, stopped, reporter } = this.#world;
    switch (effect.kind) {
      case 'wake':
        this.#timer.set(effect.at);
        return;
      case 'dial':
        transport.dial(effect.peer, effect.address);
        return;
      case 'write':
        transport.write(effect.connection, effect.bytes, effect.class);
        return;
      case 'disconnect':
        transport.close(effect.connection);
        return;
      case 'save':
        this.#save(effect);
        return;
      case 'append':
        this.#append(effect);
        return;
      case 'keep-authorities':
        believe(effect.roots);
        this.#keep(effect);
        return;
      case 'check-crl':
        this.#check(effect);
        return;
      case 'keep-crl':
      case 'keep-roster':
      case 'acknowledge':
        this.#keep(effect);
        return;
      case 'renew':
        renew();
        return;
      case 'transition':
        transitions.push(effect.transition);
        this.#logTransition(effect);
        return;
      case 'report':
        reporter.report(effect);
        if (effect.fault.code === 'LS_SELF_REVOKED') ended();
        return;
      case 'stopped':
        stopped(effect.fault);
        return;
    }
  }

  #save({ token, state }: Extract<Effect, { readonly kind: 'save' }>): void {
    const { home, feed } = this.#world;
    writeState(home.state, state).then(
      () => {
        feed({ kind: 'saved', token });
      },
      (cause: unknown) => {
        feed({ kind: 'save-failed', token, fault: faultOf(cause) });
      },
    );
  }

  #append({ token, entries }: Extract<Effect, { readonly kind: 'append' }>): void {
    const { ledger, feed } = this.#world;
    ledger.append(entries.map(({ entry, at }) => encodeEntryPieces(entry, at))).then(
      ({ size, root }) => {
        feed({ kind: 'durable', token, head: { size, root } });
      },
      (cause: unknown) => {
        feed({ kind: 'append-failed', token, fault: faultOf(cause) });
      },
    );
  }

  #check({ token, check }: Extract<Effect, { readonly kind: 'check-crl' }>): void {
    const { crlChecker, feed } = this.#world;
    void crlChecker.check(check).then((findings) => {
      feed({ kind: 'crl-checked', token, findings });
    });
  }

  #keep(effect: Extract<Effect, { readonly kind: Kept }>): void {
    const { home, bundle, ownIssuer, log, acknowledge } = this.#world;
    this.#kept = this.#kept
      .then(async () => {
        if (effect.kind === 'keep-crl') await keepCrl(home, effect.der, bundle(), ownIssuer());
        else if (effect.kind === 'keep-authorities') await keepAuthorities(home, effect);
        else if (effect.kind === 'keep-roster') await keepRoster(home, effect.bytes);
        else acknowledge(effect.crlNumber, effect.rosterNumber);
      })
      .catch((cause: unknown) => {
        log.warn(
          { code: faultOf(cause).code, detail: faultOf(cause).detail },
          'trust data could not be kept on disk',
        );
      });
  }

  #logTransition({ transition }: Extract<Effect, { readonly kind: 'transition' }>): void {
    const { name, epoch, from, to, reason } = transition;
    this.#world.log.info({ event: 'state', peer: name, epoch, from, to, reason }, `${name} is ${to}`);
  }
}

function faultOf(cause: unknown): Fault {
  if (cause instanceof LsError) return cause.fault;
  return fault('LS_FILE_IO', cause instanceof Error ? cause.message : 'unknown failure');
}
