import type { IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import { fault, LsError } from '../../std/index.ts';
import { parseJson } from '../json/index.ts';
import { readFeedEventInTurns, type FeedEvent } from './answers.ts';
import { callError, refusalOf } from './ca-fault.ts';
import { readCapped, send } from './http-call.ts';
import { SseParser } from './sse-parser.ts';

/** The CA says at least "alive" every 10 s; a feed silent for this long is dead. */
export const FEED_SILENCE_MS = 30_000;
const MAX_PROBLEM_BYTES = 64 * 1024;

export interface FeedOptions {
  /** Ends the feed; it then resolves. */
  readonly signal: AbortSignal;
  /** The CA has accepted the feed. */
  readonly opened?: () => void;
  readonly silenceMs?: number;
}

/** Reads one feed to its end, see CaClient.feed. */
export async function readFeed(
  base: URL,
  agent: Agent,
  path: string,
  onEvent: (event: FeedEvent) => void,
  options: FeedOptions,
): Promise<void> {
  const silence = new SilenceTimer(options.silenceMs ?? FEED_SILENCE_MS);
  const signal = AbortSignal.any([options.signal, silence.signal]);
  try {
    const answer = await send(base, agent, { method: 'GET', path }, signal);
    await refuseProblem(answer, base);
    options.opened?.();
    await readEvents(answer, silence, onEvent);
  } catch (cause) {
    if (options.signal.aborted) return;
    if (!silence.signal.aborted) throw callError(cause, base.origin);
    const detail = `the feed of ${base.origin} was silent for ${String(silence.ms)} ms`;
    throw new LsError(fault('LS_CA_UNREACHABLE', detail), { cause });
  } finally {
    silence.stop();
  }
}

async function refuseProblem(answer: IncomingMessage, base: URL): Promise<void> {
  const status = answer.statusCode ?? 0;
  if (status === 200) return;
  throw refusalOf(status, parseJson(await readCapped(answer, MAX_PROBLEM_BYTES)), base.origin);
}

async function readEvents(
  answer: IncomingMessage,
  silence: SilenceTimer,
  onEvent: (event: FeedEvent) => void,
): Promise<void> {
  const parser = new SseParser();
  const decoder = new StringDecoder('utf8');
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    silence.heard();
    for (const { event, data } of parser.push(decoder.write(chunk))) {
      const known = await readFeedEventInTurns(event, data);
      if (known !== undefined) onEvent(known);
    }
  }
}

class SilenceTimer {
  readonly ms: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.ms = ms;
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
