import type { Authority, CurrentCrls } from '../../authority/index.ts';
import { LsError, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { parseCrl } from '../../x509/index.ts';
import type { Log } from '../log.ts';
import { schedule } from './schedule.ts';

const RETRY_MS = 60_000;

/**
 * Signs a full CRL when the newest one is `everyMs` old, whoever signed that, and at once when it is so already; a restored CA only once it may sign
 * again. Returns the function that stops it.
 * Throws the authority's fault when the first one is due and cannot be signed.
 */
export async function publishWhenDue(
  authority: Authority,
  everyMs: number,
  now: () => UnixMs,
  log: Log,
): Promise<() => void> {
  const dueAt = async (): Promise<number> =>
    valueOf(parseCrl(fullCrlOf(valueOf(await authority.currentCrls())))).thisUpdate + everyMs;
  const publish = async (): Promise<number> => {
    if (valueOf(await authority.readOnlySince()) !== null) return now() + RETRY_MS;
    // Somebody else may have signed one meanwhile: an operator, or another replica.
    const due = await dueAt();
    if (due > now()) return due;
    const crls = valueOf(await authority.publishFull(now()));
    log.info({ event: 'crl-published', crlNumber: crls.number }, 'full CRL signed');
    return now() + everyMs;
  };
  const due = await dueAt();
  const firstDue = due <= now() ? await publish() : due;
  const onError = (cause: unknown): void =>
    log.error({ event: 'crl-published', err: cause }, 'no full CRL was signed');
  return schedule({ run: publish, onError, retryMs: RETRY_MS }, firstDue, now);
}

/** All full ones are of one moment. */
function fullCrlOf({ issuing: [first] }: CurrentCrls): Uint8Array {
  return first?.full ?? new Uint8Array();
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
