import type { Hello, Message } from '../link/index.ts';
import { LocalHealth, type IntervalBounds } from '../membership/index.ts';
import { fault, type Instant, type MonoMs, type NodeId, type NodeName } from '../std/index.ts';
import type { TrustMaterial } from '../trust/index.ts';
import { Accusations } from './accusations.ts';
import { Authorities } from './authorities.ts';
import { assemble, type NodeCoreOptions } from './assemble.ts';
import { Beater } from './beater.ts';
import type { CoreConfig } from './config.ts';
import { trustedNow, type Core } from './core.ts';
import type { Effect } from './effects.ts';
import { Epochs } from './epochs.ts';
import type { NodeEvent } from './events.ts';
import { Gossip } from './gossip.ts';
import { helloOf } from './hello.ts';
import { Introductions } from './introductions.ts';
import { Judge } from './judge.ts';
import { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import { matrixOf, type Matrix } from './matrix.ts';
import { OwnRecords } from './own-records.ts';
import { OwnStanding } from './own-standing.ts';
import { Reachability } from './reachability.ts';
import { Receiver } from './receiver.ts';
import { Renewals } from './renewals.ts';
import { Revocations } from './revocations.ts';
import { Rosters } from './rosters.ts';
import { StatusBoard } from './status-board.ts';
import { ViewSync } from './view-sync.ts';
import { Waker } from './waker.ts';
import { StatusReader, type Explanation, type NodeStatus } from './status.ts';

/**
 * One node of the mesh, without its world: events in, effects out, no clock, no socket, no disk. The simulator and
 * the agent drive the same code.
 *
 * `handle` never throws for anything that came from outside.
 */
export class NodeCore {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #gossip: Gossip;
  readonly #board: StatusBoard;
  readonly #beater: Beater;
  readonly #epochs: Epochs;
  readonly #judge: Judge;
  readonly #rosters: Rosters;
  readonly #revocations: Revocations;
  readonly #authorities: Authorities;
  readonly #renewals: Renewals;
  readonly #ownRecords: OwnRecords;
  readonly #standing: OwnStanding;
  readonly #receiver: Receiver;
  readonly #reachability: Reachability;
  readonly #reader: StatusReader;
  readonly #health: LocalHealth;
  readonly #waker: Waker;

  /** Throws LsError LS_SELF_CERTIFICATE when the node's own certificate is not good: such a node has nothing to say. */
  constructor(options: NodeCoreOptions) {
    this.#core = assemble(options);
    const core = this.#core;
    this.#waker = new Waker(core);
    this.#health = new LocalHealth(core.config.health);
    this.#links = new LinkTable(core, () => helloOf(core, this.#epochs.nonce, this.#rosters.number), {
      linkUp: (link, hello) => {
        this.#linkUp(link, hello);
      },
      message: (link, message) => {
        this.#message(link, message);
      },
      peerRefused: (nodeId) => {
        core.table.get(nodeId)?.connectionRefused();
      },
    });
    const sync = new ViewSync(core);
    this.#board = new StatusBoard(core, this.#health, sync);
    this.#gossip = new Gossip(core, this.#links, this.#board, sync);
    this.#beater = new Beater(core, this.#links, this.#gossip, this.#board);
    this.#epochs = new Epochs(core, this.#gossip, this.#beater);
    this.#judge = new Judge(core, this.#links, this.#gossip, this.#board);
    this.#rosters = new Rosters(core);
    const introductions = new Introductions(core, this.#links);
    this.#revocations = new Revocations(core, this.#links, this.#rosters, introductions);
    this.#renewals = new Renewals(core);
    this.#standing = new OwnStanding(core, this.#beater, this.#renewals);
    this.#authorities = new Authorities(core, {
      revocations: this.#revocations,
      introductions,
      renewals: this.#renewals,
    });
    this.#ownRecords = new OwnRecords(core, this.#gossip, this.#beater, this.#epochs);
    const accusations = new Accusations(core, this.#judge, this.#beater, this.#epochs);
    this.#reachability = new Reachability(core, this.#gossip, this.#board);
    this.#receiver = new Receiver(core, this.#links, this.#gossip, {
      accusations,
      rosters: this.#rosters,
      own: this.#ownRecords,
      revocations: this.#revocations,
      authorities: this.#authorities,
      reachability: this.#reachability,
    });
    this.#reader = new StatusReader(core, this.#links, this.#board, () => this.#standing.state);
  }

  /** Everything that follows from one event, in order. */
  handle(event: NodeEvent, now: Instant): readonly Effect[] {
    this.#core.now = now;
    if (this.#standing.hasLeft) return [];
    this.#core.affected.clear();
    this.#dispatch(event);
    this.#afterwards();
    return this.#core.out.drain();
  }

  status(now: Instant): NodeStatus {
    this.#core.now = now;
    return this.#reader.status();
  }

  /** By name or nodeId; undefined for one the roster does not know. */
  explain(name: string, now: Instant): Explanation | undefined {
    this.#core.now = now;
    return this.#reader.explain(name);
  }

  /** Who observes whom, and who hears whom. */
  matrix(now: Instant): Matrix {
    this.#core.now = now;
    return matrixOf(this.#core, this.#board, this.#reachability);
  }

  /** The roster's name for a node. */
  nameOf(nodeId: NodeId): NodeName | undefined {
    return this.#core.table.get(nodeId)?.name;
  }

  /** Within which its own interval must lie; undefined before the first roster. */
  intervalBounds(): IntervalBounds | undefined {
    const { roster } = this.#core.table;
    return roster === undefined ? undefined : { minMs: roster.intervalMinMs, maxMs: roster.intervalMaxMs };
  }

  /** What this node judges certificates by, now. */
  get trustMaterial(): TrustMaterial {
    return this.#core.trust.material;
  }

  #dispatch(event: NodeEvent): void {
    // What bytes of a link were about is known once they are read.
    if (event.kind !== 'received') this.#core.affected.all();
    switch (event.kind) {
      case 'start':
        this.#standing.started();
        this.#epochs.begin();
        return;
      case 'tick':
        this.#tick();
        return;
      case 'connected':
        this.#authorities.presented(event.chain);
        this.#links.connected(event);
        return;
      case 'received':
        this.#links.received(event.connection, event.bytes);
        return;
      case 'disconnected':
        this.#links.disconnected(event.connection);
        return;
      case 'dial-failed':
        this.#links.dialFailed(event.peer, event.refused, event.fault);
        return;
      case 'saved':
      case 'save-failed':
        this.#core.keeper.answer(event);
        return;
      case 'durable':
      case 'append-failed':
        this.#core.journal.answer(event);
        return;
      case 'crl':
        this.#revocations.takeCrl(event.der, undefined);
        return;
      case 'crl-checked':
        this.#revocations.checked(event);
        return;
      case 'roster':
        this.#revocations.takeRoster(event.bytes);
        return;
      case 'authorities':
        this.#authorities.told(event);
        return;
      case 'seeds':
        for (const seed of event.seeds) this.#links.dialer.hint(seed);
        return;
      case 'renewed':
        this.#renewed(event);
        return;
      case 'renewal-deferred':
        this.#renewals.defer(event.afterMs);
        return;
      case 'configure':
      case 'modes':
      case 'leave':
        this.#ordered(event);
        return;
    }
  }

  /** What the operator wants. */
  #ordered(event: Extract<NodeEvent, { readonly kind: 'configure' | 'modes' | 'leave' }>): void {
    if (event.kind === 'configure') this.#configure(event.config);
    if (event.kind === 'leave') this.#leave(event.reason);
    if (event.kind !== 'modes') return;
    this.#core.own.modes = event.modes;
    this.#beater.announce();
  }

  /** Everything reads it when it needs it, but for what judges: what was judged by the old one is judged anew. */
  #configure(config: CoreConfig): void {
    this.#core.config = config;
    this.#core.table.configure(config.judgement);
    this.#health.configure(config.health);
  }

  #tick(): void {
    const { now } = this.#core;
    const stolen = this.#health.woke(this.#waker.woke(), now.mono);
    if (stolen > 0) this.#judge.stalled(stolen);
    this.#beater.tick();
    this.#core.journal.tick(now.mono);
    this.#renewals.tick();
    this.#revocations.tick();
    this.#ownRecords.tick();
    this.#gossip.tick();
    this.#reachability.tick();
  }

  /** What an event may have changed: verdicts, dials, judgements, and the next wake-up. */
  #afterwards(): void {
    const { affected, keeper, now } = this.#core;
    // While all is well, who was heard is all that a heartbeat can change before the next wake-up.
    const isNarrow = !affected.isAll && this.#board.isWell && now.mono < (this.#waker.at ?? -Infinity);
    if (isNarrow) {
      this.#board.refreshOnly(affected.members);
    } else {
      this.#links.tick();
      this.#beater.retime();
      this.#judge.tick();
      this.#board.refresh();
      this.#standing.check();
    }
    keeper.flush(now.mono);
    this.#waker.ask(isNarrow ? this.#soonerThanAsked() : this.#deadlines());
  }

  /** What can come up before the wake-up that was asked for, after an event that says something about few. */
  #soonerThanAsked(): readonly (MonoMs | undefined)[] {
    const { journal, affected } = this.#core;
    const changes = [...affected.members].map((nodeId) => this.#board.nextChangeOf(nodeId));
    return [this.#waker.at, journal.nextDeadline, this.#beater.nextDeadline, ...changes];
  }

  #deadlines(): readonly (MonoMs | undefined)[] {
    return [
      this.#core.journal.nextDeadline,
      this.#beater.nextDeadline,
      this.#renewals.nextDeadline,
      this.#gossip.nextDeadline,
      this.#reachability.nextDeadline,
      this.#links.nextDeadline(),
      this.#judge.nextDeadline,
      this.#board.nextDeadline,
    ];
  }

  #linkUp(link: Link, hello: Hello): void {
    const { own } = this.#core;
    for (const record of [own.epochStart, ...own.keyChanges]) {
      if (record !== undefined)
        this.#links.send(link, { kind: 'record', type: record.type, bytes: record.bytes });
    }
    this.#beater.greet(link);
    this.#gossip.sendDigest(link);
    this.#revocations.greet(link, hello.crlNumber, hello.rosterNumber);
  }

  #message(link: Link, message: Message): void {
    this.#core.affected.by(message);
    switch (message.kind) {
      case 'record':
        this.#receiver.record(link, message.type, message.bytes);
        return;
      case 'down':
        this.#receiver.down(link, message.certificate);
        return;
      case 'crl':
        this.#revocations.takeCrl(message.der, link.peer.nodeId);
        return;
      case 'issuer':
        this.#authorities.offered(link, message.der);
        return;
      case 'digest':
        this.#gossip.digestReceived(link, message.ids);
        return;
      case 'want':
        this.#gossip.wantReceived(link, message.ids);
        return;
      // The link itself deals with these; none of them reaches us.
      case 'hello':
      case 'bye':
      case 'ping':
      case 'pong':
        return;
    }
  }

  #renewed(event: Extract<NodeEvent, { readonly kind: 'renewed' }>): void {
    const { chain, signer, successor } = event;
    this.#authorities.presented(chain);
    const judged = this.#core.directory.admit(chain, trustedNow(this.#core));
    if (!judged.ok || judged.value.nodeId !== this.#core.own.nodeId) {
      const cause = judged.ok ? undefined : judged.error;
      this.#core.out.report('error', fault('LS_SELF_CERTIFICATE', 'the new certificate is not good', cause));
      return;
    }
    this.#authorities.follow(chain);
    this.#standing.revive();
    this.#ownRecords.renew({ peer: judged.value, chain, signer, successor });
    this.#renewals.renewed(judged.value);
  }

  #leave(reason: string): void {
    this.#ownRecords.leave(reason, () => {
      this.#standing.left();
      this.#links.closeAll(fault('LS_LINK_SHUTDOWN', `${this.#core.own.name} leaves: ${reason}`));
      this.#core.out.emit({ kind: 'stopped', fault: undefined });
    });
  }
}
