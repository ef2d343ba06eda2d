import { equalBytes, err, fault, ok, unixMs, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { applyCrl, makeTrustBundle, RevocationState, type TrustBundle } from '../../trust/index.ts';
import { parseCrl, type CertificateList } from '../../x509/index.ts';
import { commit, type AuthorityContext, type Outcome } from '../context.ts';
import { keepRootCrl, readRootCrl } from '../crl.ts';
import type { RootCrlFacts } from '../facts.ts';
import { certificateEvent, journal } from '../journal.ts';
import type { StoreTransaction } from '../store.ts';
import { actingTime } from '../time.ts';

/**
 * Takes a newer CRL of the root, by the rules of any relying party, and tells the nodes. One that revokes the issuing
 * CA itself is taken like any other: it is the root that decides.
 *
 * Errors: LS_CRL_ISSUER for another issuer's, LS_CEREMONY_LAPSED for one past its nextUpdate; those of applyCrl.
 */
export async function importRootCrl(
  context: AuthorityContext,
  der: Uint8Array,
  now: UnixMs,
): Promise<Result<RootCrlFacts, Fault>> {
  const parsed = parseCrl(new Uint8Array(der));
  if (!parsed.ok) return parsed;
  const list = parsed.value;
  if (!equalBytes(list.issuer, context.root.subject)) {
    return err(fault('LS_CRL_ISSUER', 'the CRL is not that of the root of this CA'));
  }
  const { trustDomain, roots } = context.trust;
  const bundle = makeTrustBundle(trustDomain, roots, context.deps.crypto);
  if (!bundle.ok) return bundle;
  return commit(context, async (tx) => take(context, tx, list, bundle.value, await actingTime(tx, now)));
}

async function take(
  context: AuthorityContext,
  tx: StoreTransaction,
  list: CertificateList,
  bundle: TrustBundle,
  now: UnixMs,
): Promise<Result<Outcome<RootCrlFacts>, Fault>> {
  const held = await readRootCrl(tx);
  if (held === null) return err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no CRL of the root'));
  const apply = (state: RevocationState, crl: CertificateList) =>
    applyCrl(state, crl.der, [], bundle, context.deps.crypto, now);
  const before = apply(RevocationState.empty(), held);
  if (!before.ok) return before;
  const after = apply(before.value.state, list);
  if (!after.ok) return after;
  const facts = factsOf(context, list, after.value.news);
  if (!facts.isNews) return ok({ answer: facts });
  if (facts.nextUpdate <= now) {
    return err(fault('LS_CEREMONY_LAPSED', `CRL ${facts.number} of the root has lapsed already`));
  }
  await journalRootCrl(context, tx, list, now);
  const rootCrl = await keepRootCrl(context, tx, list.der, now);
  return ok({ answer: facts, publication: { rootCrl } });
}

/** The word in the ledger that goes before a CRL which the root has signed elsewhere. */
export async function journalRootCrl(
  { issuing }: AuthorityContext,
  tx: StoreTransaction,
  { extensions, entries }: CertificateList,
  now: UnixMs,
): Promise<void> {
  const values = [String(extensions.crlNumber?.value ?? 0), String(entries.size)];
  await journal(tx, [certificateEvent('root-crl', values, issuing.der)], now);
}

function factsOf({ issuing }: AuthorityContext, list: CertificateList, isNews: boolean): RootCrlFacts {
  return {
    number: list.extensions.crlNumber?.value ?? 0,
    thisUpdate: unixMs(list.thisUpdate),
    nextUpdate: unixMs(list.nextUpdate ?? list.thisUpdate),
    revoked: list.entries.size,
    isNews,
    endsIssuing: list.entries.find(issuing.serialHex) !== undefined,
  };
}
