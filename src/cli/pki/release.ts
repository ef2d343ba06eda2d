import type { Command } from 'commander';
import type { ReleaseJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { command, segment } from './admin.ts';
import { passphraseOption, type PassphraseOption } from './passphrase.ts';
import { SPREAD_TEXT } from './revoke.ts';

const INCOMPLETE = 2;

export function registerRelease(pki: Command, ctx: CliContext): void {
  withExample(pki.command('release'), 'lifesign pki release alpha')
    .description(
      'end the hold of a node that was revoked for certificateHold (exit 2 when too few nodes have heard of it yet)',
    )
    .argument('<name>', 'name of the node')
    .addOption(passphraseOption())
    .action(async (name: string, options: PassphraseOption) => {
      const path = `/v1/nodes/${segment(name)}/release`;
      const released = await command<ReleaseJson>(ctx, options, { method: 'POST', path });
      ctx.report(released, () => line(released));
      if (released.spread === 'local') ctx.answer(INCOMPLETE);
    });
}

function line({ name, serials, crlNumber, spread }: ReleaseJson): string {
  const what = serials.length === 1 ? '1 certificate' : `${serials.length} certificates`;
  return `${name} is released: ${what}, CRL ${crlNumber}; ${SPREAD_TEXT[spread]}`;
}
