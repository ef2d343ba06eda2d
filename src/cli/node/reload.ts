import type { Command } from 'commander';
import type { ChangedSetting, ReloadedSettings } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

export function registerReload(node: Command, ctx: CliContext): void {
  withExample(node.command('reload'), 'lifesign node reload')
    .description(
      'let the running node read node.yaml again, as SIGHUP does: interval_ms, detector, recovery, local_health and links count at once, the rest from the next start on',
    )
    .action(async () => {
      const { queryNode } = await import('../../app/index.ts');
      const answer = await queryNode(ctx.home('node'), { method: 'POST', path: '/v1/reload' });
      const { changed, restart } = answer as ReloadedSettings;
      ctx.report({ changed, restart }, () => [
        ...changed.map((change) => lineOf(change)),
        ...restart.map((change) => `${lineOf(change)}, from the next start on`),
        ...(changed.length + restart.length === 0 ? ['nothing has changed'] : []),
      ]);
    });
}

function lineOf({ key, from, to }: ChangedSetting): string {
  return `${key}: ${String(from ?? 'not set')} -> ${String(to ?? 'not set')}`;
}
