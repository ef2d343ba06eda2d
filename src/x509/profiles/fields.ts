import { nearestOf } from './nearest.ts';

type ProfileFault = 'LS_X509_PROFILE_KEY' | 'LS_X509_PROFILE_INVALID';

/** Carries a refusal from a field to `parseProfile`, which turns it into a Result. */
export class ProfileRefusal extends Error {
  readonly code: ProfileFault;

  constructor(code: ProfileFault, message: string) {
    super(message);
    this.code = code;
  }
}

/** Keys that every profile may have and no certificate depends on. */
const FREE_KEYS = ['description'];

/** Typed access to the keys of a parsed YAML mapping; knows afterwards which keys nobody asked for. */
export class FieldReader {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #known = new Set<string>(FREE_KEYS);

  constructor(raw: unknown) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      throw new ProfileRefusal('LS_X509_PROFILE_INVALID', 'the profile is not a mapping');
    }
    this.#values = new Map(Object.entries(raw));
  }

  refuse(key: string, problem: string): never {
    const name = this.#values.get('name');
    const profile = typeof name === 'string' ? `profile "${name}"` : 'profile';
    throw new ProfileRefusal('LS_X509_PROFILE_INVALID', `${profile}: ${key} ${problem}`);
  }

  has(key: string): boolean {
    this.#known.add(key);
    return this.#values.has(key);
  }

  boolean(key: string): boolean {
    const value = this.#value(key);
    return typeof value === 'boolean' ? value : this.refuse(key, 'must be true or false');
  }

  integer(key: string, min: number, max: number): number {
    const value = this.#value(key);
    const inRange = typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
    return inRange ? value : this.refuse(key, `must be a whole number from ${min} to ${Math.floor(max)}`);
  }

  word(key: string, pattern: RegExp): string {
    const value = this.#value(key);
    return typeof value === 'string' && pattern.test(value)
      ? value
      : this.refuse(key, 'must be a lower-case word');
  }

  choice<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.#value(key);
    return (
      allowed.find((option) => option === value) ?? this.refuse(key, `must be one of ${allowed.join(', ')}`)
    );
  }

  /** A list of different choices, at least `min` of them, in the order given. */
  choices<T extends string>(key: string, allowed: readonly T[], min: number): readonly T[] {
    const value = this.#value(key);
    if (!Array.isArray(value)) return this.refuse(key, 'must be a list');
    const chosen = value.map(
      (item: unknown) =>
        allowed.find((option) => option === item) ?? this.refuse(key, `takes ${allowed.join(', ')}`),
    );
    if (chosen.length < min) this.refuse(key, `must have at least ${min} entry`);
    if (new Set(chosen).size !== chosen.length) this.refuse(key, 'must not name anything twice');
    return chosen;
  }

  /** Refuses keys that nobody asked for. */
  finish(): void {
    for (const key of this.#values.keys()) {
      if (this.#known.has(key)) continue;
      const nearest = nearestOf(key, [...this.#known]);
      throw new ProfileRefusal(
        'LS_X509_PROFILE_KEY',
        `unknown key "${key.slice(0, 64)}" in a profile, did you mean "${nearest}"?`,
      );
    }
  }

  #value(key: string): unknown {
    return this.has(key) ? this.#values.get(key) : this.refuse(key, 'is missing');
  }
}
