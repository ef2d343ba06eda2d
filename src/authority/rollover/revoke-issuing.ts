import { err, fault, ok, unixMs, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { authoritiesOf } from '../authorities.ts';
import { caRevocation } from '../ceremony/root-crl.ts';
import { commit } from '../context.ts';
import { publishFullCrl, publishRootCrl, readRootCrl } from '../crl.ts';
import type { RootCrlFacts } from '../facts.ts';
import { ROOT_CRL_NEXT_UPDATE_MS } from '../limits.ts';
import { rootAbsent, rootNamed, type RootCa } from '../root-ca.ts';
import type { StoreReader } from '../store.ts';
import { actingTime, wholeSecond } from '../time.ts';
import { endRevokedCa } from './end-revoked.ts';
import { factsOfGeneration } from './list.ts';
import { acting, standingIn, type AuthorityBase } from '../standing.ts';

/** See Rollover.revokeIssuing. */
export async function revokeIssuing(
  base: AuthorityBase,
  generation: number,
  now: UnixMs,
): Promise<Result<RootCrlFacts, Fault>> {
  return commit<RootCrlFacts>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const ca = context.cas.find((each) => each.generation === generation);
    const state = ca === undefined ? 'unknown' : ca.row.state;
    const root = ca === undefined ? undefined : rootNamed(context.roots, ca.certificate.issuer);
    if (ca !== undefined && root !== undefined && state === 'revoked')
      return ok({ answer: await factsNow(tx, root, false) });
    if (ca === undefined || root === undefined || state === 'active' || state === 'retired') {
      const detail = `issuing CA ${generation} is ${state}: the root revokes one that is prepared or retiring`;
      return err(fault('LS_ROLLOVER_STATE', detail));
    }
    if (root.signer === undefined) return err(rootAbsent(root));
    await endRevokedCa(tx, ca, at);
    const { serial } = await factsOfGeneration(base, tx, generation, at);
    const rootCrl = await publishRootCrl(base, tx, root, at, {
      revoked: [caRevocation(serial, 'cACompromise', at)],
    });
    const after = await standingIn(base, tx);
    const left = acting(after);
    if (!left.ok) return left;
    const crl = await publishFullCrl(left.value, tx, at);
    return ok({
      answer: await factsNow(tx, root, true),
      publication: { authorities: authoritiesOf(after), rootCrls: [rootCrl], crl },
    });
  });
}

/** Of the root's newest CRL. Requires: there is one. */
async function factsNow(tx: StoreReader, root: RootCa, isNews: boolean): Promise<RootCrlFacts> {
  const list = await readRootCrl(tx, root);
  if (list === null) throw new RangeError('a CA has a CRL of its root');
  const thisUpdate = unixMs(list.thisUpdate);
  return {
    number: list.extensions.crlNumber?.value ?? 0,
    thisUpdate,
    nextUpdate: unixMs(list.nextUpdate ?? wholeSecond(thisUpdate) + ROOT_CRL_NEXT_UPDATE_MS),
    revoked: list.entries.size,
    isNews,
    endsIssuing: false,
  };
}
