import { Option, type Command } from 'commander';
import type { RevocationJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { command, segment } from './admin.ts';
import { passphraseOption, type PassphraseOption } from './passphrase.ts';

interface RevokeOptions extends PassphraseOption {
  readonly reason?: string;
  readonly onlySerial?: string;
  readonly wait?: boolean;
}

const REASONS = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'certificateHold',
];
const INCOMPLETE = 2;

export function registerRevoke(pki: Command, ctx: CliContext): void {
  withExample(pki.command('revoke'), 'lifesign pki revoke alpha --reason keyCompromise --wait')
    .description(
      'revoke a node: all its certificates, for ever unless the reason is certificateHold (exit 2 when too few nodes have heard of it yet)',
    )
    .argument('<name>', 'name of the node')
    .addOption(new Option('--reason <reason>', 'why, in the words of RFC 5280').choices(REASONS))
    .option('--only-serial <serial>', 'revoke this one certificate and leave the node alone')
    .option('--wait', 'wait until every active node enforces it, and name those that do not')
    .addOption(passphraseOption())
    .action(async (name: string, options: RevokeOptions) => {
      const body = {
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.onlySerial === undefined ? {} : { onlySerial: options.onlySerial }),
        ...(options.wait === true ? { wait: true } : {}),
      };
      if (options.wait === true) ctx.progress('waiting until every active node enforces it');
      const path = `/v1/nodes/${segment(name)}/revoke`;
      const revoked = await command<RevocationJson>(ctx, options, { method: 'POST', path, body });
      ctx.report(revoked, () => lines(revoked));
      if (revoked.spread === 'local' || (revoked.pending ?? []).length > 0) ctx.answer(INCOMPLETE);
    });
}

export const SPREAD_TEXT = {
  mesh: 'the mesh enforces it',
  local: 'too few nodes have confirmed it yet; it spreads as they connect',
  none: 'there is no active node to tell',
} as const;

function lines({ name, serials, reason, crlNumber, spread, pending }: RevocationJson): readonly string[] {
  const what = serials.length === 1 ? '1 certificate' : `${serials.length} certificates`;
  const waiting =
    pending === undefined || pending.length === 0 ? [] : [`not confirmed by: ${pending.join(', ')}`];
  const state = reason === 'certificateHold' ? 'on hold' : `revoked (${reason})`;
  return [`${name} is ${state}: ${what}, CRL ${crlNumber}; ${SPREAD_TEXT[spread]}`, ...waiting];
}
