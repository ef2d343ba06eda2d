import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { collectArgument } from '../format.ts';
import { homeFlag } from '../home-flag.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface InitOptions extends PassphraseOption {
  readonly trustDomain?: string;
  readonly url?: readonly string[];
  readonly crlUrl?: string;
  readonly permitDns?: readonly string[];
  readonly store?: string;
  readonly keyStore?: string;
}

const DEFAULT_HOME = 'ca/state';

export function registerInit(pki: Command, ctx: CliContext): void {
  withExample(
    pki.command('init'),
    'lifesign pki init --trust-domain mesh.internal --url https://ca.example:8440',
    'lifesign pki init --url https://ca.example:8440 --store postgres://lifesign@db.example/ca',
    "lifesign pki init --key-store 'pkcs11:token=ca?module-path=/usr/lib/softhsm/libsofthsm2.so'",
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
    .addOption(passphraseOption())
    .action(async (options: InitOptions) => {
      const { initCa } = await import('../../app/index.ts');
      const made = await initCa({
        home: ctx.newHome(DEFAULT_HOME),
        ...(options.trustDomain === undefined ? {} : { trustDomain: options.trustDomain }),
        urls: options.url ?? [],
        ...(options.crlUrl === undefined ? {} : { crlUrl: options.crlUrl }),
        permitDns: options.permitDns ?? [],
        ...(options.store === undefined ? {} : { store: options.store }),
        ...(options.keyStore === undefined ? {} : { keyStore: options.keyStore }),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      const { home, trustDomain, rootSha256 } = made;
      const [url = ''] = made.urls;
      if (made.isLoopbackOnly) {
        ctx.note(
          `${url} reaches this machine only; for nodes on other hosts make the CA with --url https://HOST:8440`,
        );
      }
      ctx.report({ home, trustDomain, rootSha256, url }, () => [
        `CA of ${trustDomain} made in ${home}`,
        `root SHA-256 ${rootSha256}`,
        `next: lifesign${homeFlag(ctx)} pki serve`,
      ]);
    });
}
