import path from 'node:path';
import { Option } from 'commander';
import type { PassphraseSources } from '../../app/index.ts';
import type { CliContext } from '../context.ts';

export interface PassphraseOption {
  readonly passphraseFile?: string;
}

/** `--passphrase-file`, for every command that may have to unlock the CA keys. */
export function passphraseOption(): Option {
  return new Option(
    '--passphrase-file <file>',
    'its first line unlocks the CA keys (else LIFESIGN_PASSPHRASE, the systemd credential lifesign-passphrase, or a prompt)',
  );
}

/** `--passphrase-file`, for commands that write or read a backup. */
export function sealOption(): Option {
  return new Option(
    '--passphrase-file <file>',
    'its first line is the passphrase (else LIFESIGN_PASSPHRASE, the systemd credential lifesign-passphrase, or a prompt)',
  );
}

/** Where the passphrase may come from. */
export async function sourcesOf(
  ctx: CliContext,
  { passphraseFile }: PassphraseOption,
): Promise<PassphraseSources> {
  const { passphraseSources } = await import('../../app/index.ts');
  const file = passphraseFile === undefined ? undefined : path.resolve(ctx.cwd, passphraseFile);
  return passphraseSources(ctx.env, file);
}
