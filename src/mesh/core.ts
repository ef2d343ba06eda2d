import type { MemberTable } from '../membership/index.ts';
import type { CryptoPort, DomainId, Instant, Random, UnixMs } from '../std/index.ts';
import { unixMs } from '../std/index.ts';
import type { Affected } from './affected.ts';
import type { CoreConfig } from './config.ts';
import type { Directory } from './directory.ts';
import type { AskedAt, Issuers } from './issuers.ts';
import type { Journal } from './journal.ts';
import type { Keeper } from './keeper.ts';
import type { Outbox } from './outbox.ts';
import type { OwnIdentity } from './own-identity.ts';
import type { TrustState } from './trust-state.ts';

/** What every part of a node's core shares. Only the event being handled changes it. */
export interface Core {
  /** Replaced as the operator changes it. */
  config: CoreConfig;
  readonly crypto: CryptoPort;
  readonly random: Random;
  readonly domainId: DomainId;
  readonly out: Outbox;
  readonly journal: Journal;
  readonly keeper: Keeper;
  readonly own: OwnIdentity;
  readonly table: MemberTable;
  readonly trust: TrustState;
  readonly issuers: Issuers;
  readonly directory: Directory;
  /** By the event being handled. */
  readonly affected: Affected;
  /** The moment of the event being handled. */
  now: Instant;
}

/** The time that validity is judged by: a clock turned back revives nothing. */
export function trustedNow(core: Pick<Core, 'now' | 'keeper'>): UnixMs {
  return unixMs(Math.max(core.now.wall, core.keeper.trustedTime));
}

/** The moment of the event being handled, by both clocks. */
export function askedNow(core: Pick<Core, 'now' | 'keeper'>): AskedAt {
  return { now: trustedNow(core), mono: core.now.mono };
}

/** The CRL number that this node enforces, see Issuers. */
export function enforcedCrlNumber(core: Pick<Core, 'now' | 'keeper' | 'issuers'>): number {
  return core.issuers.crlNumber(askedNow(core));
}

/** A share in [0, 1) from the node's own randomness, for jitter. */
export function randomShare(core: Pick<Core, 'random'>): number {
  const bytes = core.random.bytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) / 2 ** 32;
}
