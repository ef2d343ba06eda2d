import path from 'node:path';
import type { Command } from 'commander';
import type { InitCaRequest } from '../../app/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { collectArgument } from '../format.ts';
import { homeFlag, quoted, shortPath } from '../home-flag.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface InitOptions extends PassphraseOption {
  readonly trustDomain?: string;
  readonly url?: readonly string[];
  readonly crlUrl?: string;
  readonly permitDns?: readonly string[];
  readonly store?: string;
  readonly keyStore?: string;
  readonly rootCsr?: boolean;
  readonly output?: string;
  readonly requireApproval?: boolean;
}

const DEFAULT_HOME = 'ca/state';

export function registerInit(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('init'),
    'lifesign pki init --trust-domain mesh.internal --url https://ca.example:8440',
    'lifesign pki init --url https://ca.example:8440 --store postgres://lifesign@db.example/ca',
    "lifesign pki init --key-store 'pkcs11:token=ca?module-path=/usr/lib/softhsm/libsofthsm2.so'",
    'lifesign pki init --url https://ca.example:8440 --root-csr -o issuing.csr',
  )
    .description('make a certificate authority: root, issuing CA, encrypted keys, store')
    .option('--trust-domain <name>', 'the cluster, a dotted name (default: mesh.internal)')
    .option(
      '--url <url>',
      'https://HOST:PORT of this CA; repeatable (default: this host, port 8440)',
      collectArgument,
    )
    .option('--crl-url <url>', 'http://HOST:PORT of its CRLs (default: host of the first --url, port 8441)')
    .option('--permit-dns <suffix>', 'further DNS suffix it may certify; repeatable', collectArgument)
    .option(
      '--store <store>',
      'sqlite (default), or postgres://USER@HOST:PORT/DATABASE; its password may be in PGPASSWORD',
    )
    .option(
      '--key-store <place>',
      'file (default), or pkcs11:token=NAME?module-path=/LIB.so[&pin-source=file:/FILE]; else LIFESIGN_PIN',
    )
    .option(
      '--root-csr',
      'the root is on another machine: make the issuing key, and a request for that root to sign',
    )
    .option('-o, --output <file>', 'with --root-csr: write the request here too')
    .option('--require-approval', 'enrollments wait until an operator approves them (`pki requests`)')
    .addOption(passphraseOption())
    .action(async (options: InitOptions) => {
      if (options.rootCsr === true) return request(ctx, options);
      if (options.output !== undefined) throw new LsError(fault('LS_CLI_USAGE', '-o goes with --root-csr'));
      const { initCa } = await import('../../app/index.ts');
      const made = await initCa({ ...(await wantedOf(ctx, options)), now: () => ctx.clock.now().wall });
      const { home, trustDomain, rootSha256 } = made;
      const [url = ''] = made.urls;
      noteLoopback(ctx, made);
      ctx.report({ home, trustDomain, rootSha256, url }, () => [
        `CA of ${trustDomain} made in ${home}`,
        `root SHA-256 ${rootSha256}`,
        `next: lifesign${homeFlag(ctx)} pki serve`,
      ]);
    });
}

async function request(ctx: CliContext, options: InitOptions): Promise<void> {
  const { initCaRequest, writeOutput } = await import('../../app/index.ts');
  const made = await initCaRequest(await wantedOf(ctx, options));
  const { home, trustDomain, keySha256, csr } = made;
  const [url = ''] = made.urls;
  noteLoopback(ctx, made);
  const file = options.output === undefined ? made.csrFile : path.resolve(ctx.cwd, options.output);
  if (file !== made.csrFile) await writeOutput(file, csr);
  ctx.report({ home, trustDomain, url, csr, file, keySha256 }, () => [
    `CA of ${trustDomain} made in ${home}; it has no certificate yet`,
    `request for its root: ${shortPath(ctx.cwd, file)}`,
    `key SHA-256 ${keySha256}`,
    `next, where the root is: lifesign pki root sign ${quoted(path.basename(file))} --key-sha256 ${keySha256} -o issuing-bundle.pem`,
    `then here: lifesign${homeFlag(ctx)} pki import issuing-bundle.pem`,
  ]);
}

async function wantedOf(ctx: CliContext, options: InitOptions): Promise<Omit<InitCaRequest, 'now'>> {
  return {
    home: ctx.newHome(DEFAULT_HOME),
    ...(options.trustDomain === undefined ? {} : { trustDomain: options.trustDomain }),
    urls: options.url ?? [],
    ...(options.crlUrl === undefined ? {} : { crlUrl: options.crlUrl }),
    permitDns: options.permitDns ?? [],
    ...(options.store === undefined ? {} : { store: options.store }),
    ...(options.keyStore === undefined ? {} : { keyStore: options.keyStore }),
    ...(options.requireApproval === undefined ? {} : { requireApproval: options.requireApproval }),
    passphrase: await sourcesOf(ctx, options),
  };
}

function noteLoopback(
  ctx: CliContext,
  { isLoopbackOnly, urls }: { readonly isLoopbackOnly: boolean; readonly urls: readonly string[] },
): void {
  if (!isLoopbackOnly) return;
  ctx.note(
    `${urls[0] ?? ''} reaches this machine only; for nodes on other hosts make the CA with --url https://HOST:8440`,
  );
}
