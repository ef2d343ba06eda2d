import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../io/system/index.ts';
import { LsError } from '../../std/index.ts';
import type { AdminRequest } from './administer-alone.ts';
import { callControlSocket, readAnswer } from './control-client.ts';
import { findControlSocket } from './control-place.ts';
import { caHome } from './home.ts';

export type { AdminRequest } from './administer-alone.ts';

/** A server that starts, or another command, holds the home for a moment without answering. */
const LOCK_PATIENCE_MS = 5_000;
const LOCK_RETRY_MS = 100;

/**
 * Administers the CA of a home: through its server when one runs, else by opening the home, with the very same
 * routes. Answers the JSON of the call. Throws the fault of a refused call, and what openCa throws.
 */
export async function administerCa(request: AdminRequest): Promise<unknown> {
  const giveUpAt = systemClock.now().mono + LOCK_PATIENCE_MS;
  for (;;) {
    const socket = await findControlSocket(caHome(request.home));
    const answer = await callControlSocket(socket, request.call);
    if (answer !== undefined) return readAnswer(answer);
    try {
      const { administerAlone } = await import('./administer-alone.ts');
      return readAnswer(await administerAlone(request));
    } catch (cause) {
      const mayStart = cause instanceof LsError && cause.code === 'LS_HOME_LOCKED';
      if (!mayStart || systemClock.now().mono >= giveUpAt) throw cause;
    }
    await delay(LOCK_RETRY_MS);
  }
}
