import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

export function registerLeave(node: Command, ctx: CliContext): void {
  withExample(node.command('leave'), 'lifesign node leave --reason "kernel update"')
    .description('let the running node say goodbye and end; peers show it as left, not as down')
    .option('--reason <text>', 'shown to the other nodes, up to 64 bytes', 'requested')
    .action(async ({ reason }: { readonly reason: string }) => {
      const { queryNode } = await import('../../app/index.ts');
      const home = ctx.home('node');
      await queryNode(home, { method: 'POST', path: '/v1/leave', body: { reason } });
      ctx.report({ home, leaving: true }, () => ['the node is leaving']);
    });
}
