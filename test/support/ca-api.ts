import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { AckBook, controlApp, FeedHub, type CaApiContext } from '../../src/api/index.ts';
import { openAuthority, type Authority, type AuthorityStore } from '../../src/authority/index.ts';
import type { Fault, UnixMs } from '../../src/std/index.ts';
import { CA_NOW, makeTestCa, type TestCa } from './ca.ts';
import { valueOf } from './result.ts';
import { TestDesk } from './test-desk.ts';

export interface TestApi {
  readonly deps: TestCa['deps'];
  /** Of the calls of a rollover. */
  readonly desk: TestDesk;
  readonly authority: Authority;
  readonly context: CaApiContext;
  readonly app: FastifyInstance;
  /** Calls the administration as if over the control socket. */
  call(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body?: unknown,
  ): Promise<{ status: number; json: Answer }>;
}

export type Answer = Readonly<Record<string, unknown>>;

/** The routes of the control socket over a real authority with its store in memory. Default: the clock stands at CA_NOW. */
export async function makeTestApi(
  now: () => UnixMs = () => CA_NOW,
  options: {
    readonly withoutRootKey?: boolean;
    readonly keyFault?: () => Fault | undefined;
    /** Default: one in memory. */
    readonly store?: AuthorityStore;
  } = {},
): Promise<TestApi> {
  const made = await makeTestCa(options.store === undefined ? {} : { store: options.store });
  const { issuing } = made.deps.keys;
  const authority =
    options.withoutRootKey === true
      ? valueOf(await openAuthority({ ...made.deps, keys: { issuing } }))
      : made.authority;
  const desk = new TestDesk(authority, now);
  const feeds = new FeedHub(() => undefined);
  const context: CaApiContext = {
    authority,
    ocsp: null,
    now,
    feeds,
    acks: new AckBook(),
    spread: { enoughMs: 0, everyoneMs: 0 },
    rollover: desk,
    ...(options.keyFault === undefined ? {} : { keyFault: options.keyFault }),
  };
  const app = controlApp(context, pino({ level: 'silent' }));
  onTestFinished(async () => {
    feeds.close();
    await app.close();
  });
  return {
    deps: made.deps,
    desk,
    authority,
    context,
    app,
    async call(method, url, body) {
      const answer = await app.inject({
        method,
        url,
        ...(body === undefined
          ? {}
          : { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return {
        status: answer.statusCode,
        json: answer.body === '' ? {} : (JSON.parse(answer.body) as Answer),
      };
    },
  };
}
