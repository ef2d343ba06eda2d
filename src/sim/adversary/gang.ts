import { idOfRecord } from '../../heartbeat/index.ts';
import type { RecordType } from '../../heartbeat/index.ts';
import { assignObservers, decodeRoster } from '../../membership/index.ts';
import type { CertId, CryptoPort, DomainId, NodeId } from '../../std/index.ts';
import { valueOf } from '../certificates.ts';
import type { SimNode } from '../node.ts';
import type { SeededRandom } from '../random.ts';

/** Records kept of each type and signer: the newest, and some of long ago for replays. */
const MAX_KEPT = 24;

/** A signed record that some adversary has heard. */
export interface Heard {
  readonly type: RecordType;
  readonly bytes: Uint8Array;
  readonly certId: CertId;
  readonly epoch: number;
}

/** What a gang knows of the world around it: more than a real one would. */
export interface GangWorld {
  readonly nodes: readonly SimNode[];
  readonly crypto: { readonly port: CryptoPort };
  readonly ca: { readonly domainId: DomainId; readonly roster: Uint8Array; readonly rosterNumber: number };
}

/** The adversaries of one world tell each other all they hear, and plan together. */
export class Gang {
  readonly dice: SeededRandom;
  readonly #world: GangWorld;
  readonly #heard = new Map<string, Heard[]>();
  readonly #known = new Set<string>();
  readonly downs: Uint8Array[] = [];
  /** Accusations that members of the gang have signed, by subject and epoch. */
  readonly accusations = new Map<string, Map<NodeId, Uint8Array>>();
  #ring: { readonly number: number; readonly of: ReturnType<typeof assignObservers> } | undefined;

  constructor(world: GangWorld, dice: SeededRandom) {
    this.#world = world;
    this.dice = dice;
  }

  get crypto(): CryptoPort {
    return this.#world.crypto.port;
  }

  get domainId(): DomainId {
    return this.#world.ca.domainId;
  }

  get rosterNumber(): number {
    return this.#world.ca.rosterNumber;
  }

  get victims(): readonly SimNode[] {
    return this.#world.nodes.filter((node) => !node.isHostile);
  }

  hear(heard: Heard): void {
    const id = idOfRecord(heard.bytes, this.crypto);
    if (this.#known.has(id)) return;
    this.#known.add(id);
    const shelf = `${heard.type} ${heard.certId}`;
    const kept = this.#heard.get(shelf) ?? [];
    kept.push(heard);
    // The first ones stay: they are what replays need.
    if (kept.length > MAX_KEPT) kept.splice(MAX_KEPT / 2, 1);
    this.#heard.set(shelf, kept);
  }

  heardDown(certificate: Uint8Array): void {
    if (this.downs.length < MAX_KEPT) this.downs.push(certificate);
  }

  recordsOf(type: RecordType, certId: CertId): readonly Heard[] {
    return this.#heard.get(`${type} ${certId}`) ?? [];
  }

  /** Anything anyone ever said. */
  anyRecord(): Heard | undefined {
    const shelves = [...this.#heard.values()];
    return shelves.length === 0 ? undefined : this.dice.pick(this.dice.pick(shelves));
  }

  ringOf(observer: NodeId, subject: NodeId): number | undefined {
    let ring = this.#ring;
    if (ring?.number !== this.rosterNumber) {
      const { body } = valueOf(decodeRoster(this.#world.ca.roster));
      ring = { number: body.number, of: assignObservers(body, this.crypto) };
      this.#ring = ring;
    }
    return ring.of.ringOf(observer, subject);
  }
}
