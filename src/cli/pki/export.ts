import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { shortPath } from '../home-flag.ts';
import { sealOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface ExportOptions extends PassphraseOption {
  readonly pkcs12?: boolean;
  readonly output: string;
  readonly from?: string;
  readonly keyPassphraseFile?: string;
}

const CA_MARK = 'ca.yaml';

export function registerExport(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('export'),
    'lifesign pki export kim --pkcs12 -o kim.p12',
    'lifesign --home certs/alpha pki export alpha --pkcs12 -o alpha.p12',
  )
    .description(
      'put the key of an operator or node that is on this machine into a file with its certificates; the CA itself has no such key',
    )
    .argument('<name>', 'name of the operator or node')
    .option('--pkcs12', 'as PKCS#12, encrypted with AES-256: for browsers, Java, Windows')
    .requiredOption('-o, --output <file>', 'a new file')
    .option('--from <dir>', 'where key.pem and cert.pem are (default: certs/NAME, then NAME)')
    .option('--key-passphrase-file <file>', 'of a key that is encrypted')
    .addOption(sealOption())
    .action(async (name: string, options: ExportOptions) => {
      if (options.pkcs12 !== true)
        throw new LsError(fault('LS_CLI_USAGE', 'say --pkcs12: there is no other form'));
      const { exportPkcs12 } = await import('../../app/index.ts');
      const { keyPassphraseFile: passphraseFile } = options;
      const caHome = caHomeOf(ctx);
      const exported = await exportPkcs12({
        name,
        directories: directoriesFor(ctx, name, options.from),
        file: path.resolve(ctx.cwd, options.output),
        passphrase: await sourcesOf(ctx, options),
        keyPassphrase: await sourcesOf(ctx, passphraseFile === undefined ? {} : { passphraseFile }),
        ...(caHome === undefined ? {} : { caHome }),
      });
      ctx.report(exported, () => [
        `key of ${name}, its certificate (until ${exported.notAfter}) and ${exported.certificates - 1} above it written to ${shortPath(ctx.cwd, exported.file)}`,
        exported.recorded ? 'the ledger of the CA says so' : 'no CA on this machine has a record of it',
      ]);
    });
}

/** `--home` may name the node itself, or the CA as for all other commands. */
function directoriesFor(ctx: CliContext, name: string, from: string | undefined): readonly string[] {
  if (from !== undefined) return [path.resolve(ctx.cwd, from)];
  const named = namedHome(ctx);
  if (named !== undefined && !isCa(named)) return [named];
  return [path.resolve(ctx.cwd, 'certs', name), path.resolve(ctx.cwd, name)];
}

/** The CA of this machine, if there is one. */
function caHomeOf(ctx: CliContext): string | undefined {
  const candidates = [namedHome(ctx), path.resolve(ctx.cwd, 'ca/state')];
  return candidates.find((home) => home !== undefined && isCa(home));
}

function namedHome({ homeOption, env, cwd }: CliContext): string | undefined {
  const named = homeOption ?? env['LIFESIGN_HOME'] ?? '';
  return named === '' ? undefined : path.resolve(cwd, named);
}

function isCa(home: string): boolean {
  return existsSync(path.join(home, CA_MARK));
}
