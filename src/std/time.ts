import type { Brand } from './brand.ts';

/** Milliseconds since 1970-01-01T00:00:00Z on the wall clock. */
export type UnixMs = Brand<number, 'UnixMs'>;
/** Milliseconds on a clock that never goes back; its zero has no meaning outside the process. */
export type MonoMs = Brand<number, 'MonoMs'>;

/** Both readings of one moment. Liveness is judged by `mono` only; validity of certificates by `wall`. */
export interface Instant {
  readonly mono: MonoMs;
  readonly wall: UnixMs;
}

export function unixMs(value: number): UnixMs {
  return value as UnixMs;
}

export function monoMs(value: number): MonoMs {
  return value as MonoMs;
}
