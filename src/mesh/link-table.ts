import {
  chooseDuplicate,
  frameOf,
  LinkMachine,
  type Hello,
  type LinkOutput,
  type Message,
} from '../link/index.ts';
import { PREVIOUS_ROSTER_VALID_MS } from '../membership/index.ts';
import {
  equalBytes,
  fault,
  monoMs,
  type Fault,
  type FaultCode,
  type MonoMs,
  type NodeId,
} from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import { trustedNow, type Core } from './core.ts';
import { Dialer } from './dialer.ts';
import type { WriteClass } from './effects.ts';
import type { ConnectionId, NodeEvent } from './events.ts';
import { isFaultCode, newLink, notNeighbour, type Link, type LinkListener } from './link.ts';
import { MemberLimits } from './member-limits.ts';

/** Round trips above this are our problem, not a reason to wait longer before concluding anything. */
const MAX_COUNTED_ROUND_TRIP_MS = 1_000;
const PING_EVERY_MS = 5_000;
/** A link that nobody observes over any more is kept for so long: rosters change back, and the peer may have an older one. */
const STRANGERS_MS = PREVIOUS_ROSTER_VALID_MS;
/** Goodbyes that belong to a healthy mesh. */
const QUIET_GOODBYES: ReadonlySet<string> = new Set([
  'LS_LINK_DUPLICATE',
  'LS_LINK_NOT_NEIGHBOUR',
  'LS_LINK_SHUTDOWN',
]);
/** Dials that reached somebody and will fail again until a clock, a certificate or an address is put right. */
const TLS_REFUSALS: ReadonlySet<FaultCode> = new Set([
  'LS_TLS_PEER_CERTIFICATE',
  'LS_TLS_PROTOCOL',
  'LS_TLS_REFUSED_BY_PEER',
]);

/** All connections of a node: who is linked to whom, and every byte that goes out. */
export class LinkTable {
  readonly #core: Core;
  readonly #listener: LinkListener;
  readonly #hello: () => Hello;
  readonly #links = new Map<ConnectionId, Link>();
  readonly #byPeer = new Map<NodeId, Link>();
  readonly #memberLimits = new MemberLimits();
  readonly dialer: Dialer;

  constructor(core: Core, hello: () => Hello, listener: LinkListener) {
    this.#core = core;
    this.#hello = hello;
    this.#listener = listener;
    this.dialer = new Dialer(core);
  }

  get up(): readonly Link[] {
    return [...this.#byPeer.values()];
  }

  get(nodeId: NodeId): Link | undefined {
    return this.#byPeer.get(nodeId);
  }

  /** Judges the certificate of a new connection; a bad one is told why before it is closed. */
  connected(event: Extract<NodeEvent, { readonly kind: 'connected' }>): void {
    const { now } = this.#core;
    const machine = new LinkMachine({ role: event.role, hello: this.#hello, now: now.mono });
    const judged = this.#judge(event.chain);
    if (!judged.ok) {
      this.#core.out.report('warn', judged.error, this.#core.directory.ownerOf(event.chain));
      this.#run(event.connection, machine.close(judged.error.code, judged.error.detail, now.mono));
      return;
    }
    const link = newLink(event, machine, judged.value, now.mono);
    this.#links.set(link.id, link);
    this.#run(link.id, machine.opened(now.mono));
  }

  received(connection: ConnectionId, bytes: Uint8Array): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    link.lastReceived = this.#core.now.mono;
    this.#run(connection, link.machine.received(bytes, this.#core.now.mono));
  }

  disconnected(connection: ConnectionId): void {
    const link = this.#links.get(connection);
    if (link === undefined) return;
    this.#links.delete(connection);
    if (link.expectedEnd) return;
    const wasUp = link.up;
    this.#retire(link);
    const nodeId = link.peer.nodeId;
    if (this.#byPeer.has(nodeId)) return;
    if (wasUp) this.dialer.lost(nodeId);
    else this.dialer.ended(nodeId);
  }

  /** A peer that nobody reaches is no news here; one that answers and fails TLS needs somebody to look at it. */
  dialFailed(nodeId: NodeId, refused: boolean, reason: Fault): void {
    const level = TLS_REFUSALS.has(reason.code) ? 'warn' : 'debug';
    this.#core.out.report(level, fault('LS_LINK_DIAL', reason.detail, reason), nodeId);
    if (this.dialer.failed(nodeId, refused) && !this.#byPeer.has(nodeId)) this.#listener.peerRefused(nodeId);
  }

  /** `as` replaces the usual class of the message where it must not be dropped. */
  send(link: Link, message: Message, as?: WriteClass): void {
    this.#run(link.id, link.machine.send(message, this.#core.now.mono, as));
  }

  /** Sends to every linked peer but `except`. */
  broadcast(message: Message, except?: NodeId, as?: WriteClass): void {
    const links = this.up.filter((link) => link.peer.nodeId !== except);
    this.sendAll(links, message, as);
  }

  /** As {@link send} to each of `links`, encoded once. */
  sendAll(links: readonly Link[], message: Message, as?: WriteClass): void {
    const frame = frameOf(message, as);
    for (const { id, machine } of links) this.#run(id, machine.sendFrame(frame));
  }

  /** Tells the peer why, then closes. */
  close(link: Link, reason: Fault): void {
    this.#end(link);
    this.#run(link.id, link.machine.close(reason.code, reason.detail, this.#core.now.mono));
  }

  closeAll(reason: Fault): void {
    for (const link of [...this.#links.values()]) this.close(link, reason);
  }

  /** Judges every link's certificate again, after a CRL, a roster or the passing of time. */
  rejudge(beforeCut: (link: Link) => void): void {
    for (const link of [...this.#links.values()]) {
      const verdict = link.expectedEnd ? undefined : this.#stillGood(link);
      if (verdict === undefined) continue;
      this.#core.out.report('warn', verdict, link.peer.nodeId);
      if (link.up) beforeCut(link);
      this.close(link, verdict);
    }
  }

  tick(): void {
    const { now, config } = this.#core;
    if (now.mono >= this.#nextExpiry()) this.rejudge(() => undefined);
    for (const link of [...this.#links.values()]) {
      if (now.mono - link.lastReceived >= config.deadLinkMs) {
        this.#core.out.emit({ kind: 'disconnect', connection: link.id });
        this.disconnected(link.id);
        continue;
      }
      if (link.up && now.mono >= link.nextPing) this.#ping(link);
      if (this.#isEstranged(link)) this.close(link, notNeighbour(link));
      const deadline = link.machine.nextDeadline();
      if (deadline !== null && now.mono >= deadline) this.#run(link.id, link.machine.tick(now.mono));
    }
    this.dialer.dialDue((nodeId) => this.#isLinked(nodeId));
  }

  nextDeadline(): MonoMs | undefined {
    const dial = this.dialer.nextDeadline((nodeId) => this.#isLinked(nodeId));
    let next: number = Math.min(dial ?? Infinity, this.#nextExpiry());
    for (const link of this.#links.values()) {
      next = Math.min(next, link.machine.nextDeadline() ?? Infinity);
      next = Math.min(next, link.lastReceived + this.#core.config.deadLinkMs);
      if (link.up) next = Math.min(next, link.nextPing);
      if (link.strangersSince !== undefined) next = Math.min(next, link.strangersSince + STRANGERS_MS);
    }
    return next === Infinity ? undefined : monoMs(next);
  }

  /** Who has dialled closes: the other one may have a reason to be linked that we do not see. */
  #isEstranged(link: Link): boolean {
    const { table, now } = this.#core;
    const isWanted = !link.up || link.role === 'listener' || table.isNeighbour(link.peer.nodeId);
    link.strangersSince = isWanted ? undefined : (link.strangersSince ?? now.mono);
    return link.strangersSince !== undefined && now.mono - link.strangersSince >= STRANGERS_MS;
  }

  #isLinked(nodeId: NodeId): boolean {
    if (this.#byPeer.has(nodeId)) return true;
    for (const link of this.#links.values()) {
      if (link.peer.nodeId === nodeId && !link.expectedEnd) return true;
    }
    return false;
  }

  #judge(chain: readonly Uint8Array[]): ReturnType<Core['directory']['admit']> {
    const judged = this.#core.directory.admit(chain, trustedNow(this.#core));
    if (!judged.ok) return judged;
    const refusal = this.#refusal(judged.value);
    return refusal === undefined ? judged : { ok: false, error: refusal };
  }

  #refusal(peer: VerifiedPeer): Fault | undefined {
    if (peer.nodeId === this.#core.own.nodeId) {
      return fault('LS_LINK_SELF', `a connection presents this node's own identity ${peer.nodeId}`);
    }
    const state = this.#core.table.get(peer.nodeId)?.roster;
    if (state === 'removed' || state === 'revoked') {
      return fault('LS_LINK_NOT_MEMBER', `the roster lists ${peer.name} as ${state}`);
    }
    return undefined;
  }

  /** When the first certificate of a link ends: certificates hold up to and including their last millisecond. */
  #nextExpiry(): number {
    const { now, directory } = this.#core;
    let first = Infinity;
    for (const link of this.#byPeer.values()) {
      const { notAfter } = directory.current(link.peer.nodeId) ?? link.peer;
      first = Math.min(first, notAfter);
    }
    return now.mono + Math.max(0, first + 1 - trustedNow(this.#core));
  }

  #stillGood(link: Link): Fault | undefined {
    const current = this.#core.directory.current(link.peer.nodeId) ?? link.peer;
    const checked = this.#core.directory.readmit(current, trustedNow(this.#core));
    return checked.ok ? this.#refusal(checked.value) : checked.error;
  }

  #run(connection: ConnectionId, outputs: readonly LinkOutput[]): void {
    for (const output of outputs) this.#apply(connection, output);
  }

  #apply(connection: ConnectionId, output: LinkOutput): void {
    const link = this.#links.get(connection);
    switch (output.kind) {
      case 'write':
        this.#core.out.emit({ kind: 'write', connection, bytes: output.bytes, class: output.class });
        return;
      case 'closed':
        this.#core.affected.all();
        this.#closed(connection, output.code, output.detail, output.byPeer);
        return;
      case 'up':
        this.#core.affected.all();
        if (link !== undefined) this.#linkUp(link, output.hello);
        return;
      case 'message':
        if (link !== undefined && link.up) this.#message(link, output.message);
        return;
    }
  }

  #closed(connection: ConnectionId, code: string, detail: string, byPeer: boolean): void {
    const link = this.#links.get(connection);
    if (link !== undefined && !link.expectedEnd) {
      if (!byPeer && isFaultCode(code)) this.#core.out.report('warn', fault(code, detail), link.peer.nodeId);
      else this.#tellGoodbye(link, code, detail);
      this.#end(link);
    }
    this.#core.out.emit({ kind: 'disconnect', connection });
  }

  /** What a peer says about its reasons is worth a code at most: its own words are for debugging. */
  #tellGoodbye(link: Link, code: string, detail: string): void {
    const { out } = this.#core;
    const { nodeId, name } = link.peer;
    const reason = fault('LS_LINK_REFUSED_BY_PEER', `${name} closed the link: ${code}`);
    out.report(QUIET_GOODBYES.has(code) ? 'debug' : 'warn', reason, nodeId);
    out.report('debug', fault('LS_LINK_REFUSED_BY_PEER', `${name} says: ${detail}`), nodeId);
  }

  /** It counts no more, though its connection is still to be flushed and closed: another one is dialled later. */
  #end(link: Link): void {
    if (link.expectedEnd) return;
    this.#core.affected.all();
    link.expectedEnd = true;
    this.#retire(link);
    if (!this.#byPeer.has(link.peer.nodeId)) this.dialer.ended(link.peer.nodeId);
  }

  #retire(link: Link): void {
    link.up = false;
    if (this.#byPeer.get(link.peer.nodeId) === link) this.#byPeer.delete(link.peer.nodeId);
  }

  #linkUp(link: Link, hello: Hello): void {
    const nodeId = link.peer.nodeId;
    link.hello = hello;
    const other = this.#byPeer.get(nodeId);
    if (other !== undefined) {
      const loser = this.#isDead(other, hello) ? other : this.#loserOf(other, link);
      this.close(loser, fault('LS_LINK_DUPLICATE', 'another link of this pair is kept'));
      if (loser === link) return;
    }
    link.up = true;
    this.#byPeer.set(nodeId, link);
    this.dialer.reached(nodeId);
    this.#listener.linkUp(link, hello);
  }

  /** A link to an earlier process of the peer, or one that has fallen silent, never beats a new one. */
  #isDead(link: Link, newer: Hello): boolean {
    const nonce = link.hello?.nonce;
    if (nonce === undefined || !equalBytes(nonce, newer.nonce)) return true;
    const { config, table, now } = this.#core;
    const intervalMs = Math.max(config.intervalMs, table.get(link.peer.nodeId)?.intervalMs ?? 0);
    return now.mono - link.lastReceived > 3 * intervalMs;
  }

  #loserOf(first: Link, second: Link): Link {
    const keep = chooseDuplicate(this.#core.own.nodeId, first.peer.nodeId, first.role, second.role);
    return keep === 'first' ? second : first;
  }

  #message(link: Link, message: Message): void {
    if (!this.#withinLimit(link)) return;
    if (message.kind === 'ping') {
      this.send(link, { kind: 'pong', token: message.token });
      return;
    }
    if (message.kind === 'pong') {
      this.#pong(link, message.token);
      return;
    }
    this.#listener.message(link, message);
  }

  #withinLimit(link: Link): boolean {
    const { mono } = this.#core.now;
    if (link.limit.take(mono) && this.#memberLimits.take(link.peer.nodeId, mono)) return true;
    const reason = fault('LS_MESH_FLOOD', `${link.peer.name} sends messages faster than a member may`);
    this.#core.out.report('warn', reason, link.peer.nodeId);
    this.close(link, reason);
    return false;
  }

  #ping(link: Link): void {
    const token = (link.ping?.token ?? 0) + 1;
    link.ping = { token, sentAt: this.#core.now.mono };
    link.nextPing = monoMs(this.#core.now.mono + PING_EVERY_MS);
    this.send(link, { kind: 'ping', token });
  }

  #pong(link: Link, token: number): void {
    if (link.ping?.token !== token) return;
    const sample = this.#core.now.mono - link.ping.sentAt;
    link.roundTripMs = Math.min(MAX_COUNTED_ROUND_TRIP_MS, sample);
  }
}
