import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import type { Certificate } from '../x509/index.ts';
import type { AuthorityDeps } from './deps.ts';
import type { Publication, TrustFacts } from './facts.ts';
import { readMissed } from './foreign.ts';
import {
  hasEnded,
  lastActive,
  livingOf,
  type IssuingCa,
  type IssuingCas,
  type LivingCa,
} from './issuing-ca.ts';
import type { AuthorityProfiles } from './profiles.ts';
import type { Publisher } from './publisher.ts';
import type { Genesis } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';

/** What every operation of one authority needs, read once. */
export interface AuthorityBase {
  readonly deps: AuthorityDeps;
  readonly genesis: Genesis;
  readonly trust: TrustFacts;
  readonly root: Certificate;
  readonly profiles: AuthorityProfiles;
  readonly publisher: Publisher;
  readonly issuingCas: IssuingCas;
}

/** Where the issuing CAs stand in one transaction: another process may have changed that before. */
export interface StandingContext extends AuthorityBase {
  /** By generation, ended ones too. */
  readonly cas: readonly IssuingCa[];
  /** The one that is active, or was the last to be: entries of the ledger that are about no certificate carry its own. */
  readonly issuing: IssuingCa;
}

/** A transaction in which this process signs for every issuing CA that has not ended. */
export interface AuthorityContext extends StandingContext {
  /** The active one. */
  readonly issuing: LivingCa;
  /** All that sign CRLs, by generation. */
  readonly living: readonly LivingCa[];
}

/** The answer of a transaction, and what the world is to hear of once it is committed. */
export interface Outcome<T> {
  readonly answer: T;
  readonly publication?: Publication;
}

type Work<T, C> = (tx: StoreTransaction, context: C) => Promise<Result<Outcome<T>, Fault>>;

/**
 * Runs `work` in a transaction, and publishes after the commit and before anyone has the answer.
 * Errors: LS_CA_READ_ONLY for a store restored from a backup, since it may not know the newest revocations;
 * LS_CA_REVOKED when the root has revoked the active issuing CA; LS_CA_KEY_MISMATCH when the key of an issuing CA that
 * signs is not at hand.
 */
export async function commit<T>(
  base: AuthorityBase,
  work: Work<T, AuthorityContext>,
): Promise<Result<T, Fault>> {
  return commitAlways(base, async (tx, context) => {
    const since = await tx.readOnlySince();
    return since === null ? work(tx, context) : err(readOnlyFault());
  });
}

/** {@link commit} for what a restored CA does too. */
export async function commitAlways<T>(
  base: AuthorityBase,
  work: Work<T, AuthorityContext>,
): Promise<Result<T, Fault>> {
  return run(base, async (tx, standing) => {
    const context = acting(standing);
    return context.ok ? work(tx, context.value) : context;
  });
}

/** {@link commit} for what is done whether or not an issuing CA can sign: it goes on from a revoked one. */
export async function commitStanding<T>(
  base: AuthorityBase,
  work: Work<T, StandingContext>,
): Promise<Result<T, Fault>> {
  return run(base, async (tx, standing) => {
    const since = await tx.readOnlySince();
    return since === null ? work(tx, standing) : err(readOnlyFault());
  });
}

async function run<T>(base: AuthorityBase, work: Work<T, StandingContext>): Promise<Result<T, Fault>> {
  const { store } = base.deps;
  const done = await store.transaction(async (tx) => {
    // Read under the lock of this very transaction, so that nothing comes between: a listener that knows all up to
    // here can take what this transaction publishes.
    const standing = await standingIn(base, tx);
    const missed = store.exchange === undefined ? [] : await readMissed(tx, standing);
    const outcome = await work(tx, standing);
    return outcome.ok ? ok({ ...outcome.value, missed }) : outcome;
  });
  if (!done.ok) return done;
  const { answer, publication, missed } = done.value;
  for (const each of missed) base.publisher.publish(each);
  if (publication !== undefined) base.publisher.publish(publication);
  return ok(answer);
}

/** Where the issuing CAs stand now. Throws LS_CA_STORE_CORRUPT. */
export async function standingIn(
  base: AuthorityBase,
  tx: Pick<StoreReader, 'issuers'>,
): Promise<StandingContext> {
  return standingOf(base, await base.issuingCas.read(tx));
}

export function standingOf(base: AuthorityBase, cas: readonly IssuingCa[]): StandingContext {
  return { ...base, cas, issuing: lastActive(cas) };
}

/** Errors: LS_CA_REVOKED, LS_CA_KEY_MISMATCH. */
export function acting(standing: StandingContext): Result<AuthorityContext, Fault> {
  const { generation, row, certificate } = standing.issuing;
  if (hasEnded(row)) {
    const detail = `the root has revoked the issuing CA ${certificate.serialHex}`;
    return err(fault('LS_CA_REVOKED', detail));
  }
  const living = livingOf(standing.cas);
  if (!living.ok) return living;
  const issuing = living.value.find((ca) => ca.generation === generation);
  if (issuing === undefined) throw new RangeError('the active issuing CA is among those that sign');
  return ok({ ...standing, issuing, living: living.value });
}

/** The one of a generation, as long as it signs. */
export function livingCa({ living }: AuthorityContext, generation: number): LivingCa | undefined {
  return living.find((ca) => ca.generation === generation);
}

export function readOnlyFault(): Fault {
  return fault('LS_CA_READ_ONLY', 'this CA was restored from a backup and is read-only');
}
