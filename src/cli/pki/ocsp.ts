import path from 'node:path';
import type { Command } from 'commander';
import type { OcspReply } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTime } from '../format.ts';

interface OcspOptions {
  readonly issuer?: string;
  readonly url?: string;
}

export function registerOcsp(pki: Command, ctx: CliContext): void {
  withExample(pki.command('ocsp'), 'lifesign pki ocsp certs/alpha/cert.pem')
    .description('ask the OCSP responder whether a certificate is good: exit 0 if it is, 1 if not')
    .argument('<cert>', 'file with the certificate, PEM or DER')
    .option('--issuer <file>', 'certificate of the CA that issued it (default: that of the CA home)')
    .option('--url <url>', 'responder to ask (default: the one that the certificate names)')
    .action(async (cert: string, options: OcspOptions) => {
      const { askOcsp } = await import('../../app/index.ts');
      const file = (name: string): string => path.resolve(ctx.cwd, name);
      const reply = await askOcsp({
        certificateFile: file(cert),
        issuerFile:
          options.issuer === undefined ? path.join(ctx.home('ca'), 'issuing.pem') : file(options.issuer),
        ...(options.url === undefined ? {} : { url: options.url }),
      });
      ctx.report(jsonOf(reply), () => lines(reply));
      ctx.answer(reply.answer.certStatus.status === 'good' && !reply.isExpired ? 0 : 1);
    });
}

function jsonOf({ certificate, url, answer, isExpired }: OcspReply): object {
  const { certStatus, producedAt, thisUpdate, nextUpdate, hasNonce } = answer;
  const revoked =
    certStatus.status === 'revoked'
      ? { reason: certStatus.reason, revokedAt: formatTime(certStatus.revokedAt) }
      : {};
  return {
    serial: certificate.serialHex,
    status: certStatus.status,
    ...revoked,
    expired: isExpired,
    producedAt: formatTime(producedAt),
    thisUpdate: formatTime(thisUpdate),
    nextUpdate: formatTime(nextUpdate),
    nonce: hasNonce,
    url,
  };
}

function lines({ certificate, url, answer, isExpired }: OcspReply): readonly string[] {
  const { certStatus, thisUpdate, nextUpdate, hasNonce } = answer;
  const why =
    certStatus.status === 'revoked'
      ? ` (${certStatus.reason}) since ${formatTime(certStatus.revokedAt)}`
      : '';
  return [
    `${certificate.serialHex} is ${certStatus.status}${why}${isExpired ? ', and has expired' : ''}`,
    `  says       ${url}${hasNonce ? '' : ' (signed in advance)'}`,
    `  holds      ${formatTime(thisUpdate)} to ${formatTime(nextUpdate)}`,
  ];
}
