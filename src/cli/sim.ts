import { InvalidArgumentError, type Command } from 'commander';
import type { SimulatedJson } from '../app/index.ts';
import type { CliContext } from './context.ts';
import { withExample } from './example.ts';
import { formatDuration, formatTable } from './format.ts';

interface SimOptions {
  readonly nodes: number;
  readonly loss: number;
  readonly byzantine: number;
  readonly seed: number;
  readonly minutes: number;
}

const MOST_NODES = 10_000;

export function registerSim(program: Command, ctx: CliContext): void {
  withExample(
    program.command('sim'),
    'lifesign sim --nodes 20 --loss 0.05 --minutes 5',
    'lifesign sim --nodes 9 --byzantine 3 --seed 7 --json',
  )
    .description(
      'simulate a cluster before it is built: how fast it sees deaths, how often it errs, what it costs',
    )
    .option('--nodes <count>', `how many members, 3 to ${MOST_NODES}`, wholeNumber(3, MOST_NODES), 10)
    .option('--loss <share>', 'share of packets that get lost, below 1', share, 0)
    .option('--byzantine <count>', 'members that hold valid keys and do harm', wholeNumber(0, MOST_NODES), 0)
    .option('--seed <number>', 'the same seed is the same run', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--minutes <number>', 'simulated time', minutesOf, 2)
    .action(async (options: SimOptions) => {
      if (2 * options.byzantine >= options.nodes) {
        throw new InvalidArgumentError('Fewer than half of the members can be hostile.');
      }
      const { simulate } = await import('../app/index.ts');
      const signal = ctx.interruption.signal();
      const report = await simulate({
        ...options,
        goesOn: (simulatedMs) => {
          ctx.progress(`${formatDuration(simulatedMs)} simulated`);
          return Promise.resolve(!signal.aborted);
        },
      });
      ctx.report(report, () => linesOf(report));
    });
}

function linesOf(report: SimulatedJson): readonly string[] {
  const { nodes, k, h, crash, silence, perNodeAndSecond: cost, mistakeEveryMs } = report;
  const times = (name: string, { first, all, missed }: SimulatedJson['crash']): readonly string[] => [
    name,
    first === undefined ? '-' : formatDuration(first.p50),
    all === undefined ? '-' : formatDuration(all.p50),
    all === undefined ? '-' : formatDuration(all.most),
    String(missed),
  ];
  return [
    `${nodes} members, each observed by ${k}, of whom ${h} make it down; all alive after ${formatDuration(report.formedAfterMs)}`,
    '',
    ...formatTable(
      ['DEATH', 'FIRST KNOWS (P50)', 'ALL KNOW (P50)', 'ALL KNOW (MOST)', 'MISSED'],
      [times('crash', crash), times('silence', silence)],
    ),
    '',
    `running members called down: ${report.falseDeaths}; not counted alive: ${report.mistakes} times` +
      (mistakeEveryMs === undefined ? '' : `, every ${formatDuration(mistakeEveryMs)} a pair`),
    `a running member is counted alive ${(100 * report.queryAccuracy).toFixed(4)} % of the time`,
    `each member sends ${cost.bytesOut.toFixed(0)} bytes, signs ${cost.signed.toFixed(2)} and verifies ${cost.verified.toFixed(2)} times a second`,
    `simulated at ${report.speed.toFixed(2)} times real time, signatures as keyed hashes; seed ${report.seed}, trace ${report.trace}`,
  ];
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`);
  };
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError('A share from 0 to below 1.');
}

function minutesOf(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('A number of minutes above 0.');
}
