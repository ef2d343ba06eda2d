import type { RecordType } from '../heartbeat/index.ts';
import type { Message } from '../link/index.ts';
import type { Member, SubjectRecord } from '../membership/index.ts';
import {
  concatBytes,
  equalBytes,
  fromHex,
  monoMs,
  toHex,
  utf8,
  type Digest,
  type MonoMs,
  type NodeId,
} from '../std/index.ts';
import { BoundedSet } from './bounded-set.ts';
import { randomShare, type Core } from './core.ts';
import type { LinkTable } from './link-table.ts';
import type { Link } from './link.ts';
import type { StatusBoard } from './status-board.ts';
import type { ViewSync } from './view-sync.ts';

/** Ids of verified records remembered, so that nothing is verified or passed on twice. */
export const MAX_SEEN_RECORDS = 16_384;
/** Ids in one digest or want message. */
export const MAX_DIGEST_IDS = 1_024;
const ID_PREFIX_BYTES = 16;

/** A record worth showing to whoever missed it. */
interface Retained {
  /** The first {@link ID_PREFIX_BYTES} of its hash. Hex. */
  readonly id: string;
  readonly message: Message;
}

/**
 * Pushes what all must know to everyone at once and repairs what a push missed by exchanging digests, also with
 * nodes that are down, so that a partition heals by itself.
 */
export class Gossip {
  readonly #core: Core;
  readonly #links: LinkTable;
  readonly #board: StatusBoard;
  readonly #sync: ViewSync;
  readonly #seen = new BoundedSet<Digest>(MAX_SEEN_RECORDS);
  #nextReconcile: MonoMs;

  constructor(core: Core, links: LinkTable, board: StatusBoard, sync: ViewSync) {
    this.#core = core;
    this.#links = links;
    this.#board = board;
    this.#sync = sync;
    this.#nextReconcile = core.now.mono;
  }

  hasSeen(id: Digest): boolean {
    return this.#seen.has(id);
  }

  /** Only a verified record may enter: else a forger could make us deaf to the real one. */
  markSeen(id: Digest): void {
    this.#seen.add(id);
  }

  push(type: RecordType, bytes: Uint8Array, except?: NodeId): void {
    this.#links.broadcast({ kind: 'record', type, bytes }, except, 'record');
  }

  pushDown(certificate: Uint8Array, except?: NodeId): void {
    this.#links.broadcast({ kind: 'down', certificate }, except);
  }

  /** A neighbour's heartbeat says what it thinks of all: with whom we disagree we compare what we hold. */
  heardView(link: Link, viewDigest: Uint8Array): void {
    if (equalBytes(viewDigest, this.#board.viewDigest)) this.#sync.agreed(link.peer.nodeId);
    else if (this.#core.now.mono >= link.nextDigest) this.sendDigest(link);
  }

  /** Says what we hold, so that the peer can ask for what it lacks. */
  sendDigest(link: Link): void {
    const { now, config } = this.#core;
    link.nextDigest = monoMs(now.mono + config.reconcileMs);
    const held = this.#retained();
    // One that does not fit begins anywhere, so that nothing is left out for ever.
    const start = held.length <= MAX_DIGEST_IDS ? 0 : Math.floor(randomShare(this.#core) * held.length);
    const shown = [...held.slice(start), ...held.slice(0, start)].slice(0, MAX_DIGEST_IDS);
    const ids = shown.map(({ id }) => fromHex(id) ?? new Uint8Array());
    this.#links.send(link, { kind: 'digest', ids });
  }

  digestReceived(link: Link, ids: readonly Uint8Array[]): void {
    const held = new Set(this.#retained().map(({ id }) => id));
    const missing = ids.filter((id) => !held.has(toHex(id)));
    if (missing.length > 0) this.#links.send(link, { kind: 'want', ids: missing });
    const shown = new Set(ids.map((id) => toHex(id)));
    const isAll = ids.length < MAX_DIGEST_IDS && [...held].every((id) => shown.has(id));
    if (missing.length === 0 && isAll) this.#sync.agreed(link.peer.nodeId);
    else if (!isAll && this.#core.now.mono >= link.nextDigest) this.sendDigest(link);
  }

  wantReceived(link: Link, ids: readonly Uint8Array[]): void {
    const wanted = new Set(ids.map((id) => toHex(id)));
    for (const { id, message } of this.#retained()) {
      if (wanted.has(id)) this.#links.send(link, message);
    }
  }

  /** Exchanges digests with one peer at random when it is time. */
  tick(): void {
    const { now, config } = this.#core;
    if (now.mono < this.#nextReconcile) return;
    this.#nextReconcile = monoMs(now.mono + config.reconcileMs * (0.75 + 0.5 * randomShare(this.#core)));
    const links = this.#links.up;
    const chosen = links[Math.floor(randomShare(this.#core) * links.length)];
    if (chosen !== undefined) this.sendDigest(chosen);
  }

  get nextDeadline(): MonoMs {
    return this.#nextReconcile;
  }

  /** In the order in which a newcomer must learn it: who, with which key, then what was said about them. */
  #retained(): readonly Retained[] {
    const { own, table } = this.#core;
    const mine = knownOnce([own.epochStart, ...own.keyChanges, own.rebuttal, own.announcement]);
    if (own.edges !== undefined) mine.push(this.#record('edge-verdicts', own.edges.bytes));
    const members = table.members.filter(
      ({ epochStart, nodeId }) => epochStart !== undefined && this.#board.isLearnable(nodeId),
    );
    return [
      ...mine,
      ...members.flatMap((member) => this.#aboutOf(member)),
      ...members.flatMap((member) => this.#verdictsOn(member)),
    ];
  }

  #aboutOf(member: Member): readonly Retained[] {
    const { epochStart, keyChanges, rebuttal, announcement } = member;
    const retained = knownOnce([epochStart, ...keyChanges, rebuttal, announcement]);
    if (member.edges !== undefined) retained.push(this.#record('edge-verdicts', member.edges.bytes));
    return member.leave === undefined ? retained : [...retained, this.#record('leave', member.leave)];
  }

  #verdictsOn(member: Member): readonly Retained[] {
    if (member.downCertificate !== undefined) {
      const message: Message = { kind: 'down', certificate: member.downCertificate };
      const mark = utf8(`${member.nodeId}/${member.epoch}`);
      return [{ id: this.#idOf(concatBytes(DOWN_MARK, mark)), message }];
    }
    return member.book.accusations.map(({ id, bytes }) => known({ type: 'accusation', id, bytes }));
  }

  #record(type: RecordType, bytes: Uint8Array): Retained {
    return { id: this.#idOf(bytes), message: { kind: 'record', type, bytes } };
  }

  #idOf(bytes: Uint8Array): string {
    return toHex(this.#core.crypto.sha256(bytes).subarray(0, ID_PREFIX_BYTES));
  }
}

/** One heartbeat may be an answer and an announcement. */
function knownOnce(records: readonly (SubjectRecord | undefined)[]): Retained[] {
  return [...new Set(records)].filter((record) => record !== undefined).map((record) => known(record));
}

/** Its id is the hash of its bytes. */
function known({
  type,
  id,
  bytes,
}: {
  readonly type: RecordType;
  readonly id: Digest;
  readonly bytes: Uint8Array;
}): Retained {
  return {
    id: id.slice(0, 2 * ID_PREFIX_BYTES),
    message: { kind: 'record', type, bytes },
  };
}

/** Two nodes may hold different H accusations for the same death: they need not be exchanged, so the id names the death. */
const DOWN_MARK = utf8('down ');
