import { randomBytes } from 'node:crypto';
import { monoMs, unixMs, type Clock, type Random } from '../../std/index.ts';
import { plain } from '../crypto/node-crypto.ts';

/** Wall clock and monotonic clock of this machine, in milliseconds; `mono` has a fractional part. */
export const systemClock: Clock = {
  now() {
    return { mono: monoMs(performance.now()), wall: unixMs(Date.now()) };
  },
};

/** The operating system's CSPRNG. */
export const systemRandom: Random = {
  bytes(length) {
    return plain(randomBytes(length));
  },
};
