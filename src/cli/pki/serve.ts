import type { Command } from 'commander';
import type { Endpoint, RunningCa } from '../../app/index.ts';
import { LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { homeFlag } from '../home-flag.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface ServeOptions extends PassphraseOption {
  readonly listen?: string;
  readonly crlListen?: string;
  readonly readyFd?: string;
}

export function registerServe(pki: Command, ctx: CliContext): void {
  withExample(pki.command('serve'), 'lifesign pki serve')
    .description('serve the certificate authority until Ctrl-C or SIGTERM; logs go to stderr')
    .option('--listen <host:port>', 'TLS address, instead of the one in ca.yaml')
    .option('--crl-listen <host:port>', 'plain HTTP address of the CRLs, instead of the one in ca.yaml')
    .option('--ready-fd <number>', 'write a line to this descriptor once everything listens')
    .addOption(passphraseOption())
    .action(async (options: ServeOptions) => {
      const { announceReady, formatEndpoint, openLog, serveCa } = await import('../../app/index.ts');
      const listen = await endpointOf(options.listen);
      const crlListen = await endpointOf(options.crlListen);
      const interrupted = ctx.interruption.requested();
      const ca = await serveCa({
        home: ctx.home('ca'),
        ...(listen === undefined ? {} : { listen }),
        ...(crlListen === undefined ? {} : { crlListen }),
        passphrase: await sourcesOf(ctx, options),
        log: await openLog(ctx.env),
      });
      try {
        reportStart(ctx, ca, formatEndpoint);
        if (options.readyFd !== undefined) announceReady(Number(options.readyFd));
        await interrupted;
      } finally {
        await ca.close();
      }
      ctx.note('the CA has stopped');
    });
}

function reportStart(ctx: CliContext, ca: RunningCa, text: (endpoint: Endpoint) => string): void {
  const { home, trustDomain, rootSha256, urls, crlUrl, controlSocket, readOnly, revoked } = ca;
  const listening = ca.listening === null ? null : text(ca.listening);
  const crlListening = text(ca.crlListening);
  const started = {
    home,
    trustDomain,
    rootSha256,
    urls,
    listening,
    crlUrl,
    crlListening,
    controlSocket,
    readOnly,
    revoked,
  };
  const next = readOnly
    ? `next, in another terminal, once docs/OPERATIONS.md was read: lifesign${homeFlag(ctx)} pki restore --accept-loss`
    : `next, in another terminal: lifesign${homeFlag(ctx)} pki token create NAME`;
  if (listening === null) {
    ctx.report(started, () => [
      'REVOKED: the root has revoked this issuing CA (LS_CA_REVOKED); it enrolls, renews and signs nothing',
      `CRLs of ${trustDomain}, that of the root too, at ${crlUrl}/crl/root.crl on ${crlListening}`,
      `root SHA-256 ${rootSha256}`,
      'next, in another terminal: read docs/OPERATIONS.md, A CA that its root has revoked',
    ]);
    return;
  }
  ctx.report(started, () => [
    ...(readOnly ? ['READ-ONLY: restored from a backup; it enrolls, renews, revokes and signs nothing'] : []),
    `CA of ${trustDomain} serves ${urls.join(', ')} on ${listening}`,
    `CRLs at ${crlUrl}/crl/issuing.crl on ${crlListening}`,
    `root SHA-256 ${rootSha256}`,
    next,
  ]);
}

async function endpointOf(text: string | undefined): Promise<Endpoint | undefined> {
  if (text === undefined) return undefined;
  const { parseEndpoint } = await import('../../app/index.ts');
  const parsed = parseEndpoint(text);
  if (parsed.ok) return parsed.value;
  throw new LsError(parsed.error);
}
