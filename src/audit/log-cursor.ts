import { fault, unixMs } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { decodeEntry, type DatedEntry, type SegmentEnd } from '../ledger/index.ts';
import type { Place } from './report.ts';
import type { LedgerSource, SourceSegment } from './source.ts';

/** What a log yields, in order. */
export type LogItem =
  | {
      readonly kind: 'entry';
      readonly place: Place & { readonly index: number };
      readonly body: Uint8Array;
      readonly entry: Result<DatedEntry, Fault>;
    }
  /** The log can't be read further in this file. */
  | {
      readonly kind: 'break';
      readonly place: Place & { readonly index: number };
      readonly fault: Fault;
      /** The bytes at the break, for a guess at what stood there. */
      readonly remains: Uint8Array;
      /** The end of the newest segment, as a crash leaves it. */
      readonly torn: boolean;
    };

/** Reads one log entry by entry, with at most one segment in memory. */
export class LogCursor {
  readonly #home: number;
  readonly #segments: AsyncIterator<SourceSegment>;
  #items: readonly LogItem[] = [];
  #at = 0;
  #expected = 0;
  #timeMs = 0;
  current: LogItem | undefined;

  constructor(home: number, source: LedgerSource) {
    this.#home = home;
    this.#segments = source.segments()[Symbol.asyncIterator]();
  }

  /** Time of the current item, never before that of an earlier one of this log. */
  get time(): UnixMs {
    return unixMs(this.#timeMs);
  }

  /** Moves to the next item; the promise is there only when a segment has to be read for it. */
  advance(): Promise<void> | undefined {
    if (this.#at >= this.#items.length) return this.#nextSegment();
    this.current = this.#items[this.#at];
    this.#at += 1;
    if (this.current?.kind === 'entry' && this.current.entry.ok) {
      this.#timeMs = Math.max(this.#timeMs, this.current.entry.value.tMs);
    }
    return undefined;
  }

  async #nextSegment(): Promise<void> {
    for (;;) {
      const next = await this.#segments.next();
      if (next.done === true) {
        this.current = undefined;
        return;
      }
      this.#items = this.#itemsOf(next.value);
      this.#at = 0;
      if (this.#items.length > 0) {
        await this.advance();
        return;
      }
    }
  }

  #itemsOf(segment: SourceSegment): readonly LogItem[] {
    const { file, firstIndex, nextIndex, scan } = segment;
    const items: LogItem[] = [];
    const place = (offset: number, index: number) => ({ home: this.#home, file, offset, index });
    const broken = (
      offset: number,
      index: number,
      found: string,
      code: 'LS_AUDIT_FRAME' | 'LS_AUDIT_SEGMENT',
    ) =>
      items.push({
        kind: 'break',
        place: place(offset, index),
        fault: fault(code, found),
        remains: remainsOf(scan.end),
        torn: scan.end.kind === 'torn' && !scan.end.whole && nextIndex === undefined,
      });
    if (firstIndex !== this.#expected) {
      broken(
        0,
        this.#expected,
        `entries ${range(this.#expected, firstIndex)} are not there`,
        'LS_AUDIT_SEGMENT',
      );
    } else if (scan.header !== undefined && scan.header.firstIndex !== firstIndex) {
      broken(0, firstIndex, `the header says entry ${String(scan.header.firstIndex)}`, 'LS_AUDIT_SEGMENT');
    }
    for (const [position, { offset, body }] of scan.frames.entries()) {
      items.push({
        kind: 'entry',
        place: place(offset, firstIndex + position),
        body,
        entry: decodeEntry(body),
      });
    }
    const end = firstIndex + scan.frames.length;
    if (scan.end.kind !== 'clean') broken(scan.end.offset, end, reasonOf(scan.end), 'LS_AUDIT_FRAME');
    else if (nextIndex !== undefined && end !== nextIndex) {
      broken(scan.end.offset, end, `entries ${range(end, nextIndex)} are not there`, 'LS_AUDIT_SEGMENT');
    }
    this.#expected = nextIndex ?? end;
    return items;
  }
}

/** Takes the logs entry by entry in the order of their own clocks, as if they were one. */
export async function* inTimeOrder(cursors: readonly LogCursor[]): AsyncGenerator<LogItem> {
  for (const cursor of cursors) await cursor.advance();
  for (;;) {
    let earliest: LogCursor | undefined;
    for (const cursor of cursors) {
      if (cursor.current === undefined) continue;
      if (earliest === undefined || cursor.time < earliest.time) earliest = cursor;
    }
    if (earliest?.current === undefined) return;
    yield earliest.current;
    const reading = earliest.advance();
    if (reading !== undefined) await reading;
  }
}

function reasonOf(end: Exclude<SegmentEnd, { readonly kind: 'clean' }>): string {
  return end.kind === 'damaged' ? end.reason : 'the frame is broken';
}

function remainsOf(end: SegmentEnd): Uint8Array {
  return end.kind === 'clean' ? new Uint8Array(0) : end.remains;
}

function range(begin: number, end: number): string {
  return end - begin === 1 ? String(begin) : `${String(begin)} to ${String(end - 1)}`;
}
