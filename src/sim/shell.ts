import type { Effect, NodeEvent, Transition } from '../mesh/index.ts';
import { fault, type MonoMs } from '../std/index.ts';
import { checkCrl } from '../trust/index.ts';
import type { SimCrypto } from './crypto.ts';
import type { History } from './history.ts';
import type { Network } from './network.ts';
import type { Actor, SimNode } from './node.ts';
import { Trace } from './trace.ts';

/** What the thread of a node takes for a large CRL. */
const CHECK_MS = 50;
/** What a timer of the platform takes at least, and its resolution. */
const TIMER_MS = 1;
const ASK_CA_MS = 50;

/** Looks on while a world runs. Must not change it. */
export interface WorldWatcher {
  /** A node has handled an event; its effects are carried out. */
  stepped(node: SimNode): void;
  /** A node tells its consumers of a change; {@link SimNode.seen} has it already. */
  changed(node: SimNode, transition: Transition): void;
}

/** What the shell needs of the world around it. */
export interface ShellHost {
  readonly now: number;
  readonly crypto: SimCrypto;
  readonly network: Network;
  readonly history: History;
  readonly watchers: readonly WorldWatcher[];
  schedule(at: number, run: () => void): void;
  feed(node: SimNode, event: NodeEvent): void;
  deliver(node: SimNode, generation: number, event: NodeEvent): void;
  /** The process has ended by itself. */
  stopped(node: SimNode): void;
  /** A node asks the CA for a new certificate. */
  renew(node: SimNode): void;
}

/** Carries out the effects of the cores of a world, as the agent does for one. */
export class Shell {
  /** Over every event and effect with all its bytes: equal for the same seed and the same code. */
  readonly trace = new Trace();
  /** The same without what depends on signatures: equal for a run with real ones and one with keyed hashes. */
  readonly decisions = new Trace();
  readonly #world: ShellHost;

  constructor(world: ShellHost) {
    this.#world = world;
  }

  step(node: SimNode, actor: Actor, event: NodeEvent): void {
    const world = this.#world;
    this.#note(node, event);
    for (const effect of actor.handle(event, node.clock.read(world.now))) {
      this.#note(node, effect);
      this.#carryOut(node, effect);
    }
    for (const watcher of world.watchers) watcher.stepped(node);
  }

  tick(node: SimNode): void {
    node.wakeAt = undefined;
    this.#world.feed(node, { kind: 'tick' });
  }

  #carryOut(node: SimNode, effect: Effect): void {
    const { network } = this.#world;
    switch (effect.kind) {
      case 'wake':
        this.#wake(node, effect.at);
        return;
      case 'dial':
        network.dial(node, effect.peer, effect.address);
        return;
      case 'write':
        node.costs.bytesOut += effect.bytes.length;
        network.write(node, effect.connection, effect.bytes);
        return;
      case 'disconnect':
        network.disconnect(node, effect.connection);
        return;
      case 'save':
      case 'append':
        this.#store(node, effect);
        return;
      case 'check-crl': {
        const findings = checkCrl(effect.check, this.#world.crypto.port);
        this.#answer(node, CHECK_MS, { kind: 'crl-checked', token: effect.token, findings });
        return;
      }
      case 'stopped':
        this.#world.stopped(node);
        return;
      case 'transition':
        this.#transition(node, effect.transition);
        return;
      default:
        this.#keep(node, effect);
    }
  }

  #keep(node: SimNode, effect: Effect): void {
    if (effect.kind === 'keep-crl') node.disk.crl = effect.der;
    if (effect.kind === 'keep-roster') node.disk.roster = effect.bytes;
    if (effect.kind === 'acknowledge') node.crlNumber = Math.max(node.crlNumber, effect.crlNumber);
    if (effect.kind === 'renew') {
      const { generation } = node;
      this.#after(ASK_CA_MS, () => {
        if (node.generation === generation) this.#world.renew(node);
      });
    }
  }

  #transition(node: SimNode, transition: Transition): void {
    const { nodeId, name, from, to, reason, epoch } = transition;
    node.seen.set(nodeId, { state: to, epoch, at: this.#world.now });
    this.#world.history.add(
      this.#world.now,
      node,
      `sees ${name} go ${from} → ${to} (${reason}, epoch ${epoch})`,
    );
    for (const watcher of this.#world.watchers) watcher.changed(node, transition);
  }

  #wake(node: SimNode, at: MonoMs): void {
    const { now } = this.#world;
    const due = now + Math.max(TIMER_MS, Math.ceil(node.clock.timeOf(at) - now));
    node.wakeAt = due;
    const { generation } = node;
    this.#world.schedule(due, () => {
      if (node.generation === generation && node.wakeAt === due && node.isUp) this.tick(node);
    });
  }

  #store(node: SimNode, effect: Extract<Effect, { readonly kind: 'save' | 'append' }>): void {
    const { disk } = node;
    const { token } = effect;
    if (disk.full) {
      const reason = fault('LS_DISK_FULL', 'simulated');
      const kind = effect.kind === 'save' ? 'save-failed' : 'append-failed';
      this.#answer(node, disk.latencyMs, { kind, token, fault: reason });
      return;
    }
    const complete = disk.begin(
      effect.kind === 'save' ? effect.state : effect.entries.map(({ entry }) => entry),
    );
    const { generation } = node;
    this.#after(disk.latencyMs, () => {
      if (node.generation !== generation) return;
      complete();
      const head = disk.head ?? { size: 0, root: new Uint8Array(32) };
      this.#world.feed(
        node,
        effect.kind === 'save' ? { kind: 'saved', token } : { kind: 'durable', token, head },
      );
    });
  }

  #answer(node: SimNode, afterMs: number, event: NodeEvent): void {
    const { generation } = node;
    this.#after(afterMs, () => {
      this.#world.deliver(node, generation, event);
    });
  }

  #after(ms: number, run: () => void): void {
    this.#world.schedule(this.#world.now + ms, run);
  }

  #note(node: SimNode, what: NodeEvent | Effect): void {
    for (const trace of [this.trace, this.decisions]) {
      trace.number(this.#world.now);
      trace.word(node.index);
      trace.text(what.kind);
      if (what.kind === 'transition') {
        const { nodeId, epoch, to, reason } = what.transition;
        for (const text of [nodeId, to, reason]) trace.text(text);
        trace.word(epoch);
      }
    }
    if (what.kind === 'received' || what.kind === 'write') this.trace.bytes(what.bytes);
  }
}
