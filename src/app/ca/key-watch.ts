import type { Fault } from '../../std/index.ts';
import type { Log } from '../log.ts';
import type { CaKeys } from './key-store.ts';

/** How often a token is asked for a signature: who watches `/readyz` hears that it is gone after this at the latest. */
const CHECK_EVERY_MS = 5_000;

/** Checks the token of a serving CA, if it has one, and tells each change once. Returns the function that stops it. */
export function watchKeys(keys: Pick<CaKeys, 'check'> | undefined, log: Log): () => void {
  let told: Fault | undefined;
  const timer = setInterval(() => {
    const fault = checked(keys, log);
    if (fault?.code === told?.code) return;
    told = fault;
    if (fault === undefined) log.info({ event: 'ca-keys' }, 'the keys of the CA can be used again');
    else
      log.error({ event: 'ca-keys', code: fault.code, detail: fault.detail }, 'the CA cannot use its keys');
  }, CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** A bug of the addon or ours does not end a server that could go on. */
function checked(keys: Pick<CaKeys, 'check'> | undefined, log: Log): Fault | undefined {
  try {
    return keys?.check();
  } catch (cause) {
    log.error({ event: 'ca-keys', err: cause }, 'the keys of the CA could not be checked');
    return undefined;
  }
}
