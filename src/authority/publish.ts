import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commitStanding } from './context.ts';
import { isRootCrlDue, publishFullCrl, publishRootCrl, readCurrentCrls } from './crl.ts';
import type { CrlPublication, CurrentCrls, RootCrlPublication } from './facts.ts';
import type { StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';
import { acting, type AuthorityBase, type StandingContext } from './standing.ts';

/**
 * Full CRLs now; those of roots too that are due and whose key is here. Of a CA that the root has revoked that one is
 * all there is to sign.
 */
export async function publishFull(base: AuthorityBase, now: UnixMs): Promise<Result<CurrentCrls, Fault>> {
  return commitStanding(base, async (tx, standing) => {
    const at = await actingTime(tx, now);
    const issued = await publishIssuing(standing, tx, at);
    const rootCrls = await publishDueRoots(standing, tx, at);
    if (!issued.ok && (rootCrls.length === 0 || issued.error.code !== 'LS_CA_REVOKED')) return issued;
    const crl = issued.ok ? { crl: issued.value } : {};
    const crls = await readCurrentCrls(tx);
    return crls === null
      ? err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no current CRL'))
      : ok({ answer: crls, publication: { ...crl, ...(rootCrls.length === 0 ? {} : { rootCrls }) } });
  });
}

async function publishDueRoots(
  standing: StandingContext,
  tx: StoreTransaction,
  now: UnixMs,
): Promise<readonly RootCrlPublication[]> {
  const published: RootCrlPublication[] = [];
  for (const root of standing.roots) {
    const isDue = root.signer !== undefined && (await isRootCrlDue(tx, root, now));
    if (isDue) published.push(await publishRootCrl(standing, tx, root, now));
  }
  return published;
}

async function publishIssuing(
  standing: StandingContext,
  tx: StoreTransaction,
  now: UnixMs,
): Promise<Result<CrlPublication, Fault>> {
  const context = acting(standing);
  return context.ok ? ok(await publishFullCrl(context.value, tx, now)) : context;
}
