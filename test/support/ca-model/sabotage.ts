import type {
  AuthorityStore,
  OcspAnswer,
  OcspResponder,
  StoreReader,
  StoreTransaction,
} from '../../../src/authority/index.ts';
import type { Fault, Result } from '../../../src/std/index.ts';

/** A bug that is planted between the CA and what it stands on, to see that the model finds it. */
export interface Sabotage {
  /** Called for each store that is opened. */
  readonly store?: (store: AuthorityStore) => AuthorityStore;
  readonly responder?: (responder: OcspResponder) => OcspResponder;
  /** A restored CA is not given the CRLs that are held elsewhere. */
  readonly restoresWithoutCrls?: boolean;
}

/** Writes that go otherwise than they should. */
export function withWrites(change: (tx: StoreTransaction) => Partial<StoreTransaction>): Sabotage {
  return {
    store: (store) => ({
      transaction: (work) => store.transaction((tx) => work({ ...tx, ...change(tx) })),
      read: (work) => store.read(work),
      close: () => store.close(),
    }),
  };
}

/** Reads that miss something, also where they are made to write. */
export function withReads(change: (tx: StoreReader) => Partial<StoreReader>): Sabotage {
  return {
    store: (store) => ({
      transaction: (work) => store.transaction((tx) => work({ ...tx, ...change(tx) })),
      read: (work) => store.read((tx) => work({ ...tx, ...change(tx) })),
      close: () => store.close(),
    }),
  };
}

/** Every `nth` commit is answered and lost. */
export function losingCommits(nth: number): Sabotage {
  const lost = new Error('lost');
  return {
    store: (store) => {
      let commits = 0;
      return {
        async transaction<T>(work: (tx: StoreTransaction) => Promise<Result<T, Fault>>) {
          let answer: Result<T, Fault> | undefined;
          commits += 1;
          try {
            return await store.transaction(async (tx) => {
              answer = await work(tx);
              if (answer.ok && commits % nth === 0) throw lost;
              return answer;
            });
          } catch (thrown) {
            if (thrown === lost && answer !== undefined) return answer;
            throw thrown;
          }
        },
        read: (work) => store.read(work),
        close: () => store.close(),
      };
    },
  };
}

/** A responder that says again what it said once. */
export function stubbornResponder(): Sabotage {
  return {
    responder: (responder) => {
      const said = new Map<string, OcspAnswer>();
      return {
        answer(request, now) {
          const key = Buffer.from(request).toString('hex');
          const before = said.get(key);
          if (before !== undefined) return before;
          return Promise.resolve(responder.answer(request, now)).then((answer) => {
            said.set(key, answer);
            return answer;
          });
        },
        answerTo: (request, now) => responder.answerTo(request, now),
        refresh: (now) => responder.refresh(now),
        health: () => responder.health(),
        close: () => {
          responder.close();
        },
      };
    },
  };
}
