import type { Command } from 'commander';
import type { RolloverJson, RootJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatRelative, formatTable } from '../format.ts';
import { homeFlag } from '../home-flag.ts';
import { command, query } from './admin.ts';
import { passphraseOption, type PassphraseOption } from './passphrase.ts';

export function registerRolloverRoot(rollover: Command, ctx: CliContext): void {
  const root = rollover
    .command('root')
    .description('pin a second root beside the first, which vouches for it; the domain stays the same');
  withExample(root.command('status'), 'lifesign pki rollover root status')
    .description('the roots of this domain, where their keys are, and what to do next')
    .action(async () => {
      const { roots } = await query<RolloverJson>(ctx, { method: 'GET', path: '/v1/rollover' });
      ctx.report({ roots }, () => [...tableOf(ctx, roots), ...nextOf(ctx, roots)]);
    });
  withExample(root.command('prepare'), 'lifesign pki rollover root prepare')
    .description('make the next root; it certifies the issuing CAs that are prepared from then on')
    .addOption(passphraseOption())
    .action(async (options: PassphraseOption) => {
      const call = { method: 'POST', path: '/v1/rollover/root', body: {} } as const;
      const prepared = await command<RootJson>(ctx, options, call);
      ctx.report(prepared, () => [
        `root ${prepared.generation} is prepared: certificate ${prepared.serial}, SHA-256 ${prepared.sha256}`,
        `next, below it: lifesign${homeFlag(ctx)} pki rollover prepare`,
      ]);
    });
}

function tableOf(ctx: CliContext, roots: readonly RootJson[]): readonly string[] {
  const now = ctx.clock.now().wall;
  const rows = roots.map(({ generation, serial, isHere, issuing, crlNextUpdate, notAfter }) => [
    String(generation),
    serial,
    isHere ? 'here' : 'elsewhere',
    issuing.length === 0 ? '-' : issuing.join(', '),
    formatRelative(Date.parse(crlNextUpdate), now),
    formatRelative(Date.parse(notAfter), now),
  ]);
  return formatTable(['ROOT', 'SERIAL', 'KEY', 'CERTIFIED', 'CRL LAPSES', 'ENDS ITSELF'], rows);
}

function nextOf(ctx: CliContext, roots: readonly RootJson[]): readonly string[] {
  const newest = roots.at(-1);
  if (newest === undefined || newest.issuing.length > 0) return [];
  return [
    `root ${newest.generation} has certified no issuing CA yet`,
    `next: lifesign${homeFlag(ctx)} pki rollover prepare`,
  ];
}
