import type { Command } from 'commander';
import type { CompromiseReport } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { durationArgument } from '../format.ts';
import { homeFlag } from '../home-flag.ts';
import { generationArgument } from './generation.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface CompromisedOptions extends PassphraseOption {
  readonly within?: number;
  readonly force?: boolean;
}

const INCOMPLETE = 2;
const DEFAULT_WITHIN_MS = 60_000;

export function registerCompromised(rollover: Command, ctx: CliContext): void {
  withExample(
    rollover.command('compromised'),
    'lifesign pki rollover compromised',
    'lifesign pki rollover compromised --within 5m',
  )
    .description(
      'the key of the issuing CA is in wrong hands: put another in its place, have all nodes renew, and have the root revoke it (exit 2 when nodes were left behind; run it again after an interruption)',
    )
    .argument('[generation]', 'default: the active one, or that of a run before', generationArgument)
    .option(
      '--within <duration>',
      'the old one is revoked after this time, whoever has renewed (default: 60s)',
      durationArgument,
    )
    .option('--force', 'revoke it even if not one node has renewed')
    .addOption(passphraseOption())
    .action(async (generation: number | undefined, options: CompromisedOptions) => {
      const { leaveCompromised } = await import('../../app/index.ts');
      const report = await leaveCompromised({
        home: ctx.home('ca'),
        ...(generation === undefined ? {} : { generation }),
        withinMs: options.within ?? DEFAULT_WITHIN_MS,
        force: options.force === true,
        passphrase: await sourcesOf(ctx, options),
        onProgress: (text) => ctx.progress(text),
      });
      ctx.report(report, () => lines(ctx, report));
      if (report.leftBehind.length > 0) ctx.answer(INCOMPLETE);
    });
}

function lines(ctx: CliContext, report: CompromiseReport): readonly string[] {
  const { generation, successor, serial, rootCrlNumber, activeMembers, leftBehind } = report;
  const by = rootCrlNumber === null ? 'by the root' : `by CRL ${rootCrlNumber} of the root`;
  const done = [
    `generation ${generation} (certificate ${serial}) is revoked ${by}; generation ${successor} signs`,
    `${activeMembers - leftBehind.length} of ${activeMembers} active nodes have renewed below it`,
  ];
  if (leftBehind.length === 0) return done;
  return [
    ...done,
    `left behind, and counted alive by nobody: ${leftBehind.join(', ')}`,
    ...leftBehind.map(
      (name) =>
        `for ${name}: lifesign${homeFlag(ctx)} pki token create ${name} --replace, then node enroll on its host`,
    ),
  ];
}
