import path from 'node:path';
import type { Command } from 'commander';
import type { AcceptedLoss, ShareSources } from '../../app/index.ts';
import { decodePemOf } from '../../codec/index.ts';
import { fault, fromUtf8, LsError, toHex } from '../../std/index.ts';
import { MAX_CRL_BYTES } from '../../x509/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { collectArgument, formatTime } from '../format.ts';
import { homeFlag, shortPath } from '../home-flag.ts';
import { command } from './admin.ts';
import { sealOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface RestoreOptions extends PassphraseOption {
  readonly check?: boolean;
  readonly acceptLoss?: boolean;
  readonly crl?: readonly string[];
  readonly keyPassphraseFile?: string;
  readonly share?: readonly string[];
  readonly askShares?: boolean;
  readonly store?: string;
}

const DEFAULT_HOME = 'ca/state';
const PEM_START = '-----BEGIN';

export function registerRestore(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('restore'),
    'lifesign pki restore ca-monday.backup --home ca/state',
    'lifesign pki restore --check ca-monday.backup',
    'lifesign pki restore ca-monday.backup --store postgres://lifesign@db.example/ca2',
    'lifesign pki restore ca-monday.backup --share @mine.txt --share lss1-… --ask-shares',
    'lifesign pki restore --accept-loss --crl alpha/crl/issuing.crl --crl alpha/crl/issuing-delta.crl',
  )
    .description(
      'make a new CA home of a backup (read-only at first), try a backup, or end the read-only time',
    )
    .argument('[file]', 'what `pki backup` wrote')
    .option('--check', 'restore to a temporary place, check everything, the keys too, and remove it')
    .option('--accept-loss', 'on a restored home: sign again, with numbers beyond all that may be out there')
    .option(
      '--crl <file>',
      'with --accept-loss: a newer CRL of this CA, as a node keeps it in crl/; repeatable',
      collectArgument,
    )
    .option(
      '--key-passphrase-file <file>',
      'with --check: of the CA keys, where it is not that of the backup',
    )
    .option(
      '--share <share>',
      'one of those that `pki backup --shares` has shown, or @FILE with one a line; repeatable',
      collectArgument,
    )
    .option(
      '--store <store>',
      'sqlite, or postgres://USER@HOST:PORT/DATABASE of an empty database (default: where the store was)',
    )
    .option('--ask-shares', 'ask for further shares until there are enough')
    .addOption(sealOption())
    .action(async (file: string | undefined, options: RestoreOptions) => {
      const makesHome = options.acceptLoss !== true && options.check !== true;
      refuse(!makesHome && options.store !== undefined, '--store goes with a backup that becomes a home');
      if (options.acceptLoss === true) {
        refuse(
          file !== undefined || options.check === true || wantsShares(options),
          '--accept-loss works on the restored home, without a file',
        );
        await acceptLoss(ctx, options);
        return;
      }
      refuse(options.crl !== undefined, '--crl goes with --accept-loss');
      if (file === undefined) throw usage('name the backup to restore');
      const backup = path.resolve(ctx.cwd, file);
      if (options.check === true) await check(ctx, backup, options);
      else await restore(ctx, backup, options);
    });
}

function wantsShares({ share, askShares }: RestoreOptions): boolean {
  return share !== undefined || askShares === true;
}

async function sharesOf(
  ctx: CliContext,
  options: RestoreOptions,
): Promise<{ readonly shares?: ShareSources }> {
  if (!wantsShares(options)) return {};
  const texts: string[] = [];
  for (const share of options.share ?? []) {
    if (share.startsWith('@')) texts.push(...(await sharesIn(path.resolve(ctx.cwd, share.slice(1)))));
    else texts.push(share);
  }
  if (options.askShares !== true) return { shares: { texts } };
  const { prompt } = await sourcesOf(ctx, {});
  if (prompt === undefined) throw usage('--ask-shares needs a terminal');
  return { shares: { texts, prompt } };
}

const MAX_SHARE_FILE_BYTES = 65_536;

async function sharesIn(file: string): Promise<readonly string[]> {
  const { readTextFile } = await import('../../app/index.ts');
  const lines = (await readTextFile(file, MAX_SHARE_FILE_BYTES)).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}

async function restore(ctx: CliContext, file: string, options: RestoreOptions): Promise<void> {
  const { restoreCa } = await import('../../app/index.ts');
  const restored = await restoreCa({
    file,
    home: ctx.newHome(DEFAULT_HOME),
    ...(await sharesOf(ctx, options)),
    ...(options.store === undefined ? {} : { store: options.store }),
    passphrase: await sourcesOf(ctx, options),
    now: () => ctx.clock.now().wall,
  });
  const { home, store, trustDomain, crlNumber, rosterNumber } = restored;
  const madeAt = formatTime(restored.madeAt);
  const rootSha256 = toHex(restored.rootSha256);
  const result = { home, store, madeAt, trustDomain, rootSha256, crlNumber, rosterNumber, readOnly: true };
  ctx.report(result, () => [
    `CA of ${trustDomain} as of ${madeAt} restored to ${home}, at CRL ${crlNumber} and roster ${rosterNumber}`,
    `root SHA-256 ${rootSha256}; store ${store}`,
    'it is read-only: what was revoked, removed, enrolled or renewed since then it does not know',
    `next: read docs/OPERATIONS.md, then lifesign${homeFlag(ctx)} pki restore --accept-loss`,
  ]);
}

async function check(ctx: CliContext, file: string, options: RestoreOptions): Promise<void> {
  const { drillBackup } = await import('../../app/index.ts');
  const { keyPassphraseFile } = options;
  const keys =
    keyPassphraseFile === undefined ? undefined : await sourcesOf(ctx, { passphraseFile: keyPassphraseFile });
  const drilled = await drillBackup({
    file,
    ...(await sharesOf(ctx, options)),
    passphrase: await sourcesOf(ctx, options),
    ...(keys === undefined ? {} : { keyPassphrase: keys }),
    now: () => ctx.clock.now().wall,
  });
  const { files, trustDomain, crlNumber, rosterNumber, rootKey, crlInDate } = drilled;
  const madeAt = formatTime(drilled.madeAt);
  const rootSha256 = toHex(drilled.rootSha256);
  const facts = { file, files, madeAt, trustDomain, rootSha256, crlNumber, rosterNumber, rootKey, crlInDate };
  ctx.report({ ok: true, ...facts }, () => [
    `${shortPath(ctx.cwd, file)} restores: CA of ${trustDomain} as of ${madeAt}`,
    `the store is whole, ${files} files are as they were, the certificates lead to root ${rootSha256}`,
    `CRL ${crlNumber} and roster ${rosterNumber} verify${crlInDate ? '' : '; the CRL has lapsed meanwhile'}`,
    `the issuing key opens${rootKey ? ', the root key too' : '; the root key is kept elsewhere'}`,
  ]);
}

async function acceptLoss(ctx: CliContext, options: RestoreOptions): Promise<void> {
  const crls: string[] = [];
  for (const file of options.crl ?? []) crls.push(await crlBase64(path.resolve(ctx.cwd, file)));
  const call = { method: 'POST', path: '/v1/restore/accept-loss', body: { crls } } as const;
  const accepted = await command<AcceptedLoss>(ctx, options, call);
  ctx.report(accepted, () => [
    `the CA signs again: CRL ${accepted.crlNumber} (the backup had ${accepted.formerCrlNumber}), roster ${accepted.rosterNumber} (${accepted.formerRosterNumber})`,
    `${accepted.mergedSerials.length} revocations taken over from CRLs${accepted.endedNames.length > 0 ? `, which end ${accepted.endedNames.join(', ')}` : ''}; ${accepted.droppedTokens} tokens dropped`,
    'if nodes refuse its CRL (LS_CRL_OMITS_ENTRY), hand over theirs: --accept-loss --crl FILE; see docs/OPERATIONS.md',
  ]);
}

/** DER, or PEM as `pki crl -o issuing.pem` writes it. */
async function crlBase64(file: string): Promise<string> {
  const { readBinaryFile } = await import('../../app/index.ts');
  const bytes = await readBinaryFile(file, 2 * MAX_CRL_BYTES);
  const text = fromUtf8(bytes.subarray(0, PEM_START.length)) === PEM_START ? fromUtf8(bytes) : undefined;
  if (text === undefined) return Buffer.from(bytes).toString('base64');
  const ders = decodePemOf('X509 CRL', text);
  if (!ders.ok) throw new LsError({ ...ders.error, detail: `${file}: ${ders.error.detail}` });
  const [der = new Uint8Array()] = ders.value;
  return Buffer.from(der).toString('base64');
}

function refuse(isWrong: boolean, why: string): void {
  if (isWrong) throw usage(why);
}

function usage(why: string): LsError {
  return new LsError(fault('LS_CLI_USAGE', why));
}
