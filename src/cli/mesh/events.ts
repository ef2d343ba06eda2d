import type { Command } from 'commander';
import type { TransitionJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

interface EventsOptions {
  readonly follow?: boolean;
}

export function registerEvents(mesh: Command, ctx: CliContext): void {
  withExample(mesh.command('events'), 'lifesign mesh events --follow --json')
    .description('list the changes of state, maintenance and drain this node has seen since it started')
    .option('-f, --follow', 'go on with every new one until Ctrl-C')
    .action(async ({ follow = false }: EventsOptions) => {
      const { readEvents } = await import('../../app/index.ts');
      const signal = follow ? ctx.interruption.signal() : new AbortController().signal;
      await readEvents(ctx.home('node'), { follow, signal }, (transition) => {
        ctx.report(transition, () => lineOf(transition));
      });
    });
}

function lineOf({ t, peer, from, to, reason, epoch }: TransitionJson): string {
  const states = from === to ? to : `${from} -> ${to}`;
  return `${t}  ${peer}  ${states}  (${reason}, epoch ${epoch})`;
}
