import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import type { DemoCluster, DemoObservation } from '../app/index.ts';
import type { CliContext } from './context.ts';
import { withExample } from './example.ts';
import { formatDuration, formatTable } from './format.ts';

interface DemoOptions {
  readonly nodes: number;
  readonly directory?: string;
  readonly check?: boolean;
}

const LOOK_EVERY_MS = 250;
const MOST_NODES = 9;

export function registerDemo(program: Command, ctx: CliContext): void {
  withExample(program.command('demo'), 'lifesign demo', 'lifesign demo --check')
    .description('run a CA and some nodes on this machine, and show how they see each other')
    .option('--nodes <count>', 'how many nodes, 3 to 9', nodeCount, 3)
    .option('--directory <dir>', 'keep everything there instead of in a temporary directory')
    .option('--check', 'kill, freeze, revoke and audit unattended, then exit 0 or 1')
    .action(async (options: DemoOptions) => {
      const startedAt = ctx.clock.now().mono;
      const interrupted = ctx.interruption.requested();
      const { startDemo } = await import('../app/index.ts');
      const opened: { cluster?: DemoCluster } = {};
      try {
        const voice = {
          command: (line: string) => {
            say(ctx, `  ${ctx.style.dim('$')} ${line}`);
          },
        };
        const { nodes, directory } = options;
        const started = startDemo({ nodes, directory, startedAt }, voice, (cluster) => {
          opened.cluster = cluster;
        });
        const demo = await Promise.race([started, interrupted]);
        if (demo === undefined) return;
        report(ctx, {
          step: `start a CA and ${nodes} nodes`,
          observed: `all ${nodes} count each other alive`,
          tookMs: demo.tookMs,
        });
        if (options.check === true) await check(ctx, demo.cluster, interrupted);
        else await show(ctx, demo.cluster);
      } finally {
        await opened.cluster?.close();
      }
      ctx.note('everything the demo started has ended');
    });
}

async function check(ctx: CliContext, cluster: DemoCluster, interrupted: Promise<void>): Promise<void> {
  const { checkDemo } = await import('../app/index.ts');
  const { LsError } = await import('../std/index.ts');
  try {
    const story = checkDemo(cluster, (observation) => {
      report(ctx, observation);
    });
    await Promise.race([story, interrupted]);
  } catch (cause) {
    if (!(cause instanceof LsError) || cause.code !== 'LS_DEMO_EXPECTATION') throw cause;
    report(ctx, { step: ctx.style.red('FAILED'), observed: cause.fault.detail, tookMs: 0 });
    ctx.answer(1);
  }
}

/** Live status until Ctrl-C, with what to type in another terminal. */
async function show(ctx: CliContext, cluster: DemoCluster): Promise<void> {
  const [first = '', ...rest] = cluster.names;
  const last = rest.at(-1) ?? first;
  say(
    ctx,
    [
      '',
      'Now, in another terminal:',
      `  lifesign --home ${cluster.home(first)} mesh status --watch`,
      `  kill -9 ${cluster.node(last).pid}                     # crash ${last}`,
      `  lifesign --home ${cluster.home(last)} node run        # and start it again`,
      `  lifesign --home ${cluster.caHome} pki revoke ${last}`,
      `  lifesign audit verify ${cluster.names.map((name) => cluster.home(name)).join(' ')}`,
      'Ctrl-C ends the demo.',
      '',
    ].join('\n'),
  );
  const signal = ctx.interruption.signal();
  let shown = '';
  while (!signal.aborted) {
    const table = await matrix(cluster);
    const text = table.join('\n');
    if (text !== shown) ctx.report({ matrix: table }, () => table);
    shown = text;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** How each node sees each other: a row an observer, a column a subject. */
async function matrix(cluster: DemoCluster): Promise<readonly string[]> {
  const rows = await Promise.all(
    cluster.names.map(async (observer) => {
      const status = await cluster.status(observer);
      if (status === undefined) return [observer, ...cluster.names.map(() => '-')];
      return [
        observer,
        ...cluster.names.map((subject) =>
          subject === observer
            ? `(${status.state})`
            : (status.peers.find((peer) => peer.name === subject)?.state ?? 'unknown'),
        ),
      ];
    }),
  );
  return ['', ...formatTable(['SEEN BY', ...cluster.names], rows)];
}

function report(ctx: CliContext, { step, observed, tookMs }: DemoObservation): void {
  ctx.report(
    { step, observed, tookMs: Math.round(tookMs) },
    () => `${step}: ${observed} (${formatDuration(tookMs)})`,
  );
}

/** Not a result, so not part of --json. */
function say(ctx: CliContext, text: string): void {
  if (!ctx.json) ctx.stdout.write(`${text}\n`);
}

function nodeCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 3 && count <= MOST_NODES) return count;
  throw new InvalidArgumentError(`The demo runs 3 to ${MOST_NODES} nodes.`);
}
