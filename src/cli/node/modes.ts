import { Argument, type Command } from 'commander';
import type { ModesChange } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

type Switch = 'on' | 'off';

export function registerModes(node: Command, ctx: CliContext): void {
  withExample(
    node.command('maintenance'),
    'lifesign node maintenance on',
    'lifesign --home certs/alpha node maintenance off',
  )
    .description(
      'say to all members that somebody works on this node: its state stays what it is, and who raises alarms should stay silent about it',
    )
    .addArgument(onOrOff())
    .action((to: Switch) => change(ctx, { maintenance: to === 'on' }));
  withExample(node.command('drain'), 'lifesign node drain on', 'lifesign --home certs/alpha node drain off')
    .description(
      'say to all members that this node is to get no new work: its state stays what it is, and who hands out work should pass it over',
    )
    .addArgument(onOrOff())
    .action((to: Switch) => change(ctx, { draining: to === 'on' }));
}

function onOrOff(): Argument {
  return new Argument('<on|off>', 'kept in the home until it is changed, also over restarts').choices([
    'on',
    'off',
  ]);
}

async function change(ctx: CliContext, wanted: ModesChange): Promise<void> {
  const { setModes } = await import('../../app/index.ts');
  const { modes, running } = await setModes(ctx.home('node'), wanted);
  const { maintenance, draining } = modes;
  const word = (on: boolean): Switch => (on ? 'on' : 'off');
  ctx.report({ maintenance, draining }, () => [
    `maintenance is ${word(maintenance)}, drain is ${word(draining)}${running ? '' : ', from the next start on'}`,
  ]);
}
