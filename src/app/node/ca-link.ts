import type { CaClient, FeedEvent } from '../../io/ca-client/index.ts';
import { LsError } from '../../std/index.ts';
import type { NodeEvent } from '../../mesh/index.ts';
import type { Log } from '../log.ts';

const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 30_000;

/** What the node tells the CA and needs of itself to do so. */
export interface CaLinkOptions {
  /** Made anew for each attempt: the certificate may have been renewed, and another URL may answer. */
  readonly connect: (attempt: number) => CaClient;
  readonly address: string;
  readonly held: () => { readonly crlNumber: number; readonly rosterNumber: number };
  readonly feed: (event: NodeEvent) => void;
  readonly log: Log;
  /** The CA's server has no status that is known here: gets what it is judged by. */
  readonly catchUp: (attempt: number) => Promise<void>;
  /** A share in [0, 1) for jitter. */
  readonly share: () => number;
}

/**
 * Keeps one feed to the CA open: CRLs, rosters and addresses as they are published. A CA that is away changes
 * nothing for the node but that this is said in the log; it is tried again with growing, jittered pauses.
 */
export class CaLink {
  readonly #options: CaLinkOptions;
  readonly #stop = new AbortController();
  #client: CaClient | undefined;
  #running: Promise<void> | undefined;
  #attempt = 0;
  #lastReason: string | undefined;

  constructor(options: CaLinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Tells the CA what this node enforces; lost silently when it is away: the next feed says it again. */
  acknowledge(crlNumber: number, rosterNumber: number): void {
    this.#client?.ack({ crlNumber, rosterNumber }).catch((cause: unknown) => {
      this.#options.log.debug({ event: 'ca-ack', detail: textOf(cause) }, 'the CA took no acknowledgement');
    });
  }

  async #run(): Promise<void> {
    for (;;) {
      const ended = await this.#listen().then(
        () => undefined,
        (cause: unknown) => ({ cause }),
      );
      const reason = ended === undefined ? 'the CA ended the feed' : textOf(ended.cause);
      this.#client = undefined;
      if (this.#stop.signal.aborted) return;
      if (isUnknownStatus(ended?.cause)) await this.#options.catchUp(this.#attempt);
      const pause = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.#attempt);
      this.#attempt += 1;
      this.#tellFailure(reason);
      await this.#sleep(pause * (0.75 + 0.5 * this.#options.share()));
    }
  }

  async #listen(): Promise<void> {
    const { connect, address, held, log } = this.#options;
    const client = connect(this.#attempt);
    const signal = this.#stop.signal;
    try {
      await client.activate({ address }, signal);
      this.#client = client;
      await client.feed(
        held(),
        (event) => {
          this.#take(event);
        },
        {
          signal,
          opened: () => {
            this.#attempt = 0;
            this.#lastReason = undefined;
            log.info({ event: 'ca-feed' }, 'the CA feeds this node');
            const { crlNumber, rosterNumber } = held();
            this.acknowledge(crlNumber, rosterNumber);
          },
        },
      );
    } finally {
      client.close();
    }
  }

  #take(event: FeedEvent): void {
    const { feed } = this.#options;
    switch (event.kind) {
      case 'crl':
        feed({ kind: 'crl', der: event.der });
        return;
      case 'authorities':
        feed(event);
        return;
      case 'roster':
        feed({ kind: 'roster', bytes: event.record });
        return;
      case 'seeds':
        feed({ kind: 'seeds', seeds: event.seeds });
        return;
    }
  }

  /** Once for each reason: that the CA is gone and that it is back and refuses this node are different news. */
  #tellFailure(reason: string): void {
    const level = reason === this.#lastReason ? 'debug' : 'warn';
    this.#lastReason = reason;
    this.#options.log[level]({ event: 'ca-feed', detail: reason }, 'no feed from the CA; trying again');
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#stop.signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** The issuing CA of the server's certificate came while this node had no feed: its CRL is not held. */
function isUnknownStatus(cause: unknown): boolean {
  return cause instanceof LsError && cause.code === 'LS_TRUST_NO_REVOCATION';
}

function textOf(cause: unknown): string {
  if (cause instanceof LsError) return `${cause.code} ${cause.fault.detail}`;
  return cause instanceof Error ? cause.message : 'unknown failure';
}
