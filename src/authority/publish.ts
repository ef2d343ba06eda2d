import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commit, type AuthorityContext } from './context.ts';
import { isRootCrlDue, publishFullCrl, publishRootCrl, readCurrentCrls } from './crl.ts';
import type { CurrentCrls } from './facts.ts';
import { actingTime } from './time.ts';

/** A full CRL now; the root's too when it is due and the root's key is here. */
export async function publishFull(
  context: AuthorityContext,
  now: UnixMs,
): Promise<Result<CurrentCrls, Fault>> {
  return commit(context, async (tx) => {
    const at = await actingTime(tx, now);
    const crl = await publishFullCrl(context, tx, at);
    const isRootDue = context.deps.keys.root !== undefined && (await isRootCrlDue(tx, at));
    const rootCrl = isRootDue ? await publishRootCrl(context, tx, at) : undefined;
    const crls = await readCurrentCrls(tx);
    return crls === null
      ? err(fault('LS_CA_STORE_CORRUPT', 'the CA store has no current CRL'))
      : ok({ answer: crls, publication: { crl, ...(rootCrl === undefined ? {} : { rootCrl }) } });
  });
}
