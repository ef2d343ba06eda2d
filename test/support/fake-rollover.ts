import type { RolloverDesk } from '../../src/api/index.ts';
import type { IssuingFacts, IssuingState, Rollover, RootCrlFacts } from '../../src/authority/index.ts';
import {
  err,
  fault,
  LsError,
  ok,
  unixMs,
  type FaultCode,
  type Result,
  type Fault,
} from '../../src/std/index.ts';
import { CA_NOW } from './ca.ts';
import { makeTestPki } from './pki.ts';

const pki = makeTestPki({ now: CA_NOW });

/** Generations whose states follow the rules, with nothing signed below them: for what stands before the authority. */
export class FakeRollover implements Rollover {
  readonly generations: IssuingFacts[] = [];
  readonly calls: string[] = [];
  /** DER of the certificate of the CA that is prepared next. */
  nextCertificate: Uint8Array | undefined;
  /** What the next change answers instead. */
  refusal: FaultCode | undefined;

  constructor(...states: readonly IssuingState[]) {
    for (const state of states) this.add(state);
  }

  add(state: IssuingState, more: Partial<IssuingFacts> = {}): IssuingFacts {
    const generation = this.generations.length + 1;
    const { der: certificate, certificate: parsed } = pki.issuingCa(
      `mesh.internal issuing CA G${generation}`,
    );
    const facts: IssuingFacts = {
      ...{ generation, state, certificate },
      serial: parsed.serialHex as IssuingFacts['serial'],
      spkiSha256: new Uint8Array(32).fill(generation),
      notBefore: unixMs(parsed.notBefore),
      notAfter: unixMs(parsed.notAfter),
      preparedAt: CA_NOW,
      activatedAt: state === 'prepared' ? null : CA_NOW,
      endedAt: null,
      firstCrlNumber: generation,
      live: 0,
      lastNotAfter: null,
      ...more,
    };
    this.generations.push(facts);
    return facts;
  }

  list(): Promise<Result<readonly IssuingFacts[], Fault>> {
    return Promise.resolve(ok(this.generations));
  }

  prepare(): Promise<Result<IssuingFacts, Fault>> {
    return this.#answer('prepare', () =>
      this.add('prepared', this.nextCertificate === undefined ? {} : { certificate: this.nextCertificate }),
    );
  }

  activate(generation: number, _: unknown, renewWithinMs: number): Promise<Result<IssuingFacts, Fault>> {
    return this.#answer(`activate ${generation} ${renewWithinMs}`, () => {
      for (const each of this.generations)
        if (each.state === 'active') this.#put(each.generation, 'retiring');
      return this.#put(generation, 'active');
    });
  }

  retire(generation: number): Promise<Result<IssuingFacts, Fault>> {
    return this.#answer(`retire ${generation}`, () => this.#put(generation, 'retired'));
  }

  revokeIssuing(generation: number): Promise<Result<RootCrlFacts, Fault>> {
    return this.#answer(`revoke ${generation}`, () => {
      this.#put(generation, 'revoked');
      const times = { thisUpdate: CA_NOW, nextUpdate: CA_NOW };
      return { number: 2, ...times, revoked: 1, isNews: true, endsIssuing: false };
    });
  }

  /** The desk of a home that has whatever is needed. */
  get desk(): RolloverDesk {
    return {
      prepare: async () => {
        const made = await this.prepare();
        if (made.ok) return made.value;
        throw new LsError(made.error);
      },
      request: () =>
        Promise.resolve({ generation: 2, csr: new Uint8Array([48, 0]), keySha256: '0'.repeat(64) }),
      follow: () => Promise.resolve(void this.calls.push('follow')),
    };
  }

  #answer<T>(call: string, work: () => T): Promise<Result<T, Fault>> {
    this.calls.push(call);
    if (this.refusal === undefined) return Promise.resolve(ok(work()));
    return Promise.resolve(err(fault(this.refusal, 'as the test wants it')));
  }

  #put(generation: number, state: IssuingState): IssuingFacts {
    const at = this.generations.findIndex((each) => each.generation === generation);
    const before = this.generations[at];
    if (before === undefined) throw new RangeError(`no generation ${generation}`);
    const after = { ...before, state };
    this.generations[at] = after;
    return after;
  }
}
