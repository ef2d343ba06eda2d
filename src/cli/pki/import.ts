import path from 'node:path';
import type { Command } from 'commander';
import type { ImportedCa } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatRelative } from '../format.ts';
import { homeFlag } from '../home-flag.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface ImportOptions extends PassphraseOption {
  readonly rootSha256?: string;
}

export function registerImport(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('import'),
    'lifesign pki import issuing-bundle.pem --root-sha256 9f86d081884c7d65…',
    'lifesign pki import root.crl',
  )
    .description(
      'take what the root has signed: the certificate of this CA at first, later newer CRLs of the root and the next issuing CA (`pki rollover prepare --root-csr`)',
    )
    .argument(
      '<files...>',
      'PEM or DER: root certificate, issuing certificate and CRL of the root, in any order',
    )
    .option('--root-sha256 <hex>', 'refuse a root certificate with another SHA-256')
    .addOption(passphraseOption())
    .action(async (files: readonly string[], options: ImportOptions) => {
      const { importCa } = await import('../../app/index.ts');
      const done = await importCa({
        home: ctx.home('ca'),
        files: files.map((file) => path.resolve(ctx.cwd, file)),
        ...(options.rootSha256 === undefined ? {} : { rootSha256: options.rootSha256 }),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      const { isNew, rootCrl } = done;
      if (isNew && options.rootSha256 === undefined) {
        ctx.note(
          'compare the SHA-256 of the root with what it is where the root is: every node will trust this one',
        );
      }
      if (rootCrl?.endsIssuing === true) {
        ctx.note('the root has revoked an issuing CA in use: nodes count nobody alive that it certified');
      }
      ctx.report(done, () => lines(ctx, done));
    });
}

function lines(ctx: CliContext, done: ImportedCa): readonly string[] {
  const { home, trustDomain, rootSha256, rootCrl, prepared, preparedRoot } = done;
  if (preparedRoot !== null) {
    return [
      `root ${preparedRoot.generation} is prepared: certificate ${preparedRoot.serial}`,
      `next, below it: lifesign${homeFlag(ctx)} pki rollover prepare --root-csr issuing-next.csr`,
    ];
  }
  if (prepared !== null) {
    return [
      `generation ${prepared.generation} of the issuing CA is prepared: certificate ${prepared.serial}`,
      `next, when all nodes have it: lifesign${homeFlag(ctx)} pki rollover activate`,
    ];
  }
  if (rootCrl === null) {
    return [
      `CA of ${trustDomain} in ${home} has its certificate`,
      `root SHA-256 ${rootSha256}`,
      `next: lifesign${homeFlag(ctx)} pki serve`,
    ];
  }
  const { number, nextUpdate, isNews, revoked } = rootCrl;
  const until = formatRelative(Date.parse(nextUpdate), ctx.clock.now().wall);
  const cas = revoked === 0 ? 'it revokes no CA' : `it revokes ${revoked} CA${revoked === 1 ? '' : 's'}`;
  return [`CRL ${number} of the root ${isNews ? 'taken' : 'was there already'}: ${cas}, and lapses ${until}`];
}
