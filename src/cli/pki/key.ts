import path from 'node:path';
import type { Command } from 'commander';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTable } from '../format.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface NewPassphraseOption extends PassphraseOption {
  readonly newPassphraseFile?: string;
}

interface DestroyOptions extends PassphraseOption {
  readonly yes?: boolean;
  readonly copy?: string;
  readonly withoutCopy?: boolean;
}

export function registerKey(pki: Command, ctx: CliContext): void {
  const key = pki.command('key').description('the private keys of the CA');
  withExample(key.command('list'), 'lifesign pki key list')
    .description('list the keys of the CA: what each is for, and where it is')
    .action(async () => {
      const { listKeys } = await import('../../app/index.ts');
      const list = await listKeys(ctx.home('ca'));
      ctx.report(list, () =>
        formatTable(
          ['NAME', 'ID', 'ALGORITHM', 'PLACE', 'USE'],
          list.keys.map(({ name, id, algorithm, place, use }) => [
            name,
            id ?? '-',
            algorithm ?? '-',
            place,
            use,
          ]),
        ),
      );
    });
  withExample(
    key.command('passphrase'),
    'lifesign pki key passphrase --new-passphrase-file /etc/lifesign/new.pass',
  )
    .description('put the key files of the CA under another passphrase; no server may run on the home')
    .option(
      '--new-passphrase-file <file>',
      'its first line is the new one (else LIFESIGN_NEW_PASSPHRASE, the systemd credential lifesign-new-passphrase, or a prompt)',
    )
    .addOption(passphraseOption())
    .action((options: NewPassphraseOption) => changePassphrase(ctx, options));
}

async function changePassphrase(ctx: CliContext, options: NewPassphraseOption): Promise<void> {
  const app = await import('../../app/index.ts');
  const { newPassphraseFile } = options;
  const changed = await app.changePassphrase({
    home: ctx.home('ca'),
    passphrase: await sourcesOf(ctx, options),
    newPassphrase: await sourcesOf(
      ctx,
      newPassphraseFile === undefined ? {} : { passphraseFile: newPassphraseFile },
    ),
    now: () => ctx.clock.now().wall,
  });
  ctx.report(changed, () => [
    `${changed.keys.map(({ name }) => name).join(', ')}: under the new passphrase`,
    'copies of the old files, in backups too, still open with the old one',
  ]);
}

export function registerDestroyKey(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('destroy-key'),
    'lifesign pki destroy-key 5d1e0c6f1b6a4f6c9a3c8e2f7b0d4a19 --copy /media/stick/root.key.pem --yes',
  )
    .description(
      "take the root's key, or that of a retired or revoked issuing CA, out of the home for good; no server may run on it",
    )
    .argument('<id>', 'as `pki key list` shows it')
    .option('--copy <file>', 'a copy of the key file, which is opened first to see that it is one')
    .option('--without-copy', 'there is none, or none that can be shown (a token)')
    .option('--yes', 'really')
    .addOption(passphraseOption())
    .action(async (id: string, options: DestroyOptions) => {
      if ((options.copy === undefined) !== (options.withoutCopy === true))
        throw usage('say either --copy FILE or --without-copy');
      if (options.yes !== true) throw usage('this can not be undone: add --yes');
      const { destroyKey } = await import('../../app/index.ts');
      const destroyed = await destroyKey({
        home: ctx.home('ca'),
        keyId: id,
        copy: options.copy === undefined ? null : path.resolve(ctx.cwd, options.copy),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      ctx.report(destroyed, () => [
        destroyed.place === null
          ? `the ${destroyed.name} key was not here any more; that is recorded now`
          : `the ${destroyed.name} key is destroyed here; backups still hold it if it was a file`,
        ...(destroyed.name === 'root'
          ? [
              'until it is back as keys/root.key.pem, its CRL (180 days) and the issuing certificate (2 years) are not renewed',
            ]
          : []),
      ]);
    });
}

function usage(why: string): LsError {
  return new LsError(fault('LS_CLI_USAGE', why));
}
