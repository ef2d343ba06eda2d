import type { UnixMs } from '../std/index.ts';
import { crlsInOrder, readCurrentCrls } from './crl.ts';
import type { CurrentCrls, Seed } from './facts.ts';
import type { CrlHead } from './rows.ts';
import { liveSeeds } from './seeds.ts';
import type { StoreReader } from './store.ts';
import { noEarlierThan } from './time.ts';

/** The newest CRLs and the newest roster's record. */
export interface Published {
  readonly crls: CurrentCrls;
  /** Those of the issuing CAs in their order, each full one before its delta, then the root's. */
  readonly allCrls: readonly Uint8Array[];
  readonly roster: Uint8Array;
}

/**
 * What each of many parts of one transaction would look up: once for all, until one of them changes it and says so.
 * CRLs and rosters are not changed by parts.
 */
export class InCommon {
  readonly #tx: StoreReader;
  #published: Promise<Published | null> | undefined;
  #seeds: Promise<readonly Seed[]> | undefined;
  #members: Promise<number> | undefined;
  #newestCrl: Promise<CrlHead | null> | undefined;
  #admitted = 0;

  constructor(tx: StoreReader) {
    this.#tx = tx;
  }

  /** Null before `initialise`. */
  published(): Promise<Published | null> {
    this.#published ??= readPublished(this.#tx);
    return this.#published;
  }

  /** As actingTime. */
  async actingTime(now: UnixMs): Promise<UnixMs> {
    this.#newestCrl ??= this.#tx.newestCrl();
    return noEarlierThan(await this.#newestCrl, now);
  }

  seeds(): Promise<readonly Seed[]> {
    this.#seeds ??= liveSeeds(this.#tx);
    return this.#seeds;
  }

  addressesChanged(): void {
    this.#seeds = undefined;
  }

  /** Of the next roster, at least. */
  async members(now: UnixMs): Promise<number> {
    this.#members ??= this.#tx.countRosterNodes(now);
    return (await this.#members) + this.#admitted;
  }

  memberAdmitted(): void {
    this.#admitted += 1;
  }

  /** A part was undone. */
  forget(): void {
    this.#seeds = undefined;
    this.#members = undefined;
    this.#admitted = 0;
  }
}

async function readPublished(tx: StoreReader): Promise<Published | null> {
  const crls = await readCurrentCrls(tx);
  const head = await tx.newestRoster();
  const roster = head === null ? null : await tx.rosterRecord(head.number);
  return crls === null || roster === null ? null : { crls, allCrls: crlsInOrder(crls), roster };
}
