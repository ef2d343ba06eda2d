import { setTimeout as delay } from 'node:timers/promises';
import type { IssuingJson, RolloverJson } from '../../api/ca/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { administerCa } from './admin.ts';
import { readCompromiseNote, writeCompromiseNote, type CompromiseNote } from './compromise-note.ts';
import { callControlSocket, type AdminCall } from './control-client.ts';
import { findControlSocket } from './control-place.ts';
import { caHome, type CaHome } from './home.ts';
import type { RootCrlJson } from './import.ts';

export interface CompromiseRequest {
  readonly home: string;
  /** Default: the active one, or that of a run which was interrupted. */
  readonly generation?: number;
  /** How long nodes have to renew before the old CA is revoked. */
  readonly withinMs: number;
  /** Revokes it even when not one node has renewed. */
  readonly force: boolean;
  readonly passphrase: PassphraseSources;
  /** Told of each step, for a person who waits. */
  readonly onProgress: (text: string) => void;
}

/** How a compromised issuing CA was left behind. */
export interface CompromiseReport {
  /** The one that the root has revoked. */
  readonly generation: number;
  readonly successor: number;
  readonly serial: string;
  /** Of the root's CRL that revokes it; null when that had been done before. */
  readonly rootCrlNumber: number | null;
  readonly activeMembers: number;
  /** Names of active members without a certificate below the successor. */
  readonly leftBehind: readonly string[];
}

/** For nodes to learn of the new CA before they meet certificates below it. */
const ADOPTION_PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 500;

/**
 * Leaves a compromised issuing CA: a new one is prepared and activated at once, every node that is there renews, and
 * then the root revokes the old one. Run again after an interruption, it goes on where it was; run again after the end,
 * it says once more who is left behind.
 *
 * Throws LS_ROLLOVER_ROOT_ABSENT when the root's key is elsewhere and has to do its part, LS_ROLLOVER_NOT_ADOPTED when
 * nobody has renewed, and what administerCa throws.
 */
export async function leaveCompromised(request: CompromiseRequest): Promise<CompromiseReport> {
  return new Runbook(request).run();
}

class Runbook {
  readonly #request: CompromiseRequest;
  readonly #paths: CaHome;
  readonly #endsAt: number;

  constructor(request: CompromiseRequest) {
    this.#request = request;
    this.#paths = caHome(request.home);
    this.#endsAt = systemClock.now().mono + request.withinMs;
  }

  async run(): Promise<CompromiseReport> {
    const { generation } = await this.#begin();
    const old = await this.#find(generation);
    const active = (await this.#status()).generations.find(({ state }) => state === 'active');
    const hasSuccessor = active !== undefined && active.generation !== generation;
    const successor = hasSuccessor ? active.generation : await this.#succeed(old);
    await writeCompromiseNote(this.#paths, { generation, successor });
    const rootCrl = old.state === 'revoked' ? null : await this.#revoke(await this.#find(generation));
    const { activeMembers, renewal } = await this.#status();
    return {
      ...{ generation, successor, serial: old.serial, activeMembers },
      rootCrlNumber: rootCrl?.number ?? null,
      leftBehind: renewal?.behind ?? [],
    };
  }

  /** Which CA it is about, on disk before anything changes. */
  async #begin(): Promise<CompromiseNote> {
    const { generations } = await this.#status();
    const active = generations.find(({ state }) => state === 'active');
    const before = await readCompromiseNote(this.#paths);
    const known = generations.find((each) => each.generation === before?.generation);
    const wanted = this.#request.generation;
    if (before !== undefined && known !== undefined && (wanted ?? known.generation) === known.generation) {
      const isOver = known.state === 'revoked';
      if (!isOver || before.successor === null || before.successor === active?.generation) return before;
    }
    const generation = wanted ?? active?.generation;
    if (generation === undefined) {
      throw new LsError(
        fault('LS_ROLLOVER_STATE', 'no issuing CA is active: prepare another and activate it'),
      );
    }
    await this.#find(generation);
    const note = { generation, successor: null };
    await writeCompromiseNote(this.#paths, note);
    return note;
  }

  /** Prepares a successor of the active CA, unless there is one, and activates it. */
  async #succeed(old: IssuingJson): Promise<number> {
    const { generations } = await this.#status();
    const prepared =
      generations.find(({ state }) => state === 'prepared') ?? (await this.#prepare(old.generation));
    const { generation } = prepared;
    const enough = Math.min(ADOPTION_PATIENCE_MS, this.#request.withinMs / 4);
    await this.#wait(
      systemClock.now().mono + enough,
      `generation ${generation} is told to the nodes`,
      (now) => {
        const missing = now.adoption?.missing.length ?? 0;
        return { isDone: missing === 0, open: missing };
      },
    );
    const body = { generation, renewWithinMs: Math.floor(this.#request.withinMs / 2), force: true };
    await this.#call<IssuingJson>('POST', '/v1/rollover/activate', body);
    return generation;
  }

  async #prepare(old: number): Promise<IssuingJson> {
    this.#request.onProgress(`generation ${old} gets a successor`);
    return this.#call<IssuingJson>('POST', '/v1/rollover/prepare', {});
  }

  async #revoke({ generation, serial }: IssuingJson): Promise<RootCrlJson> {
    const renewed = await this.#wait(this.#endsAt, 'nodes renew', ({ renewal, activeMembers }) => {
      const open = renewal?.behind.length ?? activeMembers;
      return { isDone: open === 0, open };
    });
    const { activeMembers, renewal } = renewed;
    if (!this.#request.force && activeMembers > 0 && renewal?.renewed === 0) {
      throw new LsError(
        fault(
          'LS_ROLLOVER_NOT_ADOPTED',
          `none of ${activeMembers} active nodes has renewed yet; generation ${generation} is not revoked`,
        ),
      );
    }
    this.#request.onProgress(`the root revokes generation ${generation}`);
    try {
      return await this.#call<RootCrlJson>('POST', '/v1/rollover/revoke', { generation });
    } catch (cause) {
      if (!(cause instanceof LsError) || cause.code !== 'LS_ROLLOVER_ROOT_ABSENT') throw cause;
      const detail =
        `generation ${generation} is not revoked yet: where the root is, run ` +
        `lifesign pki root crl --revoke ${serial} --reason cACompromise -o root.crl; ` +
        'then here lifesign pki import root.crl';
      throw new LsError(fault('LS_ROLLOVER_ROOT_ABSENT', detail), { cause });
    }
  }

  /** Looks until `judge` is content or the time is up; once only where no server could be heard by nodes. */
  async #wait(
    until: number,
    what: string,
    judge: (status: RolloverJson) => { readonly isDone: boolean; readonly open: number },
  ): Promise<RolloverJson> {
    for (;;) {
      const status = await this.#status();
      const { isDone, open } = judge(status);
      if (isDone || systemClock.now().mono >= until || !(await this.#isServed())) return status;
      this.#request.onProgress(`${what}: ${open} of ${status.activeMembers} to go`);
      await delay(LOOK_EVERY_MS);
    }
  }

  async #isServed(): Promise<boolean> {
    const socket = await findControlSocket(this.#paths);
    return (await callControlSocket(socket, { method: 'GET', path: '/healthz' })) !== undefined;
  }

  async #find(generation: number): Promise<IssuingJson> {
    const { generations } = await this.#status();
    const found = generations.find((each) => each.generation === generation);
    if (found !== undefined) return found;
    throw new LsError(fault('LS_ROLLOVER_STATE', `this CA has no generation ${generation}`));
  }

  #status(): Promise<RolloverJson> {
    return this.#call<RolloverJson>('GET', '/v1/rollover');
  }

  async #call<T>(method: AdminCall['method'], path: string, body?: object): Promise<T> {
    const call = { method, path, ...(body === undefined ? {} : { body }) };
    const { home, passphrase } = this.#request;
    const answer = await administerCa({ home, call, ...(method === 'GET' ? {} : { passphrase }) });
    // The answer of our own routes.
    return answer as T;
  }
}
