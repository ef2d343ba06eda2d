import type { IntervalBounds } from '../../membership/index.ts';
import type { CoreConfig } from '../../mesh/index.ts';
import { fault, LsError, type Fault } from '../../std/index.ts';
import type { Log } from '../log.ts';
import { coreConfigOf, type NodeConfig, type NodeSettings, type SettingValue } from '../node-config.ts';
import { TUNING_SECTIONS } from '../node-tuning.ts';

/** A key of node.yaml with another value than before. */
export interface ChangedSetting {
  readonly key: string;
  /** Null for a key that was not there. */
  readonly from: SettingValue | null;
  readonly to: SettingValue | null;
}

export interface ReloadedSettings {
  /** In force now. */
  readonly changed: readonly ChangedSetting[];
  /** In force after the next start only. */
  readonly restart: readonly ChangedSetting[];
}

interface ReadSettings {
  readonly config: NodeConfig;
  readonly settings: NodeSettings;
}

/** Within the bounds of the roster, or a reason why it cannot be used. Fault: LS_NODE_INTERVAL. */
export function ownIntervalFault(intervalMs: number, bounds: IntervalBounds | undefined): Fault | undefined {
  if (bounds === undefined || (intervalMs >= bounds.minMs && intervalMs <= bounds.maxMs)) return undefined;
  const range = `${String(bounds.minMs)} to ${String(bounds.maxMs)} ms`;
  return fault('LS_NODE_INTERVAL', `interval_ms is ${String(intervalMs)}; the CA’s roster allows ${range}`);
}

/** Reads node.yaml again while the node runs: all of it counts, or nothing. */
export class Reloader {
  readonly #read: () => Promise<ReadSettings>;
  readonly #bounds: () => IntervalBounds | undefined;
  readonly #apply: (config: CoreConfig) => void;
  readonly #log: Log;
  /** Of each key the value in force: those that need a restart stay as they were at the start. */
  #inForce: NodeSettings;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    readonly read: () => Promise<ReadSettings>;
    readonly bounds: () => IntervalBounds | undefined;
    readonly apply: (config: CoreConfig) => void;
    readonly log: Log;
    readonly settings: NodeSettings;
  }) {
    this.#read = parts.read;
    this.#bounds = parts.bounds;
    this.#apply = parts.apply;
    this.#log = parts.log;
    this.#inForce = parts.settings;
  }

  /** Rejects with LS_CONFIG_* or LS_NODE_INTERVAL, and changes nothing, when the file cannot be used. */
  reload(): Promise<ReloadedSettings> {
    const next = this.#last.then(() => this.#reload());
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** As {@link reload}, for a caller that waits for no answer: a refusal is logged. */
  async reloadOnSignal(): Promise<void> {
    try {
      await this.reload();
    } catch (cause) {
      const { code, detail } =
        cause instanceof LsError ? cause.fault : fault('LS_NODE_INTERNAL', String(cause));
      this.#log.error({ code, detail }, 'node.yaml is not used, all values stay as they were');
    }
  }

  async #reload(): Promise<ReloadedSettings> {
    const { config, settings } = await this.#read();
    const refused = ownIntervalFault(config.intervalMs, this.#bounds());
    if (refused !== undefined) throw new LsError(refused);
    const differing = changes(this.#inForce, settings);
    const changed = differing.filter(({ key }) => isHot(key));
    const restart = differing.filter(({ key }) => !isHot(key));
    if (changed.length > 0) this.#apply(coreConfigOf(config));
    const hot = [...settings].filter(([key]) => isHot(key));
    this.#inForce = new Map([...this.#inForce, ...hot]);
    for (const change of changed) this.#log.info({ ...change }, 'a setting is changed');
    for (const change of restart) this.#log.warn({ ...change }, 'a setting is changed by a restart only');
    if (differing.length === 0) this.#log.info({}, 'node.yaml says nothing new');
    return { changed, restart };
  }
}

/** What can be changed while the node runs. */
function isHot(key: string): boolean {
  return key === 'interval_ms' || TUNING_SECTIONS.some((section) => key.startsWith(`${section}.`));
}

function changes(before: NodeSettings, after: NodeSettings): readonly ChangedSetting[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ key, from: before.get(key) ?? null, to: after.get(key) ?? null }))
    .filter(({ from, to }) => from !== to);
}
