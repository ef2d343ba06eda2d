import { equalBytes, fault, fromUtf8, monoMs, utf8, type Fault, type MonoMs } from '../std/index.ts';
import type { LinkRole } from './duplicate.ts';
import { FrameReader, MAX_FRAME_BYTES, MAX_FRAME_BYTES_BEFORE_HELLO } from './frame.ts';
import { decodeMessage, encodeMessage } from './message-codec.ts';
import { MAX_BYE_CODE_BYTES, MAX_BYE_DETAIL_BYTES, type Hello, type Message } from './message.ts';
import type { SendClass } from './send-queue.ts';

/**
 * A peer that has not said hello by then never will: half-open, frozen, or not one of us. Longer than a machine on which
 * everything starts at once makes anybody wait: work that is thrown away there and begun anew keeps it overloaded.
 */
export const HELLO_TIMEOUT_MS = 6_000;
/** A tick later than this says that we stood still, not the peer: its hello may be waiting unread. */
export const LATE_TICK_MS = 500;

/** One message on its way out. */
export interface Frame {
  readonly kind: 'write';
  readonly bytes: Uint8Array;
  readonly class: SendClass;
}

/** What a link wants done, in order. */
export type LinkOutput =
  | Frame
  /** Both sides said hello. */
  | { readonly kind: 'up'; readonly hello: Hello }
  | { readonly kind: 'message'; readonly message: Message }
  /** The last output. Flush what was written, then close the connection. */
  | { readonly kind: 'closed'; readonly code: string; readonly detail: string; readonly byPeer: boolean };

export interface LinkMachineOptions {
  readonly role: LinkRole;
  /** Asked for once, when our own hello is written. */
  readonly hello: () => Hello;
  readonly now: MonoMs;
}

type LinkState = 'new' | 'awaiting-hello' | 'up' | 'closed';

/**
 * One connection's conversation: hello in both directions, then messages, then at most one bye. Pure: bytes and
 * times go in, outputs come out. A peer that breaks the rules is told why with a bye before the link closes; once
 * closed a link stays silent, whatever it is given.
 */
export class LinkMachine {
  readonly role: LinkRole;
  readonly #hello: () => Hello;
  readonly #reader = new FrameReader();
  #own: Hello | undefined;
  #state: LinkState = 'new';
  #since: MonoMs;
  #helloDeadline: MonoMs;

  constructor(options: LinkMachineOptions) {
    this.role = options.role;
    this.#hello = options.hello;
    this.#since = options.now;
    this.#helloDeadline = monoMs(options.now + HELLO_TIMEOUT_MS);
  }

  get state(): LinkState {
    return this.#state;
  }

  /** When the link entered its state. */
  get since(): MonoMs {
    return this.#since;
  }

  /** The connection stands and its certificate was judged good: says hello. */
  opened(now: MonoMs): readonly LinkOutput[] {
    if (this.#state !== 'new') return [];
    this.#enter('awaiting-hello', now);
    this.#helloDeadline = monoMs(now + HELLO_TIMEOUT_MS);
    this.#own = this.#hello();
    return [writeOf({ kind: 'hello', ...this.#own })];
  }

  /** The next bytes of the stream, however they were cut. */
  received(bytes: Uint8Array, now: MonoMs): readonly LinkOutput[] {
    const outputs: LinkOutput[] = [];
    if (this.#state === 'closed') return outputs;
    this.#reader.push(bytes);
    while (this.#isOpen()) {
      const body = this.#reader.next(this.#state === 'up' ? MAX_FRAME_BYTES : MAX_FRAME_BYTES_BEFORE_HELLO);
      if (!body.ok) {
        outputs.push(...this.#end(body.error, now));
      } else if (body.value === null) {
        break;
      } else {
        outputs.push(...this.#frame(body.value, now));
      }
    }
    return outputs;
  }

  /**
   * Sends one message on a link that is up; on any other it does nothing. `sendClass` replaces the usual class of
   * the message: a heartbeat that rebuts is sent as a record, so that a full queue does not drop it first.
   */
  send(message: Message, _now: MonoMs, sendClass?: SendClass): readonly LinkOutput[] {
    return this.#state === 'up' ? [writeOf(message, sendClass)] : [];
  }

  /** As {@link send}, for what goes to many links. */
  sendFrame(frame: Frame): readonly LinkOutput[] {
    return this.#state === 'up' ? [frame] : [];
  }

  /** Says bye with the reason, in any state, and closes. Overlong or unprintable text is cut and cleaned. */
  close(code: string, detail: string, now: MonoMs): readonly LinkOutput[] {
    if (this.#state === 'closed') return [];
    this.#enter('closed', now);
    const bye = { code: code.slice(0, MAX_BYE_CODE_BYTES), detail: oneLine(detail) };
    return [writeOf({ kind: 'bye', ...bye }), { kind: 'closed', ...bye, byPeer: false }];
  }

  /** Closes when the peer's hello is overdue. A tick that comes late itself gives the peer one tick more. */
  tick(now: MonoMs): readonly LinkOutput[] {
    const deadline = this.nextDeadline();
    if (deadline === null || now < deadline) return [];
    if (now - deadline > LATE_TICK_MS) {
      this.#helloDeadline = monoMs(now + LATE_TICK_MS);
      return [];
    }
    return this.#end(fault('LS_LINK_HELLO_TIMEOUT', `no hello within ${String(HELLO_TIMEOUT_MS)} ms`), now);
  }

  nextDeadline(): MonoMs | null {
    return this.#state === 'new' || this.#state === 'awaiting-hello' ? this.#helloDeadline : null;
  }

  #isOpen(): boolean {
    return this.#state !== 'closed';
  }

  #frame(body: Uint8Array, now: MonoMs): readonly LinkOutput[] {
    const decoded = decodeMessage(body);
    if (!decoded.ok) return this.#end(decoded.error, now);
    const message = decoded.value;
    if (message.kind === 'bye') {
      this.#enter('closed', now);
      return [{ kind: 'closed', code: message.code, detail: message.detail, byPeer: true }];
    }
    if (this.#state === 'up') {
      if (message.kind !== 'hello') return [{ kind: 'message', message }];
      return this.#end(fault('LS_LINK_PROTOCOL', 'a second hello'), now);
    }
    if (message.kind === 'hello') return this.#greeted(message, now);
    return this.#end(fault('LS_LINK_PROTOCOL', `a ${message.kind} before the hello`), now);
  }

  #greeted(hello: Message<'hello'>, now: MonoMs): readonly LinkOutput[] {
    if (this.#own === undefined)
      return this.#end(fault('LS_LINK_PROTOCOL', 'a hello before the link is open'), now);
    const refusal = refuseHello(this.#own, hello);
    if (refusal !== undefined) return this.#end(refusal, now);
    this.#enter('up', now);
    return [{ kind: 'up', hello }];
  }

  #end(reason: Fault, now: MonoMs): readonly LinkOutput[] {
    return this.close(reason.code, reason.detail, now);
  }

  #enter(state: LinkState, now: MonoMs): void {
    this.#state = state;
    this.#since = now;
  }
}

/** Traffic class of a message when the sender names no other. */
function classOf(message: Message): SendClass {
  switch (message.kind) {
    case 'hello':
    case 'bye':
    case 'ping':
    case 'pong':
      return 'control';
    case 'crl':
    case 'issuer':
      return 'crl';
    case 'digest':
    case 'want':
    case 'down':
      return 'record';
    case 'record':
      return message.type === 'heartbeat' ? 'heartbeat' : 'record';
  }
}

/** A message encoded once, however many links it goes to. `sendClass` as in {@link LinkMachine.send}. */
export function frameOf(message: Message, sendClass?: SendClass): Frame {
  return writeOf(message, sendClass);
}

function writeOf(message: Message, sendClass: SendClass = classOf(message)): Frame {
  return { kind: 'write', bytes: encodeMessage(message), class: sendClass };
}

function refuseHello(own: Hello, peer: Hello): Fault | undefined {
  if (!equalBytes(own.domainId, peer.domainId)) {
    return fault('LS_LINK_WRONG_DOMAIN', 'the two nodes belong to different trust domains');
  }
  if (
    peer.versionMin > own.versionMax ||
    peer.versionMax < own.versionMin ||
    peer.versionMin > peer.versionMax
  ) {
    const range = (hello: Hello): string => `${String(hello.versionMin)} to ${String(hello.versionMax)}`;
    return fault('LS_LINK_VERSION', `one side speaks versions ${range(own)}, the other ${range(peer)}`);
  }
  return undefined;
}

function oneLine(detail: string): string {
  const line = detail.replaceAll(/\p{Cc}+/gu, ' ');
  let cut = utf8(line).subarray(0, MAX_BYE_DETAIL_BYTES);
  // The cut may fall inside a character of up to four bytes.
  while (fromUtf8(cut) === undefined) cut = cut.subarray(0, -1);
  return fromUtf8(cut) ?? '';
}
