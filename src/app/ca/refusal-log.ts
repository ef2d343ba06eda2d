import type { Refusal } from '../../api/ca/index.ts';
import { systemClock } from '../../io/system/index.ts';
import type { MonoMs } from '../../std/index.ts';
import type { Log } from '../log.ts';
import { RepeatFilter } from '../node/repeat-filter.ts';

/**
 * Writes down who was refused what, each kind of refusal of one address once a minute with a count: a flood of them
 * leaves a line and not a full disk. What an enrollment waits for is no refusal, and is written once for each.
 */
export function refusalLog(
  log: Log,
  now: () => MonoMs = () => systemClock.now().mono,
): (refusal: Refusal) => void {
  const filter = new RepeatFilter();
  return ({ of = 'enrollment', reason: { code, detail }, from, subject }) => {
    const isWaiting = code === 'LS_ENROLL_PENDING';
    // Not by subject: a guesser has a new one each time.
    const repeated = filter.admit(isWaiting ? `${code} ${subject}` : `${code} ${from}`, now());
    if (repeated === undefined) return;
    const line = {
      event: isWaiting ? 'enrollment-waits' : `${of}-refused`,
      code,
      from,
      subject,
      repeated,
    };
    if (isWaiting) log.info(line, detail);
    else log.warn(line, detail);
  };
}
