import path from 'node:path';
import type { Command } from 'commander';
import { fault, LsError, toHex } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTime } from '../format.ts';
import { quoted, shortPath } from '../home-flag.ts';
import { sealOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface BackupOptions extends PassphraseOption {
  readonly output: string;
  readonly shares?: string;
}

export function registerBackup(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('backup'),
    'lifesign pki backup -o ca-monday.backup',
    'lifesign pki backup -o ca-monday.backup --shares 3/5',
  )
    .description('write the whole CA into one encrypted file, also while it serves, and read it back')
    .requiredOption('-o, --output <file>', 'a new file')
    .option(
      '--shares <m/n>',
      'no passphrase: a secret in n shares, shown once, any m of which open the backup',
    )
    .addOption(sealOption())
    .action(async (options: BackupOptions) => {
      const { backupCa, parseSharing } = await import('../../app/index.ts');
      if (options.shares !== undefined && options.passphraseFile !== undefined)
        throw new LsError(fault('LS_CLI_USAGE', '--shares takes the place of a passphrase'));
      const sharing = options.shares === undefined ? undefined : await parseSharing(options.shares);
      const made = await backupCa({
        home: ctx.home('ca'),
        file: path.resolve(ctx.cwd, options.output),
        ...(sharing === undefined ? {} : { sharing }),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      const { file, files, bytes, trustDomain, crlNumber, rosterNumber } = made;
      const rootSha256 = toHex(made.rootSha256);
      const madeAt = formatTime(made.madeAt);
      const shown = shortPath(ctx.cwd, file);
      const facts = { file, bytes, files, madeAt, trustDomain, rootSha256, crlNumber, rosterNumber };
      const { shares } = made;
      const shared = sharing === undefined ? {} : { threshold: sharing.threshold, shares };
      ctx.report({ ...facts, ...shared }, () => [
        `CA of ${trustDomain} at CRL ${crlNumber} and roster ${rosterNumber} written to ${shown} and read back`,
        `${bytes} bytes: the store and ${files} files; keep it, ${sharing === undefined ? 'its passphrase' : 'its shares'} and the passphrase of the CA keys apart`,
        ...(sharing === undefined ? [] : shareLines(sharing.threshold, shares)),
        `try it: lifesign pki restore --check ${quoted(shown)}${sharing === undefined ? '' : ' --ask-shares'}`,
      ]);
    });
}

function shareLines(threshold: number, shares: readonly string[]): readonly string[] {
  return [
    `any ${threshold} of these ${shares.length} shares open it, and fewer say nothing; they are shown this once, each is for somebody else:`,
    ...shares.map((share, i) => `  ${i + 1}  ${share}`),
  ];
}
