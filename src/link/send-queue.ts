/** Kinds of traffic in the order in which they are sent. */
export type SendClass = 'control' | 'crl' | 'record' | 'heartbeat';

/** Bytes and frames that may wait for one slow peer. The largest frame fits several times. */
export const SEND_QUEUE_MAX_BYTES = 16 * 1024 * 1024;
export const SEND_QUEUE_MAX_FRAMES = 4_096;

const SEND_ORDER: readonly SendClass[] = ['control', 'crl', 'record', 'heartbeat'];
/**
 * What may be dropped, first to go first: the next heartbeat says more than an old one, and a lost record is found
 * again by the digest pull. Control and CRLs are never dropped.
 */
const DROP_ORDER: readonly SendClass[] = ['heartbeat', 'record'];

export interface SendQueueLimits {
  readonly maxBytes: number;
  readonly maxFrames: number;
}

/**
 * Frames that wait for a peer, most urgent first, oldest first within a class. Never blocks and never grows past
 * its limits: when full it drops the oldest heartbeats, then the oldest records.
 */
export class SendQueue {
  readonly #limits: SendQueueLimits;
  readonly #waiting: Record<SendClass, Uint8Array[]> = { control: [], crl: [], record: [], heartbeat: [] };
  #bytes = 0;
  #frames = 0;
  #dropped = 0;

  constructor(
    limits: SendQueueLimits = { maxBytes: SEND_QUEUE_MAX_BYTES, maxFrames: SEND_QUEUE_MAX_FRAMES },
  ) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Frames dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Adds a frame, dropping others to make room (or the frame itself, when it is the least important).
   * Answers 'overflow' when what may not be dropped exceeds the limits: then close the link, the peer does not read.
   */
  push(frame: Uint8Array, sendClass: SendClass): 'queued' | 'overflow' {
    this.#waiting[sendClass].push(frame);
    this.#bytes += frame.length;
    this.#frames += 1;
    for (const victim of DROP_ORDER) while (this.#isOverfull() && this.#take(victim)) this.#dropped += 1;
    return this.#isOverfull() ? 'overflow' : 'queued';
  }

  /** Removes and returns the frame to send next; undefined when none waits. */
  shift(): Uint8Array | undefined {
    for (const sendClass of SEND_ORDER) {
      const frame = this.#take(sendClass);
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  #isOverfull(): boolean {
    return this.#bytes > this.#limits.maxBytes || this.#frames > this.#limits.maxFrames;
  }

  #take(sendClass: SendClass): Uint8Array | undefined {
    const frame = this.#waiting[sendClass].shift();
    if (frame === undefined) return undefined;
    this.#bytes -= frame.length;
    this.#frames -= 1;
    return frame;
  }
}
