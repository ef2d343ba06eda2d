import { unixMs, type UnixMs } from '../../../src/std/index.ts';
import { parseCrl } from '../../../src/x509/index.ts';
import { CA_NOW } from '../ca.ts';
import { Died } from '../breaking-store.ts';
import { codeOf, valueOf } from '../result.ts';
import { callFor, redeemCall, type CallContext, type Outside } from './calls.ts';
import { checkCertificates, checkLedger, checkOcsp, checkParty, checkRoster } from './invariants.ts';
import { mergeInto, readLists } from './merge.ts';
import { RelyingParty, type OfferedCrls } from './relying-party.ts';
import type { Replica } from './replica.ts';
import { judgeRedemption } from './rules.ts';
import type { Sabotage } from './sabotage.ts';
import type { Death, Name, Request, Step } from './schedule.ts';
import type { Tally } from './tally.ts';
import { copyOf, emptyView, type View } from './view.ts';
import { demand, demandSame } from './violation.ts';
import { Witness } from './witness.ts';
import { CaWorld, modelCrypto } from './world.ts';
import { activeBundle, activeIssuing, ofActive } from '../issuing.ts';

const MINUTE_MS = 60_000;

export interface ModelOptions {
  readonly seed: number;
  readonly sabotage?: Sabotage;
  /** Has the audit read the whole ledger after each step, rather than at the end. */
  readonly auditsEachStep?: boolean;
  /** Counts what was done, and what was answered. */
  readonly tally?: Tally;
}

interface Backup {
  readonly file: string;
  readonly view: View;
}

/** The real CA beside what it must know, and everybody who stands on it. */
export class CaModel {
  readonly #world: CaWorld;
  readonly #witness: Witness;
  readonly #sabotage: Sabotage;
  readonly #auditsEachStep: boolean;
  readonly #tally: Tally | undefined;
  /** Follows all that is published. */
  readonly #always: RelyingParty;
  /** Misses most of it. */
  readonly #sometimes: RelyingParty;
  readonly #backups: Backup[] = [];
  readonly #outside: Outside = {
    clients: new Map(),
    tokens: new Map(),
    used: new Map(),
    redeemed: new Map(),
    revoked: new Set(),
  };
  #view = emptyView();
  #active = 0;
  /** The clock of the CA, and that of everybody else. */
  #now = CA_NOW;
  #trueNow = CA_NOW;
  #newestThisUpdate = CA_NOW;

  private constructor(world: CaWorld, witness: Witness, options: ModelOptions) {
    this.#world = world;
    this.#witness = witness;
    this.#sabotage = options.sabotage ?? {};
    this.#auditsEachStep = options.auditsEachStep ?? false;
    this.#tally = options.tally;
    const trust = activeBundle(this.#replica.authority);
    this.#always = new RelyingParty(trust, modelCrypto);
    this.#sometimes = new RelyingParty(trust, modelCrypto);
  }

  /** Runs a schedule to its end. Rejects at the first promise that is not kept. */
  static async run(
    schedule: readonly Step[],
    options: ModelOptions,
    onStep: (n: number) => void = () => undefined,
  ): Promise<void> {
    const there: { witness?: Witness } = {};
    await using world = await CaWorld.make(options.seed, options.sabotage ?? {}, (publication) =>
      there.witness?.hear(publication),
    );
    const [first] = world.replicas;
    demand(first !== undefined, 'a replica');
    const { domainId } = first.authority;
    const witness = new Witness(modelCrypto, domainId, activeIssuing(first.authority));
    there.witness = witness;
    const model = new CaModel(world, witness, options);
    for (const [n, step] of schedule.entries()) {
      onStep(n);
      await model.#take(step);
      await model.#check();
    }
    onStep(schedule.length);
    await model.#finish();
  }

  get #replica(): Replica {
    const replica = this.#world.replicas[this.#active];
    if (replica === undefined) throw new Error('no such replica');
    return replica;
  }

  async #take(step: Step): Promise<void> {
    this.#tally?.add(step.kind === 'request' ? `request ${step.request.kind}` : `step ${step.kind}`);
    switch (step.kind) {
      case 'request':
        return this.#request(step.request, step.death);
      case 'race':
        return this.#race(step.name);
      case 'wait':
        this.#now = unixMs(this.#now + step.ms);
        this.#trueNow = unixMs(Math.max(this.#now, this.#trueNow));
        return this.#replica.catchUp(this.#now);
      case 'switch':
        this.#active = 1 - this.#active;
        return this.#replica.catchUp(this.#now);
      case 'restart':
        return this.#world.reopen(this.#active, this.#now);
      case 'follow':
        return this.#follow(false);
      case 'follow-full':
        return this.#follow(true);
      case 'restart-party':
        this.#sometimes.restart(this.#trueNow);
        return;
      case 'backup':
        this.#backups.push({ file: this.#world.backup(), view: copyOf(this.#view) });
        return;
      case 'restore':
        return this.#restore(step.back);
    }
  }

  async #request(request: Request, death: Death | undefined): Promise<void> {
    const call = callFor(request, this.#context());
    if (call === undefined) return;
    const { store, authority } = this.#replica;
    if (death !== undefined) store.breakAt(death.point, 'death');
    try {
      const answer = await call.run(authority);
      store.disarm();
      this.#tally?.add(codeOf(answer) ?? 'done');
      call.settle(answer, false);
    } catch (thrown) {
      if (!(thrown instanceof Died)) throw thrown;
      this.#tally?.add(`death at ${store.disarm() ?? 'no point'}`);
      const dead = this.#active;
      this.#active = 1 - dead;
      await this.#replica.catchUp(this.#now);
      if (death?.isAskedAgain === true) {
        const answer = await call.run(this.#replica.authority);
        call.settle(answer, true);
        if (request.kind === 'operator') await call.adopt(this.#replica);
      } else await call.adopt(this.#replica);
      await this.#world.reopen(dead, this.#now);
    }
  }

  async #race(name: Name): Promise<void> {
    const token = this.#outside.tokens.get(name);
    if (token === undefined) return;
    const keys = [this.#world.nextKey(), this.#world.nextKey()] as const;
    const context = this.#context();
    const isFresh = judgeRedemption(this.#view, token.tokenId, keys[0], context.at) === 'fresh';
    const calls = keys.map((key) => redeemCall(context, token, key, name));
    const answers = await Promise.all(
      this.#world.replicas.map(async (replica, i) => calls[i]?.run(replica.authority)),
    );
    const winner = answers.findIndex((answer) => answer?.ok === true);
    if (isFresh) {
      demandSame(answers.filter((answer) => answer?.ok).length, 1, `keys that got the token for ${name}`);
      const losers = answers.flatMap((answer) => (answer === undefined || answer.ok ? [] : [codeOf(answer)]));
      demandSame(losers, ['LS_TOKEN_SPENT'], `what the other key is told`);
      this.#outside.used.set(name, { token, key: keys[winner === 0 ? 0 : 1] });
    } else demandSame(winner, -1, `keys that got the token for ${name}`);
    for (const [i, answer] of answers.entries())
      if (answer !== undefined && (!isFresh || i === winner)) calls[i]?.settle(answer, false);
    await this.#replica.catchUp(this.#now);
  }

  /** All that the CA has is a backup, and what its relying parties hold. */
  async #restore(back: number): Promise<void> {
    const backup = this.#backups.at(-1 - back) ?? this.#backups[0];
    if (backup === undefined) return;
    this.#now = unixMs(this.#trueNow + MINUTE_MS);
    this.#trueNow = this.#now;
    const replica = await this.#world.restore(backup.file, this.#now);
    this.#active = 0;
    demandSame(codeOf(await replica.authority.publishFull(this.#now)), 'LS_CA_READ_ONLY', 'a restored CA');
    const crls = this.#sabotage.restoresWithoutCrls === true ? [] : this.#always.crls();
    this.#tally?.add('restored');
    const known = valueOf(await replica.authority.list({}, this.#now));
    valueOf(await replica.authority.acceptLoss({ crls }, this.#now));
    this.#view = copyOf(backup.view);
    mergeInto(this.#view, known, readLists(this.#always.crls()), this.#now);
    await this.#world.openSecond(this.#now);
  }

  async #follow(onlyFull: boolean): Promise<void> {
    const crls = ofActive(valueOf(await this.#replica.authority.currentCrls()));
    this.#sometimes.follow(crls, this.#trueNow, onlyFull);
    if (!onlyFull) checkParty(this.#view, this.#sometimes, 'one who missed some', this.#trueNow);
  }

  async #check(): Promise<void> {
    const { authority } = this.#replica;
    const crls = ofActive(valueOf(await authority.currentCrls()));
    const { record } = valueOf(await authority.currentRoster());
    this.#newestThisUpdate = thisUpdateOf(crls);
    checkRoster(this.#view, this.#witness.look(crls, record));
    this.#always.follow(crls, this.#trueNow);
    const newcomer = new RelyingParty(activeBundle(authority), modelCrypto);
    newcomer.follow(crls, this.#trueNow);
    for (const [who, party] of [
      ['one who follows', this.#always],
      ['a newcomer', newcomer],
    ] as const) {
      checkParty(this.#view, party, who, this.#trueNow);
      for (const serial of this.#outside.revoked) {
        const reason = party.reasonFor(serial);
        demand(reason !== undefined && reason !== 'certificateHold', `${serial} stays revoked for ${who}`);
      }
    }
    const listed = valueOf(await authority.list({}, this.#now));
    checkCertificates(this.#view, listed);
    await checkOcsp(this.#view, this.#replica, listed, this.#now, this.#now === this.#trueNow);
    if (this.#auditsEachStep) await checkLedger(this.#replica);
  }

  async #finish(): Promise<void> {
    await this.#follow(false);
    this.#active = 1 - this.#active;
    await this.#replica.catchUp(this.#now);
    valueOf(await this.#replica.authority.publishFull(this.#now));
    await this.#check();
    await this.#follow(false);
    await checkLedger(this.#replica);
  }

  #context(): CallContext {
    return {
      view: this.#view,
      outside: this.#outside,
      now: this.#now,
      at: Math.max(this.#now, this.#newestThisUpdate),
      key: (index) => this.#world.key(index),
      nextKey: () => this.#world.nextKey(),
      judge: (chain) => this.#always.judge(chain, this.#trueNow),
    };
  }
}

function thisUpdateOf({ full, delta }: OfferedCrls): UnixMs {
  return unixMs(valueOf(parseCrl(delta ?? full)).thisUpdate);
}
