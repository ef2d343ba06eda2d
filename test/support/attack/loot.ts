import {
  decodeEpochStart,
  decodeHeartbeat,
  decodeKeyChange,
  idOfRecord,
  type Heartbeat,
  type RecordType,
} from '../../../src/heartbeat/index.ts';
import type { Message } from '../../../src/link/index.ts';
import {
  decodeAccusation,
  decodeLeave,
  decodeRoster,
  type EmbeddedRecord,
  type Roster,
} from '../../../src/membership/index.ts';
import type { CertId } from '../../../src/std/index.ts';
import { testCrypto } from '../crypto.ts';

/** A signed record that an attacker has taken off the wire. */
export interface Stolen {
  readonly type: RecordType;
  readonly bytes: Uint8Array;
  readonly certId: CertId;
  /** Of its signer, and 0 where the type has none. */
  readonly epoch: number;
}

const MAX_KEPT = 2_000;

/** All that the attackers of one cluster have heard, shared between them. */
export class Loot {
  readonly #known = new Set<string>();
  readonly #records: Stolen[] = [];
  readonly #newestBeats = new Map<CertId, { readonly body: Heartbeat; readonly bytes: Uint8Array }>();
  readonly downs: Uint8Array[] = [];
  readonly crls: { readonly delta: boolean; readonly der: Uint8Array }[] = [];
  readonly rosters: Uint8Array[] = [];
  #roster: Roster | undefined;

  hear(message: Message): void {
    if (message.kind === 'down') this.downs.push(message.certificate);
    if (message.kind === 'crl') this.crls.push(message);
    if (message.kind === 'record') this.#record(message.type, message.bytes);
  }

  /** The newest roster. */
  get roster(): Roster {
    if (this.#roster === undefined) throw new Error('no roster was heard yet');
    return this.#roster;
  }

  get hasRoster(): boolean {
    return this.#roster !== undefined;
  }

  /** Oldest first. */
  records(type?: RecordType, certId?: CertId): readonly Stolen[] {
    return this.#records.filter(
      (record) =>
        (type === undefined || record.type === type) && (certId === undefined || record.certId === certId),
    );
  }

  newestBeat(certId: CertId): Heartbeat | undefined {
    return this.#newestBeats.get(certId)?.body;
  }

  /** What an accusation of that certificate's holder has to show. */
  evidence(certId: CertId): EmbeddedRecord | undefined {
    const beat = this.#newestBeats.get(certId);
    if (beat !== undefined) return { type: 'heartbeat', bytes: beat.bytes };
    const start = this.records('epoch-start', certId).at(-1);
    return start === undefined ? undefined : { type: 'epoch-start', bytes: start.bytes };
  }

  #record(type: RecordType, bytes: Uint8Array): void {
    const id = idOfRecord(bytes, testCrypto);
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (type === 'roster') this.#rosterHeard(bytes);
    const head = headOf(type, bytes);
    if (head === undefined) return;
    this.#records.push({ type, bytes, ...head });
    // The oldest stay, for replays: what falls out is from the middle.
    if (this.#records.length > MAX_KEPT) this.#records.splice(MAX_KEPT / 2, 1);
    const beat = type === 'heartbeat' ? decodeHeartbeat(bytes) : undefined;
    if (beat?.ok !== true) return;
    const { body } = beat.value;
    const held = this.#newestBeats.get(body.certId)?.body;
    const isNewer = held === undefined || body.epoch > held.epoch || body.seq > held.seq;
    if (isNewer && body.epoch >= (held?.epoch ?? 0)) this.#newestBeats.set(body.certId, { body, bytes });
  }

  #rosterHeard(bytes: Uint8Array): void {
    this.rosters.push(bytes);
    const decoded = decodeRoster(bytes);
    if (decoded.ok && decoded.value.body.number > (this.#roster?.number ?? 0)) {
      this.#roster = decoded.value.body;
    }
  }
}

const DECODERS = {
  heartbeat: decodeHeartbeat,
  'epoch-start': decodeEpochStart,
  'key-change': decodeKeyChange,
  leave: decodeLeave,
  accusation: decodeAccusation,
};

function headOf(
  type: RecordType,
  bytes: Uint8Array,
): { readonly certId: CertId; readonly epoch: number } | undefined {
  if (!(type in DECODERS)) return undefined;
  const decoded = DECODERS[type as keyof typeof DECODERS](bytes);
  return decoded.ok ? { certId: decoded.value.body.certId, epoch: decoded.value.body.epoch } : undefined;
}
