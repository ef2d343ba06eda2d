import type { AuthorityStore, StoreReader, StoreTransaction } from '../../src/authority/index.ts';
import { err, fault, LsError, type Fault, type Result } from '../../src/std/index.ts';

/**
 * How a store breaks. `full`: the disk has no room, and the store goes on. `io`: the file's state is unknown, and the
 * store takes nothing more. `death`: the process is gone, and whoever waits for it hears nothing.
 */
export type BreakKind = 'full' | 'io' | 'death';

/** What became of the transaction in which the store broke. */
export type BrokenAt = 'write' | 'before-commit' | 'after-commit';

/** Thrown for a process that died: nobody may take it for an answer. */
export class Died extends Error {
  constructor() {
    super('the process of this authority has died');
  }
}

/**
 * A store that breaks once, at a chosen point: each write of a transaction is a point, then the commit that fails and
 * is not persisted, then the commit that is persisted and whose answer is lost.
 */
export class BreakingStore implements AuthorityStore {
  readonly #inner: AuthorityStore;
  #left = Infinity;
  #kind: BreakKind = 'full';
  #ended: Fault | Died | undefined;
  #brokenAt: BrokenAt | undefined;

  constructor(inner: AuthorityStore) {
    this.#inner = inner;
  }

  /** Breaks at the `point`-th point from now, counted from 1. */
  breakAt(point: number, kind: BreakKind): void {
    this.#left = point;
    this.#kind = kind;
    this.#brokenAt = undefined;
  }

  /** Where it broke since {@link breakAt}; it does not any more after this. */
  disarm(): BrokenAt | undefined {
    this.#left = Infinity;
    return this.#brokenAt;
  }

  async transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    const ended = this.#refusal<T>();
    if (ended !== undefined) return ended;
    const result = await this.#inner.transaction(async (tx) => {
      const done = await work(this.#counted(tx));
      if (done.ok && this.#isDue('before-commit')) throw this.#failure();
      return done;
    });
    if (!result.ok || !this.#isDue('after-commit')) return result;
    // The disk cannot be full once the commit is on it: what is lost then is the answer.
    if (this.#kind === 'full') this.#kind = 'io';
    const failure = this.#failure();
    if (failure instanceof LsError) return err(failure.fault);
    throw failure;
  }

  async read<T>(work: (tx: StoreReader) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>> {
    return this.#refusal<T>() ?? this.#inner.read(work);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #refusal<T>(): Result<T, Fault> | undefined {
    if (this.#ended instanceof Died) throw this.#ended;
    return this.#ended === undefined ? undefined : err(this.#ended);
  }

  #isDue(at: BrokenAt): boolean {
    this.#left -= 1;
    if (this.#left !== 0) return false;
    this.#brokenAt = at;
    return true;
  }

  #failure(): LsError | Died {
    if (this.#kind === 'death') {
      this.#ended = new Died();
      return this.#ended;
    }
    const code = this.#kind === 'full' ? 'LS_CA_STORE_FULL' : 'LS_CA_STORE_IO';
    const reason = fault(code, 'planted');
    if (this.#kind === 'io') this.#ended = reason;
    return new LsError(reason);
  }

  #counted(tx: StoreTransaction): StoreTransaction {
    const write = async <R>(step: () => Promise<R>): Promise<R> => {
      if (this.#ended instanceof Died) throw this.#ended;
      if (this.#isDue('write')) throw this.#failure();
      return step();
    };
    return {
      ...tx,
      insertGenesis: (genesis) => write(() => tx.insertGenesis(genesis)),
      setReadOnlySince: (since) => write(() => tx.setReadOnlySince(since)),
      insertToken: (token) => write(() => tx.insertToken(token)),
      deleteToken: (tokenId) => write(() => tx.deleteToken(tokenId)),
      spendToken: (tokenId, spent) => write(() => tx.spendToken(tokenId, spent)),
      voidTokens: (name, why) => write(() => tx.voidTokens(name, why)),
      purgeTokens: (before) => write(() => tx.purgeTokens(before)),
      insertNode: (node) => write(() => tx.insertNode(node)),
      activateNode: (nodeId, at) => write(() => tx.activateNode(nodeId, at)),
      endNode: (nodeId, end) => write(() => tx.endNode(nodeId, end)),
      insertCertificate: (row) => write(() => tx.insertCertificate(row)),
      completeCertificate: (serial, der) => write(() => tx.completeCertificate(serial, der)),
      confirmCertificate: (serial, at) => write(() => tx.confirmCertificate(serial, at)),
      insertRevocation: (row) => write(() => tx.insertRevocation(row)),
      deleteRevocation: (serial) => write(() => tx.deleteRevocation(serial)),
      insertRelease: (row) => write(() => tx.insertRelease(row)),
      insertCrl: (row) => write(() => tx.insertCrl(row)),
      insertRoster: (row) => write(() => tx.insertRoster(row)),
      putAddress: (row) => write(() => tx.putAddress(row)),
      deleteAddress: (nodeId) => write(() => tx.deleteAddress(nodeId)),
      appendLedger: (bodies) => write(() => tx.appendLedger(bodies)),
    };
  }
}
