import { err, fault, ok, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { authoritiesOf } from '../authorities.ts';
import { commitStanding } from '../context.ts';
import { publishFullCrl } from '../crl.ts';
import { livingOf, type IssuingCa } from '../issuing-ca.ts';
import { certificateEvent, journal } from '../journal.ts';
import { publishRoster } from '../roster.ts';
import type { StoreTransaction } from '../store.ts';
import { actingTime } from '../time.ts';
import type { IssuingFacts } from './interface.ts';
import { factsOfGeneration } from './list.ts';
import { acting, standingIn, type AuthorityBase, type StandingContext } from '../standing.ts';

/** See Rollover.activate. */
export async function activateIssuing(
  base: AuthorityBase,
  generation: number,
  now: UnixMs,
  renewWithinMs: number,
): Promise<Result<IssuingFacts, Fault>> {
  if (!Number.isSafeInteger(renewWithinMs) || renewWithinMs < 0) {
    return err(fault('LS_CA_REQUEST', `nodes cannot renew within ${renewWithinMs} ms`));
  }
  return commitStanding(base, async (tx, standing) => {
    const at = await actingTime(tx, now);
    const next = standing.cas.find((ca) => ca.generation === generation);
    const isDone = next?.row.state === 'active';
    if (isDone) return ok({ answer: await factsOfGeneration(base, tx, generation, at) });
    if (next?.row.state !== 'prepared') {
      const state = next === undefined ? 'unknown' : next.row.state;
      return err(fault('LS_ROLLOVER_NOT_PREPARED', `issuing CA ${generation} is ${state}, not prepared`));
    }
    const signers = livingOf(standing.cas);
    if (!signers.ok) return signers;
    const after = await changeOver(standing, tx, next, { at, renewWithinMs });
    const context = acting(after);
    if (!context.ok) return context;
    // The number of these says for whoever took the change over that it did.
    const crl = await publishFullCrl(context.value, tx, at);
    const roster = await publishRoster(context.value, tx, at);
    return ok({
      answer: await factsOfGeneration(base, tx, generation, at),
      publication: { authorities: authoritiesOf(after), crl, roster },
    });
  });
}

/** One is active at a time: what was before retires, unless the root has revoked it. */
async function changeOver(
  standing: StandingContext,
  tx: StoreTransaction,
  next: IssuingCa,
  { at, renewWithinMs }: { readonly at: UnixMs; readonly renewWithinMs: number },
): Promise<StandingContext> {
  const { row: former } = standing.issuing;
  if (former.state === 'active') {
    await tx.updateIssuer({ ...former, state: 'retiring', renewWithinMs: null });
  }
  await tx.updateIssuer({ ...next.row, state: 'active', activatedAt: at, renewWithinMs });
  const values = [String(next.generation), next.certificate.serialHex];
  await journal(tx, [certificateEvent('issuing-activated', values, next.certificate.der)], at);
  return standingIn(standing, tx);
}
