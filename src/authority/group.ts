import { err, fault, ok, unixMs, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commit, type Outcome } from './context.ts';
import type { Publication } from './facts.ts';
import { InCommon } from './in-common.ts';
import { MAX_GROUP, MAX_WAITING_FOR_GROUP } from './limits.ts';
import { publishRoster } from './roster.ts';
import type { StoreTransaction } from './store.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

/** What one member of a group does in the transaction of all, and what is made public with it. */
export interface GroupOutcome<T> extends Outcome<T> {
  /** The roster of this transaction has to say something new; it is the one numbered nextRosterNumber. */
  readonly changesRoster?: boolean;
}

type Work<T> = (part: Part) => Promise<Result<GroupOutcome<T>, Fault>>;

/** What a member of a group works with. */
export interface Part {
  readonly tx: StoreTransaction;
  readonly common: InCommon;
  readonly context: AuthorityContext;
}

/** A place in a transaction that is shared. */
interface Seat {
  readonly now: UnixMs;
  take(part: Part): Promise<GroupOutcome<unknown> | null>;
  settle(failed: Fault | null): void;
  reject(cause: unknown): void;
}

/**
 * Does in one transaction, with one roster, what came while others had their turn: a disk is synced and the members
 * are signed once for many enrollments. Each of them is undone alone when it fails, and nobody has an answer before
 * the transaction of all is durable.
 */
export class Group {
  readonly #base: AuthorityBase;
  readonly #waiting: Seat[] = [];
  #isRunning = false;

  constructor(base: AuthorityBase) {
    this.#base = base;
  }

  /** Errors: those of `work`; LS_CA_STORE_BUSY when MAX_WAITING_FOR_GROUP wait already; as commit. */
  commit<T>(work: Work<T>, now: UnixMs): Promise<Result<T, Fault>> {
    if (this.#waiting.length >= MAX_WAITING_FOR_GROUP) {
      return Promise.resolve(
        err(fault('LS_CA_STORE_BUSY', `${this.#waiting.length} enrollments are waiting for the CA store`)),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push(seatFor(work, now, resolve, reject));
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      await this.#base.deps.pause?.();
      await this.#carryOut(this.#waiting.splice(0, MAX_GROUP));
    }
    this.#isRunning = false;
  }

  /** What throws is a bug met by one of them: the others are done without it. */
  async #carryOut(seats: readonly Seat[]): Promise<void> {
    try {
      const done = await commit(this.#base, (tx, context) => this.#together({ tx, context }, seats));
      for (const seat of seats) seat.settle(done.ok ? null : done.error);
    } catch (cause) {
      const [seat, ...others] = seats;
      if (others.length === 0) seat?.reject(cause);
      else for (const each of seats) await this.#carryOut([each]);
    }
  }

  async #together(
    { tx, context }: Pick<Part, 'tx' | 'context'>,
    seats: readonly Seat[],
  ): Promise<Result<Outcome<null>, Fault>> {
    const outcomes: GroupOutcome<unknown>[] = [];
    const common = new InCommon(tx);
    for (const seat of seats) {
      const outcome = await seat.take({ tx, common, context });
      if (outcome === null) common.forget();
      else outcomes.push(outcome);
    }
    let publication = merged(outcomes.map((outcome) => outcome.publication ?? {}));
    if (outcomes.some(({ changesRoster }) => changesRoster === true)) {
      const latest = seats.reduce((time, { now }) => Math.max(time, now), 0);
      const roster = await publishRoster(context, tx, await common.actingTime(unixMs(latest)));
      publication = { ...publication, roster };
    }
    return ok({ answer: null, publication });
  }
}

function seatFor<T>(
  work: Work<T>,
  now: UnixMs,
  resolve: (result: Result<T, Fault>) => void,
  reject: (cause: unknown) => void,
): Seat {
  let result: Result<GroupOutcome<T>, Fault> | undefined;
  return {
    now,
    async take(part) {
      result = await part.tx.attempt(() => work(part));
      return result.ok ? result.value : null;
    },
    settle(failed) {
      if (failed !== null || result === undefined) {
        resolve(err(failed ?? fault('LS_CA_STORE_BUSY', 'the transaction was not carried out')));
      } else resolve(result.ok ? ok(result.value.answer) : result);
    },
    reject,
  };
}

/** Addresses are told as a whole, so the last word on them counts; each CRL or roster has a transaction of its own. */
function merged(publications: readonly Publication[]): Publication {
  const endedNodes = publications.flatMap((each) => each.endedNodes ?? []);
  const seeds = publications.findLast((each) => each.seeds !== undefined)?.seeds;
  return {
    ...(seeds === undefined ? {} : { seeds }),
    ...(endedNodes.length === 0 ? {} : { endedNodes }),
  };
}
