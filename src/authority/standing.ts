import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import type { Certificate } from '../x509/index.ts';
import type { AuthorityDeps } from './deps.ts';
import type { TrustFacts } from './facts.ts';
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
import type { RootCa, RootCas } from './root-ca.ts';
import type { Genesis } from './rows.ts';
import type { StoreReader } from './store.ts';

/** What every operation of one authority needs, read once. */
export interface AuthorityBase {
  readonly deps: AuthorityDeps;
  readonly genesis: Genesis;
  /** With the genesis root alone; in a transaction with all. */
  readonly trust: TrustFacts;
  /** The genesis root. */
  readonly root: Certificate;
  readonly profiles: AuthorityProfiles;
  readonly publisher: Publisher;
  readonly issuingCas: IssuingCas;
  readonly rootCas: RootCas;
}

/** Where the roots and the issuing CAs stand in one transaction: another process may have changed that before. */
export interface StandingContext extends AuthorityBase {
  /** By generation. */
  readonly roots: readonly RootCa[];
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

/** Where they stand now. Throws LS_CA_STORE_CORRUPT. */
export async function standingIn(
  base: AuthorityBase,
  tx: Pick<StoreReader, 'roots' | 'issuers'>,
): Promise<StandingContext> {
  return standingOf(base, await base.rootCas.read(tx), await base.issuingCas.read(tx));
}

export function standingOf(
  base: AuthorityBase,
  roots: readonly RootCa[],
  cas: readonly IssuingCa[],
): StandingContext {
  const trust = { ...base.trust, roots: roots.map(({ certificate }) => certificate.der) };
  return { ...base, trust, roots, cas, issuing: lastActive(cas) };
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
