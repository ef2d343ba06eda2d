import { err, fault, ok, type CertId, type Fault, type Result } from '../std/index.ts';
import type { Certificate, Issuer } from '../x509/index.ts';
import type { AuthorityDeps } from './deps.ts';
import type { Publication, TrustFacts } from './facts.ts';
import { readMissed } from './foreign.ts';
import type { AuthorityProfiles } from './profiles.ts';
import type { Publisher } from './publisher.ts';
import type { Genesis } from './rows.ts';
import type { StoreTransaction } from './store.ts';

/** What every operation of one authority needs, read once. */
export interface AuthorityContext {
  readonly deps: AuthorityDeps;
  readonly genesis: Genesis;
  readonly trust: TrustFacts;
  readonly root: Certificate;
  readonly issuing: Certificate;
  readonly issuer: Issuer;
  readonly issuingCertId: CertId;
  readonly profiles: AuthorityProfiles;
  readonly publisher: Publisher;
}

/** The answer of a transaction, and what the world is to hear of once it is committed. */
export interface Outcome<T> {
  readonly answer: T;
  readonly publication?: Publication;
}

type Work<T> = (tx: StoreTransaction) => Promise<Result<Outcome<T>, Fault>>;

/**
 * Runs `work` in a transaction, and publishes after the commit and before anyone has the answer.
 * Error: LS_CA_READ_ONLY for a store restored from a backup, since it may not know the newest revocations.
 */
export async function commit<T>(context: AuthorityContext, work: Work<T>): Promise<Result<T, Fault>> {
  return commitAlways(context, async (tx) => {
    const since = await tx.readOnlySince();
    return since === null ? work(tx) : err(readOnlyFault());
  });
}

/** {@link commit} for what a restored CA does too. */
export async function commitAlways<T>(context: AuthorityContext, work: Work<T>): Promise<Result<T, Fault>> {
  const { store } = context.deps;
  const done = await store.transaction(async (tx) => {
    // Read under the lock of this very transaction, so that nothing comes between: a listener that knows all up to
    // here can take what this transaction publishes.
    const missed = store.exchange === undefined ? [] : await readMissed(tx, context.publisher.told);
    const outcome = await work(tx);
    return outcome.ok ? ok({ ...outcome.value, missed }) : outcome;
  });
  if (!done.ok) return done;
  const { answer, publication, missed } = done.value;
  for (const each of missed) context.publisher.publish(each);
  if (publication !== undefined) context.publisher.publish(publication);
  return ok(answer);
}

export function readOnlyFault(): Fault {
  return fault('LS_CA_READ_ONLY', 'this CA was restored from a backup and is read-only');
}
