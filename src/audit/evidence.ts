import type { CryptoPort, NodeId } from '../std/index.ts';
import { treeHasher, type TreeHasher } from '../ledger/index.ts';
import { assignObservers, type ObserverAssignment, type Roster } from '../membership/index.ts';
import type { TrustBundle } from '../trust/index.ts';
import { CertificateBook } from './certificate-book.ts';
import { History } from './history.ts';
import { KeyHistory } from './key-history.ts';
import { Findings } from './report.ts';
import { RevocationBook } from './revocation-book.ts';

/** Rosters kept for the down certificates that name them, newest numbers first. */
export const MAX_TRACKED_ROSTERS = 1_024;

/** What all logs of one audit share. */
export class Evidence {
  readonly bundle: TrustBundle;
  readonly crypto: CryptoPort;
  readonly hasher: TreeHasher;
  readonly findings = new Findings();
  readonly history = new History();
  readonly certificates: CertificateBook;
  readonly revocations: RevocationBook;
  readonly keys: KeyHistory;
  /** Log keys that verified epoch-starts bind, by node. */
  readonly logKeys = new Map<NodeId, Uint8Array>();
  readonly #rosters = new Map<number, KnownRoster>();

  constructor(bundle: TrustBundle, crypto: CryptoPort) {
    this.bundle = bundle;
    this.crypto = crypto;
    this.hasher = treeHasher(crypto);
    this.certificates = new CertificateBook(bundle, crypto);
    this.revocations = new RevocationBook(bundle, this.certificates, crypto);
    this.keys = new KeyHistory(bundle.domainId, crypto);
  }

  /** A good down certificate, or its own leave, says so: others observe in its place. For ever, as far as the audit goes. */
  readonly cannotObserve = new Set<NodeId>();

  roster(number: number): KnownRoster | undefined {
    return this.#rosters.get(number);
  }

  /** Requires: verified. Keeps the first of each number. */
  keepRoster(roster: Roster, structureHash: Uint8Array): void {
    if (this.#rosters.has(roster.number)) return;
    if (this.#rosters.size >= MAX_TRACKED_ROSTERS) this.#rosters.delete(Math.min(...this.#rosters.keys()));
    const { crypto } = this;
    let assignment: ObserverAssignment | undefined;
    this.#rosters.set(roster.number, {
      roster,
      structureHash,
      assignment: () => (assignment ??= assignObservers(roster, crypto)),
    });
  }
}

export interface KnownRoster {
  readonly roster: Roster;
  readonly structureHash: Uint8Array;
  /** Who observes whom; computed when first asked for. */
  assignment(): ObserverAssignment;
}
