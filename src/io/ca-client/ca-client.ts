import type { Agent } from 'node:https';
import { toHex } from '../../std/index.ts';
import {
  readActivation,
  readBundleAnswer,
  readCrlAnswer,
  readEnrollment,
  readIssued,
  readRosterAnswer,
  type BundleAnswer,
  type CrlAnswer,
  type EnrollmentAnswer,
  type FeedEvent,
  type IssuedAnswer,
  type RosterAnswer,
} from './answers.ts';
import { caAgent, type CaIdentity } from './ca-agent.ts';
import { parseCaUrl } from './ca-url.ts';
import { readFeed, type FeedOptions } from './feed.ts';
import { callCa, callCaForAnswer, type HttpCall } from './http-call.ts';
import { readPending, type PendingAnswer } from './pending.ts';

export interface CaClientOptions extends CaIdentity {
  /** https://HOST:PORT. */
  readonly url: string;
}

/** Redeems a token. */
export interface EnrollRequest {
  /** 16 bytes. */
  readonly tokenId: Uint8Array;
  /** 32 bytes. Secret. */
  readonly secret: Uint8Array;
  /** DER, bound to the token by its challengePassword. */
  readonly csr: Uint8Array;
  readonly advertise?: string | undefined;
}

export interface RenewalRequest {
  readonly csr: Uint8Array;
  /** The statement by the present key over the new one. */
  readonly successor: Uint8Array;
}

/** What a node enforces. */
export interface EnforcedNumbers {
  readonly crlNumber: number;
  readonly rosterNumber: number;
}

const ACCEPTED = 202;
const CALL_TIMEOUT_MS = 15_000;
const MAX_SMALL_ANSWER_BYTES = 256 * 1024;
/** A full CRL or roster in base64. */
const MAX_LARGE_ANSWER_BYTES = 128 * 1024 * 1024;

/**
 * The CA's API as nodes use it. Every call throws an LsError: what the CA's own refusal says; LS_CA_UNREACHABLE,
 * LS_CA_ROOT_MISMATCH, LS_CA_CERTIFICATE, LS_TRUST_* (it is not the CA); LS_API_NO_ANSWER, LS_API_RESPONSE.
 * The caller verifies every signed thing it gets.
 */
export class CaClient {
  readonly #base: URL;
  readonly #agent: Agent;

  /** Throws LS_CONFIG_URL. */
  constructor(options: CaClientOptions) {
    this.#base = parseCaUrl(options.url).url;
    this.#agent = caAgent(this.#base, options);
  }

  /** A pending answer while an operator has to approve it: ask again with the same key. */
  async enroll(
    { tokenId, secret, csr, advertise }: EnrollRequest,
    signal?: AbortSignal,
  ): Promise<EnrollmentAnswer | PendingAnswer> {
    const body = {
      tokenId: toHex(tokenId),
      secret: base64Of(secret),
      csr: base64Of(csr),
      ...(advertise === undefined ? {} : { advertise }),
    };
    const call = { method: 'POST', path: '/v1/enroll', body, signal } as const;
    const limits = { maxAnswerBytes: MAX_LARGE_ANSWER_BYTES, timeoutMs: CALL_TIMEOUT_MS };
    const answer = await callCaForAnswer(this.#base, this.#agent, { ...call, ...limits });
    return answer.status === ACCEPTED ? readPending(answer, this.#base.origin) : readEnrollment(answer.body);
  }

  async reenroll({ csr, successor }: RenewalRequest, signal?: AbortSignal): Promise<IssuedAnswer> {
    const body = { csr: base64Of(csr), successor: base64Of(successor) };
    return readIssued(await this.#post('/v1/reenroll', body, { signal }));
  }

  /** Says that this node runs, and where; null keeps the address the CA knows. */
  async activate(
    { address }: { readonly address: string | null },
    signal?: AbortSignal,
  ): Promise<{ readonly rosterNumber: number }> {
    return readActivation(await this.#post('/v1/activate', { address }, { signal }));
  }

  async ack({ crlNumber, rosterNumber }: EnforcedNumbers, signal?: AbortSignal): Promise<void> {
    await this.#post('/v1/ack', { crlNumber, rosterNumber }, { signal });
  }

  async bundle(signal?: AbortSignal): Promise<BundleAnswer> {
    return readBundleAnswer(await this.#get('/v1/bundle', signal));
  }

  async roster(signal?: AbortSignal): Promise<RosterAnswer> {
    return readRosterAnswer(await this.#get('/v1/roster', signal));
  }

  async crl(signal?: AbortSignal): Promise<CrlAnswer> {
    return readCrlAnswer(await this.#get('/v1/crl', signal));
  }

  /**
   * Listens to the CA: first what this node is behind on, then what happens. Resolves when the CA or the caller's
   * signal ends it; rejects when it breaks, falls silent, is refused, or `onEvent` throws. Connecting again is the
   * caller's business.
   */
  feed(held: EnforcedNumbers, onEvent: (event: FeedEvent) => void, options: FeedOptions): Promise<void> {
    const query = `crlNumber=${String(held.crlNumber)}&rosterNumber=${String(held.rosterNumber)}`;
    return readFeed(this.#base, this.#agent, `/v1/feed?${query}`, onEvent, options);
  }

  /** Drops the connections, calls under way included. */
  close(): void {
    this.#agent.destroy();
  }

  #get(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    return this.#call({ method: 'GET', path, maxAnswerBytes: MAX_LARGE_ANSWER_BYTES, signal });
  }

  #post(path: string, body: object, options: Partial<HttpCall>): Promise<unknown> {
    return this.#call({ method: 'POST', path, body, ...options });
  }

  #call(call: Pick<HttpCall, 'method' | 'path'> & Partial<HttpCall>): Promise<unknown> {
    return callCa(this.#base, this.#agent, {
      maxAnswerBytes: MAX_SMALL_ANSWER_BYTES,
      timeoutMs: CALL_TIMEOUT_MS,
      ...call,
    });
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
