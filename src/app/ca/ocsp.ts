import { setImmediate as turn } from 'node:timers/promises';
import type { Authority, OcspResponder } from '../../authority/index.ts';
import { generateKey } from '../../io/crypto/index.ts';
import { LsError, type UnixMs } from '../../std/index.ts';
import type { Closers } from '../closers.ts';
import type { Log } from '../log.ts';
import { schedule } from './schedule.ts';

/** How often the answers are looked through; each is signed anew at half its time. */
const LOOK_EVERY_MS = 15 * 60_000;
const RETRY_MS = 60_000;

/**
 * Starts the OCSP responder of the CA, with keys that this process makes and never writes down, and keeps its answers
 * fresh. Throws the authority's fault when the CA cannot certify it.
 */
export async function startResponder(
  authority: Authority,
  now: () => UnixMs,
  log: Log,
  closers: Closers,
): Promise<OcspResponder> {
  const options = { newKey: () => generateKey('ES256').signer, pause: () => turn() };
  const opened = await authority.openResponder(options, now());
  if (!opened.ok) throw new LsError(opened.error);
  const responder = opened.value;
  closers.add(() => responder.close());
  const refresh = async (): Promise<number> => {
    const signed = await responder.refresh(now());
    if (!signed.ok) throw new LsError(signed.error);
    if (signed.value > 0)
      log.info({ event: 'ocsp-signed', certificates: signed.value }, 'OCSP answers signed');
    return now() + LOOK_EVERY_MS;
  };
  const onError = (cause: unknown): void =>
    log.error({ event: 'ocsp-signed', err: cause }, 'OCSP answers could not be signed');
  closers.add(schedule({ run: refresh, onError, retryMs: RETRY_MS }, now(), now));
  return responder;
}
