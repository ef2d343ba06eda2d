import type { DerivedLog } from '../../io/ledger/index.ts';
import { fault, LsError, type Fault, type Signer, type UnixMs } from '../../std/index.ts';
import type { Log } from '../log.ts';
import { openCaLog, rawLogKey } from './log-key.ts';
import type { OpenCa } from './open.ts';

/** How often a server looks for new entries: a checkpoint is at most this old, and what signing takes. */
const LOOK_EVERY_MS = 500;
/** The start of a server is for its callers; the key is unlocked after that. */
const FIRST_LOOK_MS = 1_000;
const RETRY_MS = 10_000;
/** Nothing that waiting could heal. */
const FINAL: readonly string[] = ['LS_CA_LEDGER_ROLLBACK', 'LS_CA_LEDGER_CHECKPOINT'];

/** Keeps the checkpoint of the CA's ledger up to date, in the background. */
export interface LedgerKeeper {
  /** Why it does not, if so. */
  readonly fault: Fault | undefined;
  /** Has the key of the ledger bound anew if need be: the issuing CA that had bound it may be revoked. */
  bindAgain(): void;
  /** Signs what is there, unless it may not, and ends. */
  close(): Promise<void>;
}

/** Starts to derive tiles and checkpoints of the CA's ledger from the rows of its store. */
export function keepLedger(ca: OpenCa, now: () => UnixMs, log: Log): LedgerKeeper {
  return new Keeper(ca, now, log);
}

class Keeper implements LedgerKeeper {
  readonly #ca: OpenCa;
  readonly #now: () => UnixMs;
  readonly #log: Log;
  #signer: Signer | undefined;
  #derived: DerivedLog | undefined;
  #isToBind = false;
  #fault: Fault | undefined;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(ca: OpenCa, now: () => UnixMs, log: Log) {
    this.#ca = ca;
    this.#now = now;
    this.#log = log;
    this.#lookIn(FIRST_LOOK_MS);
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  bindAgain(): void {
    this.#isToBind = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#work;
    if (!this.#isOver()) await this.#look();
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#work = this.#look().then(() => {
        if (!this.#closed && !this.#isOver())
          this.#lookIn(this.#fault === undefined ? LOOK_EVERY_MS : RETRY_MS);
      });
    }, ms);
    this.#timer.unref();
  }

  #isOver(): boolean {
    return this.#fault !== undefined && FINAL.includes(this.#fault.code);
  }

  async #look(): Promise<void> {
    try {
      if (this.#isToBind) this.#derived = undefined;
      this.#isToBind = false;
      this.#derived ??= await this.#open();
      await this.#derived.advance();
      if (this.#fault !== undefined)
        this.#log.info({ event: 'ca-ledger' }, 'the ledger of the CA is signed again');
      this.#fault = undefined;
    } catch (cause) {
      this.#derived = undefined;
      this.#fail(cause);
    }
  }

  async #open(): Promise<DerivedLog> {
    const { authority, home, store, logKey } = this.#ca;
    if (logKey === undefined)
      throw new LsError(fault('LS_KEY_NO_PASSPHRASE', 'the keys of the CA are locked'));
    const signer = (this.#signer ??= await logKey());
    const { trustDomain } = authority;
    const log = await openCaLog({ paths: home, store, signer, trustDomain });
    const bound = await authority.bindLogKey(rawLogKey(signer), this.#now());
    if (!bound.ok) throw new LsError(bound.error);
    // `pki init` binds the key first of all and signs at once. Only a CA from before that has no checkpoint yet.
    if (log.signed === undefined && bound.value === 0)
      throw new LsError(fault('LS_CA_LEDGER_ROLLBACK', `there is no checkpoint in ${home.ledger}`));
    return log;
  }

  /** Each reason is told once. */
  #fail(cause: unknown): void {
    const reason = cause instanceof LsError ? cause.fault : fault('LS_API_INTERNAL', String(cause));
    if (reason.code !== this.#fault?.code) {
      const { code, detail } = reason;
      this.#log.error({ event: 'ca-ledger', code, detail }, 'the ledger of the CA is not signed any more');
    }
    this.#fault = reason;
  }
}
