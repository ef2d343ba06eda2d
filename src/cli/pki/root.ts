import path from 'node:path';
import { Option, type Command } from 'commander';
import type { CaRevocationReason, SignedIssuing } from '../../app/index.ts';
import { encodePem } from '../../codec/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTime } from '../format.ts';
import { homeFlag, shortPath } from '../home-flag.ts';
import { generationArgument } from './generation.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

const DEFAULT_HOME = 'ca/root';
const DEFAULT_TRUST_DOMAIN = 'mesh.internal';
const REASONS: readonly CaRevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
];

export function registerRoot(pki: Command, ctx: CliContext): void {
  const root = pki.command('root').description('a root on a machine of its own, without a network');
  registerRootInit(root, ctx);
  registerRootSign(root, ctx);
  registerRootCross(root, ctx);
  registerRootCrl(root, ctx);
}

function registerRootInit(root: Command, ctx: CliContext): void {
  interface Options extends PassphraseOption {
    readonly trustDomain?: string;
    readonly from?: string;
    readonly generation?: number;
  }
  withExample(
    root.command('init'),
    'lifesign pki root init --trust-domain mesh.internal',
    'lifesign pki root init --from ca/state --home /media/vault/root',
  )
    .description('make a root: encrypted key, certificate, first CRL')
    .option('--trust-domain <name>', `the cluster whose CAs it certifies (default: ${DEFAULT_TRUST_DOMAIN})`)
    .option('--from <dir>', 'take over the root of a CA home that was made with one')
    .option(
      '--generation <n>',
      'which root of the domain, where another one is to follow the first (default: 1)',
      generationArgument,
    )
    .addOption(passphraseOption())
    .action(async (options: Options) => {
      if (options.from !== undefined && options.trustDomain !== undefined) {
        throw new LsError(fault('LS_CLI_USAGE', '--from brings its own --trust-domain'));
      }
      const { initRoot } = await import('../../app/index.ts');
      const made = await initRoot({
        home: ctx.newHome(DEFAULT_HOME),
        trustDomain: options.trustDomain ?? DEFAULT_TRUST_DOMAIN,
        ...(options.from === undefined ? {} : { from: path.resolve(ctx.cwd, options.from) }),
        ...(options.generation === undefined ? {} : { generation: options.generation }),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      const { home, trustDomain, rootSha256, keyLeftAt } = made;
      ctx.report(made, () => [
        `root of ${trustDomain} made in ${home}`,
        `root SHA-256 ${rootSha256}`,
        keyLeftAt === null
          ? `next: lifesign${homeFlag(ctx)} pki root sign issuing.csr.pem --key-sha256 … -o issuing-bundle.pem`
          : `next: remove ${keyLeftAt}, in backups too, and start that CA again (docs/OPERATIONS.md)`,
      ]);
    });
}

function registerRootSign(root: Command, ctx: CliContext): void {
  interface Options extends PassphraseOption {
    readonly keySha256: string;
    readonly output: string;
  }
  withExample(
    root.command('sign'),
    'lifesign pki root sign issuing.csr.pem --key-sha256 9f86d081884c7d659a2feaa0c55ad015 -o issuing-bundle.pem',
  )
    .description('certify an issuing CA: its certificate, that of the root and a new CRL, for `pki import`')
    .argument('<csr>', 'what `pki init --root-csr` made, PEM or DER')
    .requiredOption(
      '--key-sha256 <hex>',
      'of the key in it, as `pki init --root-csr` printed it; 32 digits or more',
    )
    .requiredOption('-o, --output <file>', 'gets the three as PEM')
    .addOption(passphraseOption())
    .action(async (csr: string, options: Options) => {
      const { signIssuingCa } = await import('../../app/index.ts');
      const signed = await signIssuingCa({
        home: ctx.home('root'),
        requestFile: path.resolve(ctx.cwd, csr),
        keySha256: options.keySha256,
        output: path.resolve(ctx.cwd, options.output),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      ctx.report({ ...signed, notAfter: formatTime(signed.notAfter) }, () => signedLines(ctx, signed));
    });
}

function signedLines(ctx: CliContext, signed: SignedIssuing): readonly string[] {
  return [
    `issuing CA ${signed.serial} certified until ${formatTime(signed.notAfter)}: ${shortPath(ctx.cwd, signed.file)}`,
    `it may certify ${signed.permitted.join(', ')}`,
    `root SHA-256 ${signed.rootSha256}`,
    `next, where the CA is: lifesign pki import ${path.basename(signed.file)} --root-sha256 ${signed.rootSha256}`,
  ];
}

function registerRootCross(root: Command, ctx: CliContext): void {
  interface Options extends PassphraseOption {
    readonly rootSha256: string;
    readonly crlUrl?: string;
    readonly output: string;
  }
  withExample(
    root.command('cross'),
    'lifesign pki root cross root-2.pem --root-sha256 9f86d081884c7d659a2feaa0c55ad015 -o root-bundle.pem',
  )
    .description('vouch for the next root of the domain: its certificate, a cross certificate and a new CRL')
    .argument('<root>', 'root.pem of the next root, which `pki root init --generation 2` made')
    .requiredOption('--root-sha256 <hex>', 'of that root, as `pki root init` printed it; 32 digits or more')
    .option('--crl-url <url>', 'where the CA serves CRLs: its `crl_url`, for stock tools that look there')
    .requiredOption('-o, --output <file>', 'gets the three as PEM')
    .addOption(passphraseOption())
    .action(async (file: string, options: Options) => {
      const { crossCertify } = await import('../../app/index.ts');
      const made = await crossCertify({
        home: ctx.home('root'),
        rootFile: path.resolve(ctx.cwd, file),
        rootSha256: options.rootSha256,
        ...(options.crlUrl === undefined ? {} : { crlUrl: options.crlUrl }),
        output: path.resolve(ctx.cwd, options.output),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      ctx.report({ ...made, notAfter: formatTime(made.notAfter) }, () => [
        `this root vouches for root ${made.rootSha256} until ${formatTime(made.notAfter)}: ${shortPath(ctx.cwd, made.file)}`,
        `next, where the CA is, with a CRL of the new root: lifesign pki import ${path.basename(made.file)} root-2.crl`,
      ]);
    });
}

function registerRootCrl(root: Command, ctx: CliContext): void {
  interface Options extends PassphraseOption {
    readonly revoke?: string;
    readonly reason?: CaRevocationReason;
    readonly output?: string;
  }
  withExample(
    root.command('crl'),
    'lifesign pki root crl -o root.crl',
    'lifesign pki root crl --revoke 5f3a… --reason keyCompromise -o root.crl',
  )
    .description('sign a new CRL of the root (it lapses after 180 days), and revoke an issuing CA with it')
    .option('--revoke <serial>', 'serial number of a certificate that this root has signed')
    .addOption(new Option('--reason <reason>', 'why, in the words of RFC 5280').choices(REASONS))
    .option('-o, --output <file>', 'write it as DER (as PEM to a file that ends in .pem); default: print PEM')
    .addOption(passphraseOption())
    .action(async (options: Options) => {
      if (options.reason !== undefined && options.revoke === undefined) {
        throw new LsError(fault('LS_CLI_USAGE', '--reason goes with --revoke'));
      }
      const { signNewRootCrl, writeOutput } = await import('../../app/index.ts');
      const signed = await signNewRootCrl({
        home: ctx.home('root'),
        ...(options.revoke === undefined ? {} : { revoke: options.revoke }),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        passphrase: await sourcesOf(ctx, options),
        now: () => ctx.clock.now().wall,
      });
      const { crl, crlNumber, revoked } = signed;
      const nextUpdate = formatTime(signed.nextUpdate);
      const pem = encodePem('X509 CRL', crl);
      const facts = { crlNumber, nextUpdate, revoked };
      if (options.output === undefined) {
        ctx.report({ ...facts, der: Buffer.from(crl).toString('base64') }, () => pem.trimEnd());
        return;
      }
      const file = path.resolve(ctx.cwd, options.output);
      await writeOutput(file, file.endsWith('.pem') ? pem : crl);
      ctx.report({ ...facts, file }, () => [
        `CRL ${crlNumber} of the root, good until ${nextUpdate}, written to ${shortPath(ctx.cwd, file)}`,
        `it revokes ${revoked.length === 0 ? 'no CA' : revoked.join(', ')}`,
        `next, where the CA is: lifesign pki import ${path.basename(file)}`,
      ]);
    });
}
