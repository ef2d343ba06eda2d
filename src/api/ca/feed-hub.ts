import type { Writable } from 'node:stream';
import type { Fault, NodeId } from '../../std/index.ts';

/** One thing the CA tells its nodes. Binary members are base64. */
export type FeedEvent =
  | {
      readonly kind: 'authorities';
      readonly roots: readonly string[];
      readonly crossCertificates: readonly string[];
      readonly issuing: readonly string[];
      /** SHA-256 of the DER of the active one, hexadecimal. */
      readonly active: string | null;
      readonly renewWithinMs: number | null;
    }
  | { readonly kind: 'crl'; readonly delta: boolean; readonly der: string }
  | { readonly kind: 'roster'; readonly record: string }
  | { readonly kind: 'seeds'; readonly seeds: readonly object[] };

/** A node that listens. */
export interface FeedListener {
  readonly nodeId: NodeId;
  /** Where the events go; ended, or destroyed, when the node may not listen any longer. */
  readonly stream: Writable;
  /** Judges the node's certificate again, now: a fault when it counts no more. */
  recheck(): Fault | undefined;
}

/** Feeds open at the same time. */
export const MAX_FEEDS = 12_000;
/** Unsent bytes a slow listener may pile up before it is cut; it catches up when it connects again. */
export const MAX_FEED_BACKLOG_BYTES = 8 * 1024 * 1024;
/** Comment lines keep proxies and the listener's own watchdog content. */
export const FEED_KEEPALIVE_MS = 10_000;

/** A listener that may not listen any more has this time to take what was written for it before. */
const LAST_WORDS_MS = 1_000;

/** A feed that is registered, so that it misses nothing, and waits for its first words. */
export interface PendingFeed {
  /** Writes what the node is behind on, then what was published meanwhile. */
  start(behind: readonly FeedEvent[]): void;
  abandon(): void;
}

/** The open feeds: writes every publication to all of them and cuts those that may not listen any more. */
export class FeedHub {
  /** Text held back until the feed starts; null once it has. */
  readonly #listeners = new Map<FeedListener, string | null>();
  readonly #keepalive: NodeJS.Timeout;
  readonly #onCut: (listener: FeedListener, reason: Fault) => void;

  constructor(onCut: (listener: FeedListener, reason: Fault) => void) {
    this.#onCut = onCut;
    this.#keepalive = setInterval(() => this.#tell(KEEPALIVE_LINE), FEED_KEEPALIVE_MS);
    this.#keepalive.unref();
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Registers a feed; undefined when there are as many as there may be. */
  open(listener: FeedListener): PendingFeed | undefined {
    if (this.#listeners.size >= MAX_FEEDS) return undefined;
    this.#listeners.set(listener, '');
    listener.stream.once('close', () => this.#listeners.delete(listener));
    listener.stream.on('error', () => listener.stream.destroy());
    return {
      start: (behind) => this.#start(listener, behind),
      abandon: () => this.#listeners.delete(listener),
    };
  }

  /** Judges every listener first, so that a node revoked by this very publication hears nothing more. */
  publish(events: readonly FeedEvent[]): void {
    this.#tell(events.map(formatEvent).join(''));
  }

  close(): void {
    clearInterval(this.#keepalive);
    for (const listener of this.#listeners.keys()) listener.stream.end();
    this.#listeners.clear();
  }

  #start(listener: FeedListener, behind: readonly FeedEvent[]): void {
    const meanwhile = this.#listeners.get(listener);
    if (typeof meanwhile !== 'string') return;
    this.#listeners.set(listener, null);
    listener.stream.write(KEEPALIVE_LINE + behind.map(formatEvent).join('') + meanwhile);
  }

  #tell(text: string): void {
    for (const [listener, held] of [...this.#listeners]) {
      const reason = listener.recheck();
      const backlog = (held?.length ?? 0) + listener.stream.writableLength;
      const hasBegun = held === null;
      if (reason !== undefined && hasBegun && backlog <= MAX_FEED_BACKLOG_BYTES) this.#dismiss(listener);
      else if (reason !== undefined || backlog > MAX_FEED_BACKLOG_BYTES) this.#cut(listener);
      else if (hasBegun) listener.stream.write(text);
      else this.#listeners.set(listener, held + text);
      if (reason !== undefined) this.#onCut(listener, reason);
    }
  }

  #cut(listener: FeedListener): void {
    this.#listeners.delete(listener);
    listener.stream.destroy();
  }

  /** It hears nothing more, but what was written for it before: that may be the CRL which says why. */
  #dismiss(listener: FeedListener): void {
    this.#listeners.delete(listener);
    const { stream } = listener;
    const timer = setTimeout(() => stream.destroy(), LAST_WORDS_MS);
    timer.unref();
    stream.end(() => {
      clearTimeout(timer);
      stream.destroy();
    });
  }
}

const KEEPALIVE_LINE = ': alive\n\n';

/** Server-sent event. Source: WHATWG HTML §9.2.6. */
function formatEvent({ kind, ...data }: FeedEvent): string {
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
