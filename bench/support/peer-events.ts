/** One change that a member has seen in another one. */
export interface PeerEvent {
  readonly peer: string;
  readonly to: string;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** All that one member has seen since it started. */
export class PeerEvents {
  readonly #events: PeerEvent[] = [];
  readonly #states = new Map<string, string>();

  push(event: PeerEvent): void {
    this.#events.push(event);
    this.#states.set(event.peer, event.to);
  }

  get all(): readonly PeerEvent[] {
    return this.#events;
  }

  /** The state in which it sees `peer` now; undefined before it has said anything of it. */
  stateOf(peer: string): string | undefined {
    return this.#states.get(peer);
  }

  /** When it first saw `peer` become one of `states` at `since` or later. */
  firstAt(peer: string, states: readonly string[], since: number): number | undefined {
    return this.#events.find((event) => event.peer === peer && states.includes(event.to) && event.at >= since)
      ?.at;
  }
}

/** Something with members that watch each other: a mesh of ours, or of another program. */
export interface Watched {
  readonly names: readonly string[];
  events(name: string): PeerEvents;
}

const LOOK_EVERY_MS = 20;
const MAX_SHOWN = 10;

/**
 * When each of `observers` first saw `subject` in one of `states` at `since` or later: Unix times in milliseconds.
 * Throws when `limitMs` after `since` one of them has not.
 */
export async function seenBy(
  mesh: Watched,
  observers: readonly string[],
  subject: string,
  states: readonly string[],
  since: number,
  limitMs: number,
): Promise<readonly number[]> {
  for (;;) {
    const times = observers.map((name) => mesh.events(name).firstAt(subject, states, since));
    const known = times.filter((time) => time !== undefined);
    if (known.length === observers.length) return known;
    if (Date.now() > since + limitMs) {
      const not = observers.filter((_, at) => times[at] === undefined);
      throw new Error(
        `${subject} is not ${states.join(' or ')} after ${limitMs} ms at ${String(not.length)} members: ${not.join(' ')}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Waits until all of `names` see each other as `alive`; answers for how many milliseconds. */
export async function untilMutuallyAlive(
  mesh: Watched,
  names: readonly string[],
  limitMs: number,
): Promise<number> {
  const begin = Date.now();
  for (;;) {
    const open = names.flatMap((name) =>
      names
        .filter((peer) => peer !== name && mesh.events(name).stateOf(peer) !== 'alive')
        .map((peer) => `${name} sees ${peer} as ${mesh.events(name).stateOf(peer) ?? 'nothing'}`),
    );
    const took = Date.now() - begin;
    if (open.length === 0) return took;
    if (took > limitMs)
      throw new Error(
        `after ${limitMs} ms ${String(open.length)} pairs are not alive to each other: ${open.slice(0, MAX_SHOWN).join(', ')}`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
