import { fault, LsError } from '../../std/index.ts';

/** Longest event in characters: the largest CRL in base64. */
export const MAX_FEED_EVENT_CHARS = 96 * 1024 * 1024;

/** One server-sent event; comments and events without data are not handed up. */
export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Cuts a stream of text into server-sent events, however it was chunked. Lines end in LF or CR LF; `id` and `retry`
 * mean nothing here. Source: WHATWG HTML §9.2.6.
 */
export class SseParser {
  readonly #maxChars: number;
  /** Parts of the line that is not complete yet: joined once, so that a long line costs its length only once. */
  #line: string[] = [];
  #event = '';
  #data: string[] = [];
  #chars = 0;

  constructor(maxChars: number = MAX_FEED_EVENT_CHARS) {
    this.#maxChars = maxChars;
  }

  /** The events that `text` completes. Throws LS_API_RESPONSE as soon as an event is too long. */
  push(text: string): readonly SseEvent[] {
    const events: SseEvent[] = [];
    const pieces = text.split('\n');
    for (const [index, piece] of pieces.entries()) {
      this.#count(piece.length);
      this.#line.push(piece);
      if (index === pieces.length - 1) break;
      const event = this.#endLine();
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #endLine(): SseEvent | undefined {
    const joined = this.#line.join('');
    this.#line = [];
    // No expression: it would go through a large CRL once more.
    const line = joined.endsWith('\r') ? joined.slice(0, -1) : joined;
    if (line === '') return this.#dispatch();
    const [field, value] = fieldOf(line);
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else this.#chars -= line.length;
    return undefined;
  }

  #dispatch(): SseEvent | undefined {
    const data = this.#data;
    const event = this.#event;
    this.#data = [];
    this.#event = '';
    this.#chars = 0;
    return data.length === 0 ? undefined : { event, data: data.join('\n') };
  }

  #count(chars: number): void {
    this.#chars += chars;
    if (this.#chars > this.#maxChars || this.#data.length > MAX_DATA_LINES) {
      throw new LsError(fault('LS_API_RESPONSE', 'the feed of the CA sent an event that is too long'));
    }
  }
}

/** Name and value of a field: what stands before and after the first colon, less one space behind it. */
function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(line.startsWith(' ', colon + 1) ? colon + 2 : colon + 1)];
}

const MAX_DATA_LINES = 1_024;
