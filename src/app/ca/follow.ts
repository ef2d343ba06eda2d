import type { AckBook, Enforced } from '../../api/ca/index.ts';
import type { Authority, StoreExchange } from '../../authority/index.ts';
import { LsError, parseNodeId, type NodeId } from '../../std/index.ts';
import type { Log } from '../log.ts';

const ACK = 'ack';
/** Decimal digits that are a safe integer for sure. */
const NUMBER = /^\d{1,15}$/;

/** What a replica tells the others of a node that acknowledged to it. */
export function ackWord(nodeId: NodeId, { crlNumber, rosterNumber }: Enforced): string {
  return [ACK, nodeId, crlNumber, rosterNumber].join(':');
}

/**
 * Follows the other replicas of this CA: what they publish is published here too, and what nodes have acknowledged to
 * them is known here. Nothing happens where the store belongs to one process. Returns the function that ends it.
 */
export function followReplicas(
  authority: Authority,
  exchange: StoreExchange | undefined,
  acks: AckBook,
  log: Log,
): () => void {
  if (exchange === undefined) return () => undefined;
  const follower = new Follower(authority, log);
  return exchange.follow({
    changed: (isCertain) => follower.look(isCertain),
    told: (word) => takeWord(word, acks),
  });
}

/** Anything else is of a newer program, and ignored. */
function takeWord(word: string, acks: AckBook): void {
  const [kind, id = '', crlNumber = '', rosterNumber = '', ...more] = word.split(':');
  const nodeId = parseNodeId(id);
  if (kind !== ACK || nodeId === undefined || more.length > 0) return;
  if (!NUMBER.test(crlNumber) || !NUMBER.test(rosterNumber)) return;
  acks.learn(nodeId, { crlNumber: Number(crlNumber), rosterNumber: Number(rosterNumber) });
}

/** Looks one time after the other; what is asked for meanwhile is one more time. */
class Follower {
  readonly #authority: Authority;
  readonly #log: Log;
  #isWanted = false;
  #addresses = false;
  #isLooking = false;
  #failure: string | undefined;

  constructor(authority: Authority, log: Log) {
    this.#authority = authority;
    this.#log = log;
  }

  look(addresses: boolean): void {
    this.#isWanted = true;
    this.#addresses ||= addresses;
    if (!this.#isLooking) void this.#lookOn();
  }

  async #lookOn(): Promise<void> {
    this.#isLooking = true;
    while (this.#isWanted) {
      this.#isWanted = false;
      const addresses = this.#addresses;
      this.#addresses = false;
      const failure = await this.#catchUp(addresses);
      // It is asked for again soon; what this time was for is not forgotten until then.
      if (failure !== undefined) this.#addresses ||= addresses;
      this.#tell(failure);
    }
    this.#isLooking = false;
  }

  async #catchUp(addresses: boolean): Promise<string | undefined> {
    try {
      const done = await this.#authority.catchUp(addresses);
      return done.ok ? undefined : done.error.code;
    } catch (cause) {
      return cause instanceof LsError ? cause.code : String(cause);
    }
  }

  /** Each reason once. */
  #tell(failure: string | undefined): void {
    if (failure === this.#failure) return;
    this.#failure = failure;
    if (failure === undefined) this.#log.info({ event: 'replicas' }, 'the other replicas are heard again');
    else this.#log.error({ event: 'replicas', code: failure }, 'what other replicas publish is not heard');
  }
}
