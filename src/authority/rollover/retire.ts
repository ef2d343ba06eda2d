import { err, fault, ok, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { authoritiesOf } from '../authorities.ts';
import { commit } from '../context.ts';
import { publishFullCrl } from '../crl.ts';
import { certificateEvent, journal } from '../journal.ts';
import { actingTime } from '../time.ts';
import type { IssuingFacts } from './interface.ts';
import { factsOfGeneration } from './list.ts';
import { acting, standingIn, type AuthorityBase } from '../standing.ts';

/** See Rollover.retire. */
export async function retireIssuing(
  base: AuthorityBase,
  generation: number,
  now: UnixMs,
): Promise<Result<IssuingFacts, Fault>> {
  return commit<IssuingFacts>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const ca = context.cas.find((each) => each.generation === generation);
    if (ca?.row.state === 'retired') {
      return ok({ answer: await factsOfGeneration(base, tx, generation, at) });
    }
    if (ca?.row.state !== 'retiring') {
      const state = ca === undefined ? 'unknown' : ca.row.state;
      return err(fault('LS_ROLLOVER_STATE', `issuing CA ${generation} is ${state}, not retiring`));
    }
    const { live } = await tx.belowIssuer(generation, at);
    if (live > 0) {
      const detail = `${live} certificates of issuing CA ${generation} are unexpired and not revoked`;
      return err(fault('LS_ROLLOVER_NOT_EMPTY', detail));
    }
    await tx.updateIssuer({ ...ca.row, state: 'retired', endedAt: at });
    const values = [String(generation), ca.certificate.serialHex];
    await journal(tx, [certificateEvent('issuing-retired', values, ca.certificate.der)], at);
    const after = await standingIn(base, tx);
    const left = acting(after);
    if (!left.ok) return left;
    const crl = await publishFullCrl(left.value, tx, at);
    return ok({
      answer: await factsOfGeneration(base, tx, generation, at),
      publication: { authorities: authoritiesOf(after), crl },
    });
  });
}
