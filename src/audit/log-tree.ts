import { equalBytes, toHex } from '../std/index.ts';
import {
  HASH_BYTES,
  TiledTree,
  type MerkleTree,
  type Tile,
  type TreeHasher,
  type TreeHead,
} from '../ledger/index.ts';
import type { Findings, Place } from './report.ts';
import type { LedgerSource } from './source.ts';

/** Newest sizes of a log at which a root that somebody claims can be checked. */
export const WINDOW_SIZES = 4_096;
/** Claims about sizes that a log has not reached yet. */
export const MAX_PENDING_CLAIMS = 4_096;

/** Somebody signed that a log has this head. */
export interface HeadClaim extends TreeHead {
  readonly place: Place;
  readonly node: string;
  readonly epoch: number | null;
  readonly seq: number | null;
}

type TreeSource = Pick<LedgerSource, 'place' | 'tile'>;

type ClaimCode = 'LS_AUDIT_FORK' | 'LS_AUDIT_ROOT';

interface PendingClaim {
  readonly claim: HeadClaim;
  readonly code: ClaimCode;
}

interface Moment {
  readonly tree: MerkleTree;
  readonly place: Place;
  /** Computed when somebody first claims this size. */
  root?: Uint8Array;
}

/** One log's tree, computed again from its bodies, and compared with whatever was signed or stored about it. */
export class LogTree {
  readonly #source: TreeSource;
  readonly #findings: Findings;
  readonly #hasher: TreeHasher;
  readonly #tree: TiledTree;
  /** Size → tree and the entry that made it that large. */
  readonly #moments = new Map<number, Moment>();
  #pending: PendingClaim[] = [];
  /** The first claim that there was no room for. */
  #unchecked: HeadClaim | undefined;
  #broken = false;
  /** The largest size at which a signed root was found right: what is wrong comes after it. */
  #confirmed = 0;
  #accused = false;

  constructor(source: TreeSource, findings: Findings, hasher: TreeHasher) {
    this.#source = source;
    this.#findings = findings;
    this.#hasher = hasher;
    this.#tree = new TiledTree(hasher);
    this.#moments.set(0, { tree: this.#tree.snapshot(), place: wholeLog(source, 0) });
  }

  get size(): number {
    return this.#tree.size;
  }

  /** Undefined when entries could not be read. */
  root(): Uint8Array | undefined {
    return this.#broken ? undefined : this.#tree.root();
  }

  /** Entries are unreadable from here on: no root after this can be computed. */
  breakOff(): void {
    this.#broken = true;
    this.#pending = [];
  }

  /** Adds an entry; tiles that it completes are compared with the stored ones. */
  async append(body: Uint8Array, place: Place): Promise<void> {
    if (this.#broken) return;
    const filled = this.#tree.append(this.#hasher.leaf(body));
    const { size } = this.#tree;
    this.#moments.set(size, { tree: this.#tree.snapshot(), place });
    this.#moments.delete(size - WINDOW_SIZES);
    for (const tile of filled) await this.#compareTile(tile, place.home);
    if (this.#pending.some(({ claim }) => claim.size <= size)) this.#checkPending();
  }

  /**
   * Checks a signed head against this log, at once or as soon as the log is that long. `code` is what a
   * contradiction is called.
   */
  claim(claim: HeadClaim, code: ClaimCode): void {
    if (this.#broken) return;
    if (claim.size > this.size) {
      if (this.#pending.length < MAX_PENDING_CLAIMS) this.#pending.push({ claim, code });
      else this.#unchecked ??= claim;
      return;
    }
    const moment = this.#moments.get(claim.size);
    if (moment === undefined) {
      this.#findings.add('LS_AUDIT_LIMIT', claim.place, this.#say(claim, 'the log as it was that long ago'));
      return;
    }
    const root = (moment.root ??= moment.tree.root());
    if (equalBytes(root, claim.root)) {
      this.#confirmed = Math.max(this.#confirmed, claim.size);
      return;
    }
    this.#accuse(claim, root, code);
  }

  /** Call after the last entry: reports what was claimed beyond it, and answers whether anything was. */
  finish(): boolean {
    if (this.#broken) return true;
    const [first] = this.#pending;
    const unchecked = this.#unchecked;
    if (first !== undefined) {
      const { place, node, epoch, seq, size } = first.claim;
      const expected = `${String(size)} entries`;
      const found = `${String(this.size)} in ${this.#source.place}`;
      this.#findings.add('LS_AUDIT_LOG_SHORT', place, { node, epoch, seq, expected, found });
    } else if (unchecked !== undefined) {
      this.#findings.add('LS_AUDIT_LIMIT', unchecked.place, this.#say(unchecked, 'fewer logs at once'));
    }
    return first !== undefined;
  }

  /** The entry that comes first after all that signed roots confirm. */
  firstUnconfirmed(home: number): Place {
    const next = this.#moments.get(this.#confirmed + 1);
    return next?.place ?? { ...wholeLog(this.#source, home), index: this.#confirmed };
  }

  #checkPending(): void {
    const due = this.#pending.filter(({ claim }) => claim.size <= this.size);
    this.#pending = this.#pending.filter(({ claim }) => claim.size > this.size);
    for (const { claim, code } of due) this.claim(claim, code);
  }

  /** An altered entry makes every later root wrong: it is reported once, where the first wrong root points. */
  #accuse(claim: HeadClaim, root: Uint8Array, code: ClaimCode): void {
    if (this.#accused) return;
    this.#accused = true;
    const place = code === 'LS_AUDIT_ROOT' ? this.firstUnconfirmed(claim.place.home) : claim.place;
    const suspects = `entries ${String(this.#confirmed)} to ${String(claim.size - 1)}`;
    this.#findings.add(code, place, {
      node: claim.node,
      epoch: claim.epoch,
      seq: claim.seq,
      expected: `root ${toHex(claim.root)} over ${String(claim.size)} entries`,
      found: `root ${toHex(root)}; one of ${suspects} is not what was signed`,
    });
  }

  #say(claim: HeadClaim, what: string) {
    return { node: claim.node, epoch: claim.epoch, seq: claim.seq, expected: what, found: null };
  }

  async #compareTile(tile: Tile, home: number): Promise<void> {
    const stored = await this.#source.tile(tile.level, tile.index);
    if (stored === undefined || equalBytes(stored.bytes, tile.bytes)) return;
    const position = firstDifference(stored.bytes, tile.bytes);
    const index = (tile.index * 256 + position) * 256 ** tile.level;
    const offset = position * HASH_BYTES;
    const hashAt = (bytes: Uint8Array): string => toHex(bytes.subarray(offset, offset + HASH_BYTES));
    this.#findings.add(
      'LS_AUDIT_TILE',
      { home, file: stored.file, offset, index },
      { expected: hashAt(tile.bytes), found: hashAt(stored.bytes) },
    );
  }
}

/** Number of the first hash that differs. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (a[at] === b[at]) at += 1;
  return Math.floor(at / HASH_BYTES);
}

export function wholeLog(source: Pick<LedgerSource, 'place'>, home: number): Place {
  return { home, file: source.place, offset: null, index: null };
}
