import { fault, LsError, type Fault } from '../../std/index.ts';
import { CK, messageOf, type Cryptoki, type Handle, type LoadCryptoki } from './cryptoki.ts';
import type { TokenAddress } from './uri.ts';

/** A session with a token, in which the user has logged in. */
export interface TokenSession {
  readonly cryptoki: Cryptoki;
  readonly handle: Handle;
  /** Handles of keys by their id in hex; they end with the session. */
  readonly keys: Map<string, Handle>;
}

export interface TokenOptions {
  readonly address: TokenAddress;
  readonly pin: string;
  readonly load: LoadCryptoki;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
}

/** A token that is away is asked again at most this often: a driver may take long to say so, and all wait for it. */
export const RECONNECT_PAUSE_MS = 2_000;
const MAX_SLOTS = 256;

/** Answers that another try with the same PIN makes worse: most tokens lock themselves after a few. */
const PIN_ANSWERS = /^CKR_(?:PIN_|USER_PIN_NOT_INITIALIZED|USER_TYPE_INVALID)/;
const REFUSALS =
  /^CKR_(?:MECHANISM_|KEY_TYPE_|KEY_FUNCTION_|TEMPLATE_|ATTRIBUTE_|TOKEN_WRITE_PROTECTED|SESSION_READ_ONLY|CURVE_|DOMAIN_PARAMS)/;

/**
 * One PKCS#11 token, synchronous. A session that breaks is opened anew, once for each call and with a pause after a
 * failure; a wrong PIN is never tried twice.
 */
export class Token {
  readonly #options: TokenOptions;
  #cryptoki: Cryptoki | undefined;
  #session: TokenSession | undefined;
  #fault: Fault | undefined;
  #isFinal = false;
  #writes = false;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** Why the last use failed; undefined when it did not. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /**
   * Runs `work` in a session, and once more in a new one when the session it had is of no use any more.
   * Throws LS_KEY_TOKEN_UNAVAILABLE, LS_KEY_PIN, LS_KEY_TOKEN_REFUSED, LS_KEY_STORE_AMBIGUOUS, LS_KEY_MODULE, and the
   * LsError of `work`.
   */
  use<T>(work: (session: TokenSession) => T): T {
    const held = this.#session;
    if (held !== undefined) {
      try {
        return this.#succeed(work(held));
      } catch (cause) {
        if (isRefusal(cause)) throw this.#refuse(cause);
        this.#disconnect();
      }
    }
    const fresh = this.#connect();
    try {
      return this.#succeed(work(fresh));
    } catch (cause) {
      if (isRefusal(cause)) throw this.#refuse(cause);
      if (cause instanceof LsError) throw this.blame(cause.fault);
      throw this.#lose(cause);
    }
  }

  /** Notes what is wrong with the token's answer, for {@link fault}; the next use that succeeds forgets it. */
  blame(reason: Fault): LsError {
    this.#fault = reason;
    return new LsError(reason);
  }

  /** To make and destroy keys. Signing needs no session that writes, and some tokens have few of those. */
  allowWrites(): void {
    if (this.#writes) return;
    this.#writes = true;
    this.#disconnect();
  }

  close(): void {
    this.#disconnect();
  }

  #succeed<T>(result: T): T {
    this.#fault = undefined;
    return result;
  }

  #refuse(cause: unknown): LsError {
    return this.blame(fault('LS_KEY_TOKEN_REFUSED', `${this.#place} answers ${messageOf(cause)}`));
  }

  #connect(): TokenSession {
    const last = this.#fault;
    const waits = this.#isFinal || this.#options.monotonicMs() < this.#notBefore;
    if (waits && last !== undefined) throw new LsError(last);
    try {
      this.#cryptoki ??= this.#options.load(this.#options.address.modulePath);
      const cryptoki = this.#cryptoki;
      unless('CKR_CRYPTOKI_ALREADY_INITIALIZED', () => cryptoki.C_Initialize());
      const flags = CK.CKF_SERIAL_SESSION | (this.#writes ? CK.CKF_RW_SESSION : 0);
      const handle = cryptoki.C_OpenSession(this.#findSlot(cryptoki), flags);
      this.#session = { cryptoki, handle, keys: new Map() };
      unless('CKR_USER_ALREADY_LOGGED_IN', () => cryptoki.C_Login(handle, CK.CKU_USER, this.#options.pin));
      return this.#session;
    } catch (cause) {
      throw this.#lose(cause);
    }
  }

  #findSlot(cryptoki: Cryptoki): Handle {
    const { address } = this.#options;
    const slots = cryptoki.C_GetSlotList(true).slice(0, MAX_SLOTS);
    const [slot, ...others] = slots.filter((each) => isToken(cryptoki, each, address));
    if (slot === undefined)
      throw new LsError(fault('LS_KEY_TOKEN_UNAVAILABLE', `${this.#place} is not there`));
    if (others.length === 0) return slot;
    throw new LsError(
      fault('LS_KEY_STORE_AMBIGUOUS', `${others.length + 1} tokens are ${this.#place}; add serial=…`),
    );
  }

  #lose(cause: unknown): LsError {
    this.#disconnect();
    // The addon's word for arguments it does not take: a bug, which no token heals.
    if (cause instanceof TypeError) throw cause;
    const reason = cause instanceof LsError ? cause.fault : this.#lossOf(messageOf(cause));
    this.#isFinal = reason.code === 'LS_KEY_PIN';
    this.#notBefore = this.#options.monotonicMs() + RECONNECT_PAUSE_MS;
    this.#fault = reason;
    return cause instanceof LsError ? cause : new LsError(reason, { cause });
  }

  #lossOf(name: string): Fault {
    return PIN_ANSWERS.test(name)
      ? fault('LS_KEY_PIN', `${this.#place} answers ${name}; it is not asked again by this process`)
      : fault('LS_KEY_TOKEN_UNAVAILABLE', `${this.#place} answers ${name}`);
  }

  /** The library is ended too: many see a token that came back only when they start anew. */
  #disconnect(): void {
    const session = this.#session;
    this.#session = undefined;
    const cryptoki = this.#cryptoki;
    if (cryptoki === undefined) return;
    if (session !== undefined) quietly(() => cryptoki.C_CloseSession(session.handle));
    quietly(() => cryptoki.C_Finalize());
  }

  get #place(): string {
    const { token, serial } = this.#options.address;
    return `the token ${JSON.stringify(token ?? serial)}`;
  }
}

/** What a new session would not change. */
function isRefusal(cause: unknown): boolean {
  return !(cause instanceof LsError) && REFUSALS.test(messageOf(cause));
}

function isToken(cryptoki: Cryptoki, slot: Handle, address: TokenAddress): boolean {
  const info = tokenInfo(cryptoki, slot);
  if (info === undefined) return false;
  const pairs: readonly (readonly [string | undefined, string])[] = [
    [address.token, info.label],
    [address.serial, info.serialNumber],
    [address.manufacturer, info.manufacturerID],
    [address.model, info.model],
  ];
  return pairs.every(([wanted, padded]) => wanted === undefined || wanted === padded.replace(/[ \0]+$/, ''));
}

/** A slot whose token was taken out between two calls is no slot of ours. */
function tokenInfo(cryptoki: Cryptoki, slot: Handle): ReturnType<Cryptoki['C_GetTokenInfo']> | undefined {
  try {
    return cryptoki.C_GetTokenInfo(slot);
  } catch {
    return undefined;
  }
}

function unless(tolerated: string, call: () => void): void {
  try {
    call();
  } catch (cause) {
    if (messageOf(cause) !== tolerated) throw cause;
  }
}

function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // What is ended here may be gone already.
  }
}
