import type { Command } from 'commander';
import { LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { homeFlag } from '../home-flag.ts';

interface RunOptions {
  readonly readyFd?: string;
}

export function registerRun(node: Command, ctx: CliContext): void {
  withExample(node.command('run'), 'lifesign node run', 'lifesign --home certs/alpha node run')
    .description(
      'run this node until Ctrl-C or SIGTERM, then leave the mesh; SIGHUP reads node.yaml again; logs go to stderr',
    )
    .option('--ready-fd <number>', 'write a line to this descriptor once the node listens')
    .action(async (options: RunOptions) => {
      const { announceReady, openLog, runNode } = await import('../../app/index.ts');
      const interrupted = ctx.interruption.requested();
      // Before it runs there is nothing to read anew, and no reason to die of it either.
      let reload = (): unknown => undefined;
      process.on('SIGHUP', () => void reload());
      const node = await runNode({ home: ctx.home('node'), log: await openLog(ctx.env) });
      reload = () => node.reload();
      try {
        const { home, name, nodeId, trustDomain, listening, controlSocket } = node;
        ctx.report({ home, name, nodeId, trustDomain, listening, controlSocket }, () => [
          `node ${name} of ${trustDomain} listens on ${listening}`,
          `next, in another terminal: lifesign${homeFlag(ctx)} mesh status`,
        ]);
        if (options.readyFd !== undefined) announceReady(Number(options.readyFd));
        const reason = await Promise.race([interrupted, node.ended]);
        if (reason !== undefined) throw new LsError(reason);
      } finally {
        await node.close();
      }
      ctx.note('the node has left the mesh');
    });
}
