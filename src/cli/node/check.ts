import type { Command } from 'commander';
import type { CheckedStep } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

interface CheckOptions {
  readonly peer?: string;
}

export function registerCheck(node: Command, ctx: CliContext): void {
  withExample(
    node.command('check'),
    'lifesign node check',
    'lifesign --home certs/alpha node check --peer 10.0.0.2:8450',
  )
    .description('look at clock, certificate, CRL, disk, DNS, TCP and TLS, and name the first failure')
    .option('--peer <host:port>', 'this peer, instead of those the home knows')
    .action(async ({ peer }: CheckOptions) => {
      const { checkNode } = await import('../../app/index.ts');
      await checkNode({
        home: ctx.home('node'),
        ...(peer === undefined ? {} : { peer }),
        passed: (step: CheckedStep) => {
          ctx.report({ ...step, ok: true }, () => `${step.step}: ok, ${step.detail}`);
        },
      });
    });
}
