import {
  idOfRecord,
  proveKey,
  signEpochStart,
  signHeartbeat,
  signKeyChange,
  signSuccessor,
  type EpochStart,
  type Heartbeat,
  type KeyChange,
  type RecordType,
  type SignedRecord,
} from '../../../src/heartbeat/index.ts';
import { privateKeyFromPkcs8, type TlsCredentials } from '../../../src/io/index.ts';
import type { Hello, Message } from '../../../src/link/index.ts';
import {
  assignObservers,
  decodeAccusation,
  decodeDownCertificate,
  signAccusation,
  signLeave,
  type Accusation,
  type Leave,
} from '../../../src/membership/index.ts';
import {
  domainIdOf,
  nodeIdOf,
  unixMs,
  type CertId,
  type DomainId,
  type NodeId,
  type Signer,
} from '../../../src/std/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../../src/x509/index.ts';
import { testCrypto } from '../crypto.ts';
import { testHello } from '../link-messages.ts';
import { valueOf } from '../result.ts';
import type { TlsMember } from '../tls-identity.ts';
import { AttackLink, type LinkOptions } from './attack-link.ts';
import type { Loot } from './loot.ts';

/*
 * A member with a certificate that the real CA gave it, and no rules: it links with several real nodes at once, looks
 * well (heartbeats, answers) while `isAlive`, and signs whatever a test wants.
 */

const BEAT_MS = 1_000;

/** Where a node listens. */
export interface Target {
  readonly name: string;
  readonly port: number;
}

/** A key and what certifies it; the real CA's member, or one of somebody else's making. */
export type Identity = Pick<TlsMember, 'name' | 'nodeId' | 'serial' | 'key' | 'chain'>;

/** Whom an attack is about, as the wire tells. */
export interface Victim {
  readonly nodeId: NodeId;
  readonly certId: CertId;
}

/** Signs with another key, or for another domain, than the attacker's own. */
export interface Forgery {
  readonly signer?: Signer;
  readonly domainId?: DomainId;
}

export class Attacker {
  readonly name: string;
  readonly nodeId: NodeId;
  readonly serial: string;
  readonly certId: CertId;
  readonly signer: Signer;
  readonly chain: readonly Uint8Array[];
  readonly credentials: TlsCredentials;
  readonly domainId: DomainId;
  readonly loot: Loot;
  readonly links = new Map<string, AttackLink>();
  readonly #nonce = crypto.getRandomValues(new Uint8Array(8));
  /** False: no sign of life goes out by itself. */
  isBeating = true;
  /** False: accusations of it stay unanswered. */
  isAnswering = true;
  /** False: a link that was cut stays cut. */
  isPersistent = true;
  /** What its heartbeats say instead of the truth; called for each. */
  lies: (target: string) => Partial<Heartbeat> = () => ({});
  epoch = 0;
  seq = 0;
  prev: Uint8Array = new Uint8Array(32);
  #start: Uint8Array | undefined;
  #beating: NodeJS.Timeout | undefined;

  constructor(member: Identity, root: Uint8Array, domainId: DomainId, loot: Loot) {
    const leaf = valueOf(parseCertificate(member.chain[0] ?? new Uint8Array()));
    const nodeId = nodeIdOf(Uint8Array.from(Buffer.from(member.nodeId, 'hex')));
    if (nodeId === undefined) throw new Error(`${member.nodeId} is no node id`);
    this.name = member.name;
    this.nodeId = nodeId;
    this.serial = member.serial;
    this.certId = certIdOfCertificate(leaf, testCrypto);
    this.signer = member.key.signer;
    this.chain = member.chain;
    this.credentials = { key: privateKeyFromPkcs8(member.key.pkcs8), chain: member.chain, roots: [root] };
    this.domainId = domainId;
    this.loot = loot;
  }

  /** Links with all of them, starts an epoch and looks alive from now on. */
  async join(targets: readonly Target[]): Promise<void> {
    await Promise.all(targets.map((target) => this.link(target)));
    this.begin();
    this.#beating = setInterval(() => {
      if (this.isPersistent) for (const target of targets) this.#linkAgain(target);
      if (this.isBeating) this.beat();
    }, BEAT_MS);
  }

  /** The link with `target` that it uses from now on; resolves when both have said hello. */
  async link(target: Target, options: LinkOptions = {}): Promise<AttackLink> {
    const link = this.dial(target, options);
    if (!(await link.settled())) throw new Error(`${target.name} refuses ${this.name}: ${link.bye ?? ''}`);
    this.links.get(target.name)?.destroy();
    this.links.set(target.name, link);
    if (this.#start !== undefined) {
      link.send({ kind: 'record', type: 'epoch-start', bytes: this.#start });
    }
    return link;
  }

  /** A connection besides its own ones. */
  dial(target: Target, options: LinkOptions = {}, hello: Partial<Hello> = {}): AttackLink {
    return new AttackLink(target, this.credentials, () => this.#hello(hello), this.#heard, options);
  }

  close(): void {
    clearInterval(this.#beating);
    for (const link of this.links.values()) link.destroy();
    this.links.clear();
  }

  /** Begins the next epoch and tells all. */
  begin(epoch = this.epoch + 1): void {
    const start = this.epochStart({ epoch });
    [this.epoch, this.seq, this.prev] = [epoch, 0, start.structureHash];
    this.#start = start.bytes;
    this.tell('epoch-start', start.bytes);
    this.beat();
  }

  /** The next sign of life, to all. */
  beat(fields: Partial<Heartbeat> = {}): void {
    const body = this.nextBeat(fields);
    let signed: SignedRecord | undefined;
    for (const [target, link] of this.links) {
      const told = this.heartbeat({ ...body, ...this.lies(target) });
      signed ??= told;
      link.send({ kind: 'record', type: 'heartbeat', bytes: told.bytes });
    }
    if (signed !== undefined) [this.seq, this.prev] = [body.seq, signed.structureHash];
  }

  /** To all that it is linked with. */
  tell(type: RecordType, bytes: Uint8Array, except?: string): void {
    this.say({ kind: 'record', type, bytes }, except);
  }

  say(message: Message, except?: string): void {
    for (const [target, link] of this.links) if (target !== except) link.send(message);
  }

  epochStart(fields: Partial<EpochStart> = {}, forgery: Forgery = {}): SignedRecord {
    const body: EpochStart = {
      certId: this.certId,
      epoch: this.epoch,
      tMs: unixMs(Date.now()),
      nonce: this.#nonce,
      chain: this.chain,
      logKey: new Uint8Array(32).fill(4),
      maxVersion: 1,
      addresses: [],
      succession: [],
      ext: new Map(),
      ...fields,
    };
    return signEpochStart(body, ...this.#with(forgery));
  }

  heartbeat(body: Heartbeat, forgery: Forgery = {}): SignedRecord {
    return signHeartbeat(body, ...this.#with(forgery));
  }

  /** The body that an honest node would sign next, with anything replaced. */
  nextBeat(fields: Partial<Heartbeat> = {}): Heartbeat {
    return {
      certId: this.certId,
      epoch: this.epoch,
      seq: this.seq + 1,
      tMs: unixMs(Date.now()),
      intervalMs: BEAT_MS,
      prev: this.prev,
      flags: 0,
      health: 0,
      crlNumber: 1,
      rosterNumber: this.loot.hasRoster ? this.loot.roster.number : 0,
      viewDigest: new Uint8Array(8),
      checkpoint: null,
      heads: null,
      rebuts: null,
      ext: new Map(),
      ...fields,
    };
  }

  leave(fields: Partial<Leave>, forgery: Forgery = {}): SignedRecord {
    const { certId, epoch, seq, tMs, prev, ext } = this.nextBeat();
    return signLeave(
      { certId, epoch, seq, tMs, prev, reason: 'forged', ext, ...fields },
      ...this.#with(forgery),
    );
  }

  /** A renewal to a key and certificate of its own, whoever `fields` say it is of. */
  keyChange(fields: Partial<KeyChange>, forgery: Forgery = {}): SignedRecord {
    const { certId, epoch, seq, tMs, prev, ext } = this.nextBeat();
    const { domainId, nodeId } = this;
    const oldSpkiHash = testCrypto.sha256(this.signer.spki);
    const statement = { certId, nodeId, oldSpkiHash, newSpki: this.signer.spki, tMs, ext };
    const body: KeyChange = {
      ...{ certId, epoch, seq, tMs, prev, ext },
      chain: this.chain,
      successor: signSuccessor(statement, this.signer, domainId, testCrypto).bytes,
      proof: proveKey(this.signer, { domainId, nodeId, epoch, seq }, testCrypto),
      ...fields,
    };
    return signKeyChange(body, ...this.#with(forgery));
  }

  /** An accusation that is right in every field unless one is replaced; undefined before anything of the victim was heard. */
  accuse(victim: Victim, fields: Partial<Accusation> = {}, forgery: Forgery = {}): Uint8Array | undefined {
    const last = fields.last ?? this.loot.evidence(victim.certId);
    if (last === undefined) return undefined;
    const body: Accusation = {
      certId: this.certId,
      tMs: unixMs(Date.now()),
      subject: victim.nodeId,
      epoch: this.loot.newestBeat(victim.certId)?.epoch ?? 1,
      rosterNumber: this.loot.roster.number,
      ring: this.ringOf(this.nodeId, victim.nodeId),
      reason: 'silent',
      ext: new Map(),
      ...fields,
      last,
    };
    return signAccusation(body, ...this.#with(forgery)).bytes;
  }

  /** The ring on which `observer` observes `subject`; 0 where it does not. */
  ringOf(observer: NodeId, subject: NodeId): number {
    return assignObservers(this.loot.roster, testCrypto).ringOf(observer, subject) ?? 0;
  }

  #linkAgain(target: Target): void {
    if (this.links.get(target.name)?.isClosed !== true) return;
    this.link(target).catch(() => undefined);
  }

  readonly #heard = (message: Message, link: AttackLink): void => {
    this.loot.hear(message);
    if (message.kind === 'down') this.#buried(message.certificate);
    if (message.kind !== 'record' || message.type !== 'accusation' || !this.isAnswering) return;
    const decoded = decodeAccusation(message.bytes);
    if (!decoded.ok || decoded.value.body.subject !== this.nodeId || link.isClosed) return;
    this.beat({ rebuts: [idOfRecord(message.bytes, testCrypto)] });
  };

  /** Taken for dead, as a test on a slow machine may be: it comes back as any node would. */
  #buried(certificate: Uint8Array): void {
    const decoded = decodeDownCertificate(certificate);
    if (!decoded.ok || decoded.value.subject !== this.nodeId || decoded.value.epoch < this.epoch) return;
    if (this.isBeating) this.begin();
  }

  #hello(fields: Partial<Hello>): Hello {
    const numbers = { crlNumber: 0, rosterNumber: 0, epoch: this.epoch };
    return testHello({ ...numbers, nonce: this.#nonce, advertise: null, domainId: this.domainId, ...fields });
  }

  #with({ signer, domainId }: Forgery): [Signer, DomainId, typeof testCrypto] {
    return [signer ?? this.signer, domainId ?? this.domainId, testCrypto];
  }
}

/** The id of a domain: of the key of its genesis root. */
export function domainOf(root: Uint8Array): DomainId {
  const id = domainIdOf(testCrypto.sha256(valueOf(parseCertificate(root)).spki));
  if (id === undefined) throw new Error('no domain id');
  return id;
}
