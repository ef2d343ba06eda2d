import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import type { Publication } from './facts.ts';
import { readMissed } from './foreign.ts';
import {
  acting,
  standingIn,
  type AuthorityBase,
  type AuthorityContext,
  type StandingContext,
} from './standing.ts';
import type { StoreTransaction } from './store.ts';

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

export function readOnlyFault(): Fault {
  return fault('LS_CA_READ_ONLY', 'this CA was restored from a backup and is read-only');
}
