import { CaModel, type ModelOptions } from './model.ts';
import { describeStep, scheduleOf, type Step } from './schedule.ts';

/** A schedule under which a promise was broken. */
export interface Finding {
  readonly seed: number;
  readonly what: string;
  readonly schedule: readonly Step[];
}

/** Runs of a failing schedule at most, to find steps that it does not need. */
const MAX_TRIES = 200;

/** Runs the schedule of a seed; undefined when every promise was kept. */
export function tryOne(options: ModelOptions): Promise<Finding | undefined> {
  return failureOf(scheduleOf(options.seed), options);
}

/** The same failing schedule without the steps that it does not need. */
export async function shrink(finding: Finding, options: ModelOptions): Promise<Finding> {
  let shortest = finding;
  for (let at = finding.schedule.length - 1, tries = 0; at >= 0 && tries < MAX_TRIES; at--, tries++) {
    const failure = await failureOf(shortest.schedule.toSpliced(at, 1), options);
    shortest = failure ?? shortest;
  }
  return shortest;
}

/** Throws at the first of the seeds `from` to `from` + `count` - 1 whose schedule breaks a promise, saying how. */
export async function tryMany(
  from: number,
  count: number,
  options: Omit<ModelOptions, 'seed' | 'auditsEachStep'> = {},
): Promise<void> {
  for (let seed = from; seed < from + count; seed++) {
    const each = { ...options, seed, auditsEachStep: seed % AUDITED_EACH_STEP === 0 };
    const finding = await tryOne(each);
    if (finding !== undefined) throw new Error(describeFinding(await shrink(finding, each)));
  }
}

/** Of so many schedules one has the ledger audited after each step, the others at their end. */
export const AUDITED_EACH_STEP = 10;

export function describeFinding({ seed, what, schedule }: Finding): string {
  const steps = schedule.map((step, n) => `  ${n + 1}. ${describeStep(step)}`);
  return [`seed ${seed}: ${what}`, ...steps].join('\n');
}

async function failureOf(schedule: readonly Step[], options: ModelOptions): Promise<Finding | undefined> {
  let at = 0;
  try {
    await CaModel.run(schedule, options, (n) => (at = n));
    return undefined;
  } catch (thrown) {
    const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { seed: options.seed, what, schedule: schedule.slice(0, at + 1) };
  }
}
