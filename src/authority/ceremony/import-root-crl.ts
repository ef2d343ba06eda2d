import { err, fault, ok, unixMs, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState, type TrustBundle } from '../../trust/index.ts';
import { parseCrl, type CertificateList } from '../../x509/index.ts';
import { commitStanding, type Outcome } from '../context.ts';
import { keepRootCrl, readRootCrl } from '../crl.ts';
import type { Publication, RootCrlFacts } from '../facts.ts';
import { endRevoked, isRevokedBy } from '../rollover/end-revoked.ts';
import { certificateEvent, journal } from '../journal.ts';
import { rootNamed } from '../root-ca.ts';
import type { StoreTransaction } from '../store.ts';
import { actingTime } from '../time.ts';
import type { AuthorityBase, StandingContext } from '../standing.ts';

/**
 * Takes a newer CRL of a root, by the rules of any relying party, and tells the nodes. One that revokes the active
 * issuing CA is taken like any other: it is the root that decides.
 *
 * Errors: LS_CRL_ISSUER for another issuer's, LS_CEREMONY_LAPSED for one past its nextUpdate; those of applyCrl.
 */
export async function importRootCrl(
  base: AuthorityBase,
  der: Uint8Array,
  now: UnixMs,
): Promise<Result<RootCrlFacts, Fault>> {
  const parsed = parseCrl(new Uint8Array(der));
  if (!parsed.ok) return parsed;
  const list = parsed.value;
  return commitStanding(base, async (tx, context) => {
    const taken = await takeRootCrl(context, tx, list, await actingTime(tx, now));
    if (!taken.ok) return taken;
    const { facts, publication } = taken.value;
    const outcome: Outcome<RootCrlFacts> = { answer: facts, publication };
    return ok(outcome);
  });
}

interface TakenRootCrl {
  readonly facts: RootCrlFacts;
  /** Empty when the CRL was no news. */
  readonly publication: Publication;
}

/** {@link importRootCrl} within a transaction. */
export async function takeRootCrl(
  context: StandingContext,
  tx: StoreTransaction,
  list: CertificateList,
  now: UnixMs,
): Promise<Result<TakenRootCrl, Fault>> {
  const root = rootNamed(context.roots, list.issuer);
  if (root === undefined) return err(fault('LS_CRL_ISSUER', 'the CRL is not that of a root of this CA'));
  const { trustDomain, roots } = context.trust;
  const made = makeTrustBundle(trustDomain, roots, context.deps.crypto);
  if (!made.ok) return made;
  const bundle: TrustBundle = made.value;
  const held = await readRootCrl(tx, root);
  if (held === null) return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no CRL of the root'));
  const apply = (state: RevocationState, crl: CertificateList) =>
    applyCrl(state, crl.der, [], bundle, context.deps.crypto, now);
  const before = apply(RevocationState.empty(), held);
  if (!before.ok) return before;
  const after = apply(before.value.state, list);
  if (!after.ok) return after;
  const facts = factsOf(context, list, after.value.news);
  if (!facts.isNews) return ok({ facts, publication: {} });
  if (facts.nextUpdate <= now) {
    return err(fault('LS_CEREMONY_LAPSED', `CRL ${facts.number} of the root has lapsed already`));
  }
  await journalRootCrl(context, tx, list, now);
  const ended = await endRevoked(context, tx, list, now);
  const rootCrl = await keepRootCrl(context, tx, root, list.der, now);
  return ok({ facts, publication: { ...ended, rootCrls: [rootCrl] } });
}

/** The word in the ledger that goes before a CRL which the root has signed elsewhere. */
export async function journalRootCrl(
  { issuing }: Pick<StandingContext, 'issuing'>,
  tx: StoreTransaction,
  { extensions, entries }: CertificateList,
  now: UnixMs,
): Promise<void> {
  const values = [String(extensions.crlNumber?.value ?? 0), String(entries.size)];
  await journal(tx, [certificateEvent('root-crl', values, issuing.certificate.der)], now);
}

function factsOf({ issuing }: StandingContext, list: CertificateList, isNews: boolean): RootCrlFacts {
  return {
    number: list.extensions.crlNumber?.value ?? 0,
    thisUpdate: unixMs(list.thisUpdate),
    nextUpdate: unixMs(list.nextUpdate ?? list.thisUpdate),
    revoked: list.entries.size,
    isNews,
    endsIssuing: isRevokedBy(list, issuing.certificate),
  };
}
