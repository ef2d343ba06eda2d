import {
  proveKey,
  signEpochStart,
  signHeartbeat,
  signKeyChange,
  type EpochStart,
  type Heartbeat,
  type KeyChange,
  type RecordType,
  type SignedRecord,
} from '../../src/heartbeat/index.ts';
import {
  decodeMessage,
  encodeMessage,
  FRAME_HEADER_BYTES,
  type Hello,
  type Message,
} from '../../src/link/index.ts';
import {
  assignObservers,
  decodeRoster,
  signAccusation,
  type Accusation,
  type Roster,
} from '../../src/membership/index.ts';
import type { Digest, DomainId, Signer } from '../../src/std/index.ts';
import { testCrypto } from './crypto.ts';
import { testHello } from './link-messages.ts';
import { successorOf, type MeshWorld } from './mesh-world.ts';
import type { TestIdentity } from './pki.ts';
import { valueOf } from './result.ts';

/*
 * Somebody with a key and no rules: signs whatever a test wants and opens links into a MeshWorld by hand.
 *
 *   const mallory = new HostileMember(world, 'm');     // enrolled, never started
 *   const link = mallory.link('a');                    // TLS stands and the hello is said
 *   link.record('epoch-start', mallory.epochStart(1).bytes);
 *   link.record('heartbeat', mallory.heartbeat().bytes);
 */

/** Signs with another key, or for another domain, than the identity's own. */
export interface Forgery {
  readonly signer?: Signer;
  readonly domainId?: DomainId;
}

export class HostileMember {
  readonly world: MeshWorld;
  identity: TestIdentity;
  epoch = 1;
  seq = 0;
  prev: Uint8Array = new Uint8Array(32);

  constructor(world: MeshWorld, who: string | TestIdentity) {
    this.world = world;
    this.identity = typeof who === 'string' ? world.node(who).identity : who;
  }

  /** A link to `target` over which a hello was said, unless told otherwise. */
  link(target: string, hello: Partial<Hello> | 'silent' = {}): HostileLink {
    const link = new HostileLink(this.world, target, this.identity.chain);
    if (hello !== 'silent') link.hello(hello);
    return link;
  }

  /** Starts an epoch of its own; later heartbeats continue it. */
  epochStart(epoch = this.epoch, fields: Partial<EpochStart> = {}, forgery: Forgery = {}): SignedRecord {
    const body: EpochStart = {
      certId: this.identity.certId,
      epoch,
      tMs: this.world.now.wall,
      nonce: new Uint8Array(8).fill(3),
      chain: this.identity.chain,
      logKey: new Uint8Array(32).fill(4),
      maxVersion: 1,
      addresses: ['m:1'],
      succession: [],
      ext: new Map(),
      ...fields,
    };
    const signed = signEpochStart(body, ...this.#with(forgery));
    [this.epoch, this.seq, this.prev] = [epoch, 0, signed.structureHash];
    return signed;
  }

  /** The next heartbeat, with anything replaced. */
  heartbeat(fields: Partial<Heartbeat> = {}, forgery: Forgery = {}): SignedRecord {
    const body = { ...this.nextBeat(), ...fields };
    const signed = signHeartbeat(body, ...this.#with(forgery));
    [this.seq, this.prev] = [body.seq, signed.structureHash];
    return signed;
  }

  /** The body that an honest node would sign next. */
  nextBeat(): Heartbeat {
    return {
      certId: this.identity.certId,
      epoch: this.epoch,
      seq: this.seq + 1,
      tMs: this.world.now.wall,
      intervalMs: 1_000,
      prev: this.prev,
      flags: 0,
      health: 0,
      crlNumber: 1,
      rosterNumber: this.world.rosterNumber,
      viewDigest: new Uint8Array(8),
      checkpoint: null,
      heads: null,
      rebuts: null,
      ext: new Map(),
    };
  }

  /** Hands over to another certificate, and goes on with it unless something was replaced. */
  keyChange(next: TestIdentity, fields: Partial<KeyChange> = {}, forgery: Forgery = {}): SignedRecord {
    const { domainId } = this.world.pki;
    const seq = this.seq + 1;
    const place = { domainId, nodeId: this.identity.nodeId, epoch: this.epoch, seq };
    const body: KeyChange = {
      certId: this.identity.certId,
      epoch: this.epoch,
      seq,
      tMs: this.world.now.wall,
      prev: this.prev,
      chain: next.chain,
      successor: successorOf(this.identity, next, domainId),
      proof: proveKey(next.key, place, testCrypto),
      ext: new Map(),
      ...fields,
    };
    const signed = signKeyChange(body, ...this.#with(forgery));
    if (Object.keys(fields).length + Object.keys(forgery).length === 0) {
      [this.seq, this.prev, this.identity] = [seq, signed.structureHash, next];
    }
    return signed;
  }

  /** An accusation that is right in every field unless one is replaced; `last` is the evidence. */
  accuse(
    subject: TestIdentity,
    last: Accusation['last'],
    fields: Partial<Accusation> = {},
    forgery: Forgery = {},
  ): Uint8Array & { readonly id: Digest } {
    const ring = assignObservers(rosterOf(this.world), testCrypto).ringOf(
      this.identity.nodeId,
      subject.nodeId,
    );
    const body: Accusation = {
      certId: this.identity.certId,
      tMs: this.world.now.wall,
      subject: subject.nodeId,
      epoch: 1,
      rosterNumber: this.world.rosterNumber,
      ring: ring ?? 0,
      reason: 'silent',
      last,
      ext: new Map(),
      ...fields,
    };
    const { bytes, id } = signAccusation(body, ...this.#with(forgery));
    return Object.assign(bytes, { id });
  }

  #with({ signer, domainId }: Forgery): [Signer, DomainId, typeof testCrypto] {
    return [signer ?? this.identity.key, domainId ?? this.world.pki.domainId, testCrypto];
  }
}

/** One connection into a node of the world, driven by hand. Time only passes when the world runs. */
export class HostileLink {
  readonly target: string;
  readonly #world: MeshWorld;
  readonly #decoded: Message[] = [];
  readonly #end: ReturnType<MeshWorld['intrude']>;

  constructor(world: MeshWorld, target: string, chain: readonly Uint8Array[]) {
    this.#world = world;
    this.target = target;
    this.#end = world.intrude(target, chain);
  }

  hello(fields: Partial<Hello> = {}): void {
    const { domainId } = this.#world.pki;
    const hello = testHello({
      epoch: 1,
      crlNumber: 1,
      rosterNumber: 1,
      advertise: null,
      domainId,
      ...fields,
    });
    this.send({ kind: 'hello', ...hello });
  }

  send(message: Message): void {
    this.raw(encodeMessage(message));
  }

  record(type: RecordType, bytes: Uint8Array): void {
    this.send({ kind: 'record', type, bytes });
  }

  raw(bytes: Uint8Array): void {
    this.#end.send(bytes);
  }

  /** Everything the node has sent on this link. */
  messages<K extends Message['kind']>(kind: K): readonly Extract<Message, { readonly kind: K }>[] {
    for (const frame of this.#end.received.slice(this.#decoded.length)) {
      this.#decoded.push(valueOf(decodeMessage(frame.subarray(FRAME_HEADER_BYTES))));
    }
    return this.#decoded.filter(
      (message): message is Extract<Message, { readonly kind: K }> => message.kind === kind,
    );
  }

  /** Signed records of one type that the node has sent, oldest first. */
  records(type: RecordType): readonly Uint8Array[] {
    return this.messages('record')
      .filter((message) => message.type === type)
      .map((message) => message.bytes);
  }

  /** Code of the goodbye, when there was one. */
  get bye(): string | undefined {
    return this.messages('bye').at(-1)?.code;
  }

  get closed(): boolean {
    return this.#end.closed();
  }
}

/** The roster that the CA published last. */
export function rosterOf(world: MeshWorld): Roster {
  return valueOf(decodeRoster(world.rosterBytes)).body;
}
