import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

export function registerRenew(node: Command, ctx: CliContext): void {
  withExample(node.command('renew'), 'lifesign node renew')
    .description('get a new certificate for a new key now (a running node does so by itself in good time)')
    .action(async () => {
      const { renewNode } = await import('../../app/index.ts');
      const renewed = await renewNode(ctx.home('node'));
      ctx.report(
        renewed,
        () => `${renewed.name} has certificate ${renewed.serial}, valid until ${renewed.notAfter}`,
      );
    });
}
