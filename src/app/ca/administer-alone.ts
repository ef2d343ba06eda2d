import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { AckBook, controlApp, FeedHub, type CaApiContext } from '../../api/ca/index.ts';
import { systemClock } from '../../io/system/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import type { UnixMs } from '../../std/index.ts';
import type { AdminCall, HttpAnswer } from './control-client.ts';
import { openCa } from './open.ts';
import { openDesk } from './rollover-desk.ts';

export interface AdminRequest {
  readonly home: string;
  readonly call: AdminCall;
  /** Present for calls that sign something: the keys are unlocked when no server does it. */
  readonly passphrase?: PassphraseSources;
}

/** Nobody can be connected, so nobody is waited for. */
const NO_SPREAD = { enoughMs: 0, everyoneMs: 0 };

/** Opens the home, which no server may hold, for one call. Throws what openCa throws. */
export async function administerAlone({ home, call, passphrase }: AdminRequest): Promise<HttpAnswer> {
  const ca = await openCa(home, passphrase);
  const feeds = new FeedHub(() => undefined);
  const log = pino({ level: 'silent' });
  const now = (): UnixMs => systemClock.now().wall;
  let app: FastifyInstance | undefined;
  try {
    const context: CaApiContext = {
      authority: ca.authority,
      ocsp: null,
      now,
      feeds,
      acks: new AckBook(),
      rollover: await openDesk({ ca, now, log }),
      spread: NO_SPREAD,
    };
    app = controlApp(context, log);
    const { method, path: url, body } = call;
    const answer = await app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
    return { status: answer.statusCode, body: answer.body };
  } finally {
    await app?.close();
    feeds.close();
    await ca.close();
  }
}
