import type { RolloverDesk } from '../../src/api/index.ts';
import {
  makeIssuingRequest,
  type Authority,
  type IssuingFacts,
  type MadeRoot,
  type RootFacts,
} from '../../src/authority/index.ts';
import { LsError, toHex, type Fault, type Result, type UnixMs } from '../../src/std/index.ts';
import { testCrypto, testKey } from './crypto.ts';

/** The keys that a home would have for a rollover, in memory; everything else is the authority's. */
export class TestDesk implements RolloverDesk {
  readonly #authority: Authority;
  readonly #now: () => UnixMs;
  readonly #next = testKey();
  readonly #nextRoot = testKey();
  /** How often the home was to follow. */
  follows = 0;

  constructor(authority: Authority, now: () => UnixMs) {
    this.#authority = authority;
    this.#now = now;
  }

  async prepare(files: Parameters<RolloverDesk['prepare']>[0]): Promise<IssuingFacts> {
    const known = valueOf(await this.#authority.rollover.list(this.#now()));
    const prepared = known.find(({ state }) => state === 'prepared');
    if (prepared !== undefined) return prepared;
    const key = files.certificate === undefined ? testKey() : this.#next;
    return valueOf(await this.#authority.rollover.prepare({ key, ...files }, this.#now()));
  }

  async request() {
    const generation = valueOf(await this.#authority.rollover.list(this.#now())).length + 1;
    const wanted = { trustDomain: this.#authority.trustDomain, permittedDns: [] };
    const csr = valueOf(makeIssuingRequest({ crypto: testCrypto }, wanted, this.#next, generation));
    return { generation, csr, keySha256: toHex(testCrypto.sha256(this.#next.spki)) };
  }

  async prepareRoot(made: MadeRoot | undefined): Promise<RootFacts> {
    const request = made ?? { key: this.#nextRoot };
    return valueOf(await this.#authority.rollover.prepareRoot(request, this.#now()));
  }

  follow(): Promise<void> {
    this.follows += 1;
    return Promise.resolve();
  }
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
