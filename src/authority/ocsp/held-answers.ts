import type { UnixMs } from '../../std/index.ts';
import type { OcspCertStatus, OcspHash } from '../../x509/index.ts';
import { MAX_HELD_ANSWERS } from '../limits.ts';

/** A response as it goes out. */
export interface OcspAnswer {
  /** DER OCSPResponse. */
  readonly der: Uint8Array;
  /** Null for what no cache may keep: an answer to one request alone, and every error. */
  readonly times: OcspTimes | null;
}

export interface OcspTimes {
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
}

/** What is known of one live certificate, signed for both kinds of CertID. */
export interface HeldAnswer {
  /** Of the issuing CA. */
  readonly generation: number;
  readonly certStatus: OcspCertStatus;
  readonly times: OcspTimes;
  readonly byHash: Readonly<Record<OcspHash, OcspAnswer>>;
}

/** Signed answers by serial, in bounded memory: the one that was put in first goes first. */
export class HeldAnswers {
  readonly #bySerial = new Map<string, HeldAnswer>();
  readonly #max: number;

  constructor(max: number = MAX_HELD_ANSWERS) {
    this.#max = max;
  }

  get size(): number {
    return this.#bySerial.size;
  }

  /** How many more fit without another having to go. */
  get room(): number {
    return this.#max - this.#bySerial.size;
  }

  /** Undefined when there is none, or none that holds at `now`. */
  get(serial: string, now: UnixMs): HeldAnswer | undefined {
    const held = this.#bySerial.get(serial);
    return held !== undefined && now <= held.times.nextUpdate ? held : undefined;
  }

  put(serial: string, answer: HeldAnswer): void {
    this.#bySerial.delete(serial);
    if (this.room <= 0) {
      const oldest = this.#bySerial.keys().next();
      if (oldest.done !== true) this.#bySerial.delete(oldest.value);
    }
    this.#bySerial.set(serial, answer);
  }

  delete(serial: string): void {
    this.#bySerial.delete(serial);
  }

  /** Forgets all but these serials. */
  retain(live: ReadonlySet<string>): void {
    for (const serial of this.#bySerial.keys()) if (!live.has(serial)) this.#bySerial.delete(serial);
  }

  /** The moment at which the first of them lapses; undefined when there is none. */
  soonestNextUpdate(): UnixMs | undefined {
    let soonest: UnixMs | undefined;
    for (const { times } of this.#bySerial.values()) {
      if (soonest === undefined || times.nextUpdate < soonest) soonest = times.nextUpdate;
    }
    return soonest;
  }
}
