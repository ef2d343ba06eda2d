import type { Authority } from '../../authority/index.ts';
import { LsError, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import { parseCrl } from '../../x509/index.ts';
import type { Log } from '../log.ts';
import { schedule } from './schedule.ts';

const RETRY_MS = 60_000;

/**
 * Signs a full CRL every `everyMs`, the first at once when it is due already; a restored CA only once it may sign
 * again. Returns the function that stops it.
 * Throws the authority's fault when the first one is due and cannot be signed.
 */
export async function publishWhenDue(
  authority: Authority,
  everyMs: number,
  now: () => UnixMs,
  log: Log,
): Promise<() => void> {
  const publish = async (): Promise<number> => {
    if (valueOf(await authority.readOnlySince()) !== null) return now() + RETRY_MS;
    const crls = valueOf(await authority.publishFull(now()));
    log.info({ event: 'crl-published', crlNumber: crls.number }, 'full CRL signed');
    return now() + everyMs;
  };
  const current = valueOf(await authority.currentCrls());
  const signedAt = valueOf(parseCrl(current.full)).thisUpdate;
  const due = signedAt + everyMs;
  const firstDue = due <= now() ? await publish() : due;
  const onError = (cause: unknown): void =>
    log.error({ event: 'crl-published', err: cause }, 'no full CRL was signed');
  return schedule({ run: publish, onError, retryMs: RETRY_MS }, firstDue, now);
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
