import path from 'node:path';
import type { Command } from 'commander';
import { toHex } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTime } from '../format.ts';
import { quoted, shortPath } from '../home-flag.ts';
import { sealOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface BackupOptions extends PassphraseOption {
  readonly output: string;
}

export function registerBackup(pki: Command, ctx: CliContext): void {
  withExample(pki.command('backup'), 'lifesign pki backup -o ca-monday.backup')
    .description('write the whole CA into one encrypted file, also while it serves, and read it back')
    .requiredOption('-o, --output <file>', 'a new file')
    .addOption(sealOption())
    .action(async (options: BackupOptions) => {
      const { backupCa } = await import('../../app/index.ts');
      const made = await backupCa({
        home: ctx.home('ca'),
        file: path.resolve(ctx.cwd, options.output),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      const { file, files, bytes, trustDomain, crlNumber, rosterNumber } = made;
      const rootSha256 = toHex(made.rootSha256);
      const madeAt = formatTime(made.madeAt);
      const shown = shortPath(ctx.cwd, file);
      ctx.report({ file, bytes, files, madeAt, trustDomain, rootSha256, crlNumber, rosterNumber }, () => [
        `CA of ${trustDomain} at CRL ${crlNumber} and roster ${rosterNumber} written to ${shown} and read back`,
        `${bytes} bytes: the store and ${files} files; keep it, its passphrase and that of the CA keys apart`,
        `try it: lifesign pki restore --check ${quoted(shown)}`,
      ]);
    });
}
