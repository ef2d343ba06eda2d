import { err, fault, ok, unixMs } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { isTrustDomain } from '../x509/index.ts';
import { makeHierarchy, type Hierarchy } from './hierarchy.ts';
import { publishFullCrl, publishRootCrl } from './crl.ts';
import type { AuthorityDeps, AuthorityKeys, InitialisedAuthority, InitialiseRequest } from './deps.ts';
import { logKeyEntry } from './bind-log-key.ts';
import { journal } from './journal.ts';
import { isDnsName, quote } from './names.ts';
import { makeBase, strangeRootKey } from './open.ts';
import { publishRoster } from './roster.ts';
import { newestRoot } from './root-ca.ts';
import type { Genesis, IssuerRow, RootRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';
import { wholeSecond } from './time.ts';
import { acting, standingOf, type AuthorityBase, type AuthorityContext } from './standing.ts';

const SALT_BYTES = 16;
/** DNS suffixes that one issuing CA may be given beside the trust domain. */
export const MAX_PERMITTED_DNS = 16;

/**
 * Makes the root and issuing certificates, the root's CRL, the first full CRL and roster number 1 (no members) in
 * one transaction.
 *
 * Errors: LS_CA_ALREADY_INITIALISED, with nothing changed, when the store holds an authority; LS_CA_REQUEST;
 * LS_CA_STORE_*.
 */
export async function initialiseAuthority(
  deps: AuthorityDeps & { readonly keys: Required<AuthorityKeys> },
  request: InitialiseRequest,
  now: UnixMs,
): Promise<Result<InitialisedAuthority, Fault>> {
  const refused = checkRequest(request);
  if (refused !== undefined) return err(refused);
  const hierarchy = makeHierarchy(deps, request, wholeSecond(now));
  if (!hierarchy.ok) return hierarchy;
  const genesis = genesisOf(deps, request, hierarchy.value, now);
  const context = beginnerContext(deps, genesis);
  if (!context.ok) return context;
  return deps.store.transaction(async (tx) => {
    if ((await tx.genesis()) !== null) {
      return err(fault('LS_CA_ALREADY_INITIALISED', 'the store holds a CA already'));
    }
    return ok(
      await found(context.value, tx, { logKey: request.logKey, now }, async () => {
        await publishRootCrl(context.value, tx, newestRoot(context.value.roots), now);
      }),
    );
  });
}

/** With the first issuing CA, which no store holds yet. Errors: LS_CA_STORE_CORRUPT, LS_CA_KEY_MISMATCH. */
export function beginnerContext(deps: AuthorityDeps, genesis: Genesis): Result<AuthorityContext, Fault> {
  const made = makeBase(deps, genesis);
  if (!made.ok) return made;
  const base = made.value;
  const roots = [base.rootCas.of(firstRoot(genesis))];
  const stranger = strangeRootKey(roots, deps.keys);
  if (stranger !== undefined) return err(stranger);
  return acting(standingOf(base, roots, [base.issuingCas.of(firstIssuer(genesis))]));
}

function firstRoot({ root, createdAt }: Genesis): RootRow {
  return { generation: 1, certificate: root, cross: null, preparedAt: createdAt };
}

function firstIssuer({ issuing, createdAt }: Genesis): IssuerRow {
  return {
    generation: 1,
    state: 'active',
    certificate: issuing,
    preparedAt: createdAt,
    activatedAt: createdAt,
    endedAt: null,
    firstCrlNumber: 1,
    renewWithinMs: null,
  };
}

/** The transaction that a CA begins with. `rootCrl` keeps the first CRL of the root. */
export async function found(
  context: AuthorityContext,
  tx: StoreTransaction,
  { logKey, now }: { readonly logKey: Uint8Array | undefined; readonly now: UnixMs },
  rootCrl: () => Promise<void>,
): Promise<InitialisedAuthority> {
  await tx.insertGenesis(context.genesis);
  await tx.insertRoot(firstRoot(context.genesis));
  await tx.insertIssuer(context.issuing.row);
  if (logKey !== undefined) await journal(tx, [logKeyEntry(context, logKey, now)], now);
  await rootCrl();
  await publishFullCrl(context, tx, now);
  await publishRoster(context, tx, now);
  return initialised(context);
}

export function initialised({ trust, genesis, deps }: AuthorityBase): InitialisedAuthority {
  return { ...trust, issuing: genesis.issuing, rootSha256: deps.crypto.sha256(genesis.root) };
}

/** What a CA is fixed to at its beginning, beside its certificates. */
export function genesisOf(
  { random }: Pick<AuthorityDeps, 'random'>,
  request: InitialiseRequest,
  hierarchy: Hierarchy,
  now: UnixMs,
): Genesis {
  return {
    trustDomain: request.trustDomain,
    ...hierarchy,
    rosterSalt: random.bytes(SALT_BYTES),
    crlUrl: request.crlUrl ?? null,
    createdAt: unixMs(now),
  };
}

/** LS_CA_REQUEST for what no certificate can say. */
export function checkRequest({ trustDomain, permittedDns, crlUrl }: InitialiseRequest): Fault | undefined {
  if (!isTrustDomain(trustDomain)) {
    return fault('LS_CA_REQUEST', `${quote(trustDomain)} is not a dotted, lower-case DNS name`);
  }
  if (permittedDns.length > MAX_PERMITTED_DNS) {
    return fault(
      'LS_CA_REQUEST',
      `${permittedDns.length} permitted DNS names, allowed are ${MAX_PERMITTED_DNS}`,
    );
  }
  const bad = permittedDns.find((name) => !isDnsName(name));
  if (bad !== undefined) return fault('LS_CA_REQUEST', `${quote(bad)} is not a DNS name`);
  if (crlUrl !== undefined && !CRL_URL.test(crlUrl)) {
    return fault('LS_CA_REQUEST', `${quote(crlUrl)} is not http://HOST:PORT`);
  }
  return undefined;
}

const CRL_URL = /^http:\/\/[A-Za-z0-9.[\]:-]{1,262}$/;
