import { randomBytes } from 'node:crypto';
import {
  FOLLOW_EVERY_MS,
  MAX_WORD_LENGTH,
  type StoreExchange,
  type StoreListener,
} from '../../authority/index.ts';
import type { PostgresConnection } from './connection.ts';

/** Words that wait to be said; the oldest are lost first. */
export const MAX_WAITING_WORDS = 10_000;
/** PostgreSQL takes less than 8,000 bytes at a time. */
const MAX_PAYLOAD = 7_500;
const CHANNEL = 'lifesign';
const ID_BYTES = 8;
const WORD = /^[!-~]+$/;

/** How notices get to the server: after what is under way on the connection that listens. */
export type Notify = (work: (connection: PostgresConnection) => Promise<void>) => Promise<unknown>;

/**
 * What the store objects over one database tell each other, by NOTIFY: the sender's random name, and after it words.
 * A notice without words says that something was committed. Beside it the listener is called at regular times, so
 * that a lost notice is late news and not lost news.
 */
export class PostgresExchange implements StoreExchange {
  readonly #id = randomBytes(ID_BYTES).toString('hex');
  readonly #notify: Notify;
  readonly #listeners = new Set<StoreListener>();
  #words: string[] = [];
  #isTelling = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  /** SQL text for a transaction that commits. */
  get announcement(): string {
    return `NOTIFY ${CHANNEL}, '${this.#id}'`;
  }

  follow(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#change(false), FOLLOW_EVERY_MS).unref();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  tell(word: string): void {
    if (word.length > MAX_WORD_LENGTH || !WORD.test(word)) throw new RangeError('not a word');
    if (this.#words.length >= MAX_WAITING_WORDS) this.#words.shift();
    this.#words.push(word);
    if (this.#isTelling) return;
    this.#isTelling = true;
    void this.#tellAll();
  }

  /** What was said on a connection before this one is lost, so there may be news. */
  async listenOn(connection: PostgresConnection): Promise<void> {
    await connection.listen(CHANNEL, (payload) => this.#hear(payload));
    this.#change(true);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tellAll(): Promise<void> {
    while (this.#words.length > 0) {
      const payload = this.#nextPayload();
      await this.#notify(async (connection) => {
        await connection.run(`SELECT pg_notify('${CHANNEL}', ?)`, payload);
      }).catch(() => undefined);
    }
    this.#isTelling = false;
  }

  #nextPayload(): string {
    let payload = this.#id;
    let taken = 0;
    for (const word of this.#words) {
      if (payload.length + 1 + word.length > MAX_PAYLOAD) break;
      payload += ` ${word}`;
      taken++;
    }
    this.#words = this.#words.slice(taken);
    return payload;
  }

  #hear(payload: string): void {
    const [sender, ...words] = payload.split(' ');
    if (sender === this.#id) return;
    if (words.length === 0) this.#change(true);
    for (const word of words) for (const listener of this.#listeners) listener.told(word);
  }

  #change(isCertain: boolean): void {
    for (const listener of this.#listeners) listener.changed(isCertain);
  }
}
