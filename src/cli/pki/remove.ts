import type { Command } from 'commander';
import type { RemovalJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { command, segment } from './admin.ts';
import { passphraseOption, type PassphraseOption } from './passphrase.ts';

export function registerRemove(pki: Command, ctx: CliContext): void {
  withExample(pki.command('remove'), 'lifesign pki remove alpha')
    .description('take a node that is gone for good off the roster, without revoking it')
    .argument('<name>', 'name of the node')
    .addOption(passphraseOption())
    .action(async (name: string, options: PassphraseOption) => {
      const path = `/v1/nodes/${segment(name)}/remove`;
      const removed = await command<RemovalJson>(ctx, options, { method: 'POST', path });
      ctx.report(removed, () => `${removed.name} is removed (roster ${removed.rosterNumber})`);
    });
}
