import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { AckBook, controlApp, FeedHub, type CaApiContext } from '../../api/index.ts';
import { systemClock, type PassphraseSources } from '../../io/index.ts';
import { LsError } from '../../std/index.ts';
import { callControlSocket, readAnswer, type AdminCall, type HttpAnswer } from './control-client.ts';
import { findControlSocket } from './control-place.ts';
import { caHome } from './home.ts';
import { openCa } from './open.ts';

export interface AdminRequest {
  readonly home: string;
  readonly call: AdminCall;
  /** Present for calls that sign something: the keys are unlocked when no server does it. */
  readonly passphrase?: PassphraseSources;
}

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
      return readAnswer(await callAlone(request));
    } catch (cause) {
      const mayStart = cause instanceof LsError && cause.code === 'LS_HOME_LOCKED';
      if (!mayStart || systemClock.now().mono >= giveUpAt) throw cause;
    }
    await delay(LOCK_RETRY_MS);
  }
}

/** Nobody can be connected, so nobody is waited for. */
const NO_SPREAD = { enoughMs: 0, everyoneMs: 0 };

async function callAlone({ home, call, passphrase }: AdminRequest): Promise<HttpAnswer> {
  const ca = await openCa(home, passphrase);
  const feeds = new FeedHub(() => undefined);
  const context: CaApiContext = {
    authority: ca.authority,
    now: () => systemClock.now().wall,
    feeds,
    acks: new AckBook(),
    spread: NO_SPREAD,
  };
  const app = controlApp(context, pino({ level: 'silent' }));
  try {
    const { method, path: url, body } = call;
    const answer = await app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
    return { status: answer.statusCode, body: answer.body };
  } finally {
    await app.close();
    feeds.close();
    await ca.close();
  }
}
