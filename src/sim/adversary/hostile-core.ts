import {
  decodeEpochStart,
  decodeHeartbeat,
  decodeKeyChange,
  type Heartbeat,
  type RecordType,
} from '../../heartbeat/index.ts';
import {
  decodeMessage,
  encodeMessage,
  FrameReader,
  MAX_FRAME_BYTES,
  type Message,
} from '../../link/index.ts';
import { decodeAccusation, decodeLeave } from '../../membership/index.ts';
import {
  NodeCore,
  type ConnectionId,
  type Effect,
  type NodeCoreOptions,
  type NodeEvent,
} from '../../mesh/index.ts';
import { equalBytes, monoMs, type CertId, type Instant, type NodeId } from '../../std/index.ts';
import type { Actor, SimNode } from '../node.ts';
import type { Gang } from './gang.ts';

/** One way to do harm with a valid key. */
export interface Trick {
  readonly name: string;
  /** Pause between two acts; Infinity for one that only bends what the core says. */
  readonly everyMs: number;
  act?(hand: Hand): void;
  /** What becomes of a message of the core underneath; undefined keeps it from being sent. */
  bend?(hand: Hand, message: Message, to: NodeId): Message | undefined;
}

/** What a trick can use. */
export interface Hand {
  readonly gang: Gang;
  readonly options: NodeCoreOptions;
  readonly me: SimNode;
  readonly now: Instant;
  /** Its own newest heartbeat. */
  readonly heartbeat: Heartbeat | undefined;
  readonly epoch: number;
  say(to: NodeId, message: Message): void;
  sayAll(message: Message, except?: NodeId): void;
  /** Bytes that need not be a message. */
  raw(to: NodeId, bytes: Uint8Array): void;
  readonly linked: readonly NodeId[];
}

interface Wire {
  readonly peer: NodeId;
  readonly inbound: FrameReader;
  isUp: boolean;
}

/**
 * A member with a valid key and a core that is not ours: a production core keeps its links alive and looks honest, and
 * tricks add to what it says, bend it or withhold it.
 */
export class HostileCore implements Actor {
  readonly #core: NodeCore;
  readonly #options: NodeCoreOptions;
  readonly #gang: Gang;
  readonly #nodes: readonly SimNode[];
  readonly #me: SimNode;
  readonly #tricks: readonly Trick[];
  readonly #dueAt: number[];
  readonly #wires = new Map<ConnectionId, Wire>();
  #coreWake: number = Infinity;
  #heartbeat: Heartbeat | undefined;
  #effects: Effect[] = [];
  #now: Instant;

  constructor(fields: {
    readonly options: NodeCoreOptions;
    readonly gang: Gang;
    readonly nodes: readonly SimNode[];
    readonly me: SimNode;
    readonly tricks: readonly Trick[];
  }) {
    this.#core = new NodeCore(fields.options);
    this.#options = fields.options;
    this.#gang = fields.gang;
    this.#nodes = fields.nodes;
    this.#me = fields.me;
    this.#tricks = fields.tricks;
    this.#now = fields.options.now;
    this.#dueAt = fields.tricks.map(({ everyMs }) => this.#now.mono + everyMs);
  }

  handle(event: NodeEvent, now: Instant): readonly Effect[] {
    this.#now = now;
    this.#effects = [];
    this.#look(event);
    if (event.kind !== 'tick' || now.mono >= this.#coreWake) {
      if (event.kind === 'tick') this.#coreWake = Infinity;
      for (const effect of this.#core.handle(event, now)) this.#bend(effect);
    }
    this.#tricks.forEach((trick, i) => {
      if (now.mono < (this.#dueAt[i] ?? Infinity)) return;
      this.#dueAt[i] = now.mono + trick.everyMs;
      trick.act?.(this.#hand());
    });
    this.#effects.push({ kind: 'wake', at: monoMs(Math.min(this.#coreWake, ...this.#dueAt)) });
    return this.#effects;
  }

  #look(event: NodeEvent): void {
    if (event.kind === 'connected') {
      const [leaf] = event.chain;
      const peer = this.#nodes.find(({ identity }) => leaf !== undefined && equalBytes(identity.der, leaf));
      if (peer !== undefined)
        this.#wires.set(event.connection, { peer: peer.nodeId, inbound: new FrameReader(), isUp: false });
    }
    if (event.kind === 'disconnected') this.#wires.delete(event.connection);
    if (event.kind === 'received') this.#listen(this.#wires.get(event.connection), event.bytes);
  }

  #listen(wire: Wire | undefined, bytes: Uint8Array): void {
    if (wire === undefined) return;
    wire.inbound.push(bytes);
    for (;;) {
      const body = wire.inbound.next(MAX_FRAME_BYTES);
      if (!body.ok || body.value === null) return;
      const message = decodeMessage(body.value);
      if (!message.ok) return;
      if (message.value.kind === 'hello') wire.isUp = true;
      if (message.value.kind === 'record') this.#hear(message.value.type, message.value.bytes);
      if (message.value.kind === 'down') this.#gang.heardDown(message.value.certificate);
    }
  }

  #hear(type: RecordType, bytes: Uint8Array): void {
    const signed = headOf(type, bytes);
    if (signed !== undefined) this.#gang.hear({ type, bytes, ...signed });
  }

  #bend(effect: Effect): void {
    if (effect.kind === 'wake') {
      this.#coreWake = effect.at;
      return;
    }
    const wire = effect.kind === 'write' ? this.#wires.get(effect.connection) : undefined;
    if (effect.kind !== 'write' || wire === undefined) {
      this.#effects.push(effect);
      return;
    }
    const reader = new FrameReader();
    reader.push(effect.bytes);
    const body = reader.next(MAX_FRAME_BYTES);
    const decoded = body.ok && body.value !== null ? decodeMessage(body.value) : undefined;
    if (decoded?.ok !== true) {
      this.#effects.push(effect);
      return;
    }
    this.#overhearMyself(decoded.value);
    let message: Message | undefined = decoded.value;
    for (const trick of this.#tricks) {
      if (message !== undefined && trick.bend !== undefined)
        message = trick.bend(this.#hand(), message, wire.peer);
    }
    if (message !== undefined) this.#effects.push({ ...effect, bytes: encodeMessage(message) });
  }

  #overhearMyself(message: Message): void {
    if (message.kind !== 'record') return;
    this.#hear(message.type, message.bytes);
    if (message.type !== 'heartbeat') return;
    const decoded = decodeHeartbeat(message.bytes);
    if (!decoded.ok || decoded.value.body.certId !== this.#me.identity.certId) return;
    this.#heartbeat = decoded.value.body;
  }

  #hand(): Hand {
    const write = (connection: ConnectionId, bytes: Uint8Array): void => {
      this.#effects.push({ kind: 'write', connection, bytes, class: 'record' });
    };
    const wiresTo = (to: NodeId): readonly ConnectionId[] =>
      [...this.#wires].filter(([, wire]) => wire.isUp && wire.peer === to).map(([id]) => id);
    const linked = [...new Set([...this.#wires.values()].filter(({ isUp }) => isUp).map(({ peer }) => peer))];
    const say = (to: NodeId, message: Message): void => {
      const bytes = encodeMessage(message);
      for (const id of wiresTo(to)) write(id, bytes);
    };
    return {
      gang: this.#gang,
      options: this.#options,
      me: this.#me,
      now: this.#now,
      heartbeat: this.#heartbeat,
      epoch: this.#core.status(this.#now).epoch,
      linked,
      say,
      sayAll: (message, except) => {
        for (const to of linked) if (to !== except) say(to, message);
      },
      raw: (to, bytes) => {
        for (const id of wiresTo(to)) write(id, bytes);
      },
    };
  }
}

/** Who signed a record and in which epoch; undefined for those that no node signs. */
function headOf(
  type: RecordType,
  bytes: Uint8Array,
): { readonly certId: CertId; readonly epoch: number } | undefined {
  const decoders = {
    heartbeat: decodeHeartbeat,
    'epoch-start': decodeEpochStart,
    'key-change': decodeKeyChange,
    leave: decodeLeave,
    accusation: decodeAccusation,
  };
  if (!(type in decoders)) return undefined;
  const decoded = decoders[type as keyof typeof decoders](bytes);
  return decoded.ok ? { certId: decoded.value.body.certId, epoch: decoded.value.body.epoch } : undefined;
}
