import type { Command } from 'commander';
import type { CertificateJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { durationArgument, formatRelative, formatTable } from '../format.ts';
import { query } from './admin.ts';

interface ListOptions {
  readonly expiring?: number;
  readonly all?: boolean;
}

export function registerList(pki: Command, ctx: CliContext): void {
  withExample(pki.command('list'), 'lifesign pki list --expiring 2d')
    .description('list certificates and their status')
    .option('--expiring <duration>', 'only good ones that expire within this time', durationArgument)
    .option('--all', 'also the certificates that the CA issues to itself')
    .action(async (options: ListOptions) => {
      const filter = options.expiring === undefined ? '' : `?expiringMs=${options.expiring}`;
      const answer = await query<{ readonly certificates: readonly CertificateJson[] }>(ctx, {
        method: 'GET',
        path: `/v1/certificates${filter}`,
      });
      const certificates = answer.certificates.filter(
        ({ role }) => options.all === true || (role !== 'server' && role !== 'ocsp'),
      );
      ctx.report({ certificates }, () =>
        certificates.length === 0
          ? 'no certificates'
          : formatTable(
              ['NAME', 'STATUS', 'EXPIRES', 'SERIAL', 'NODE ID'],
              certificates.map((row) => cells(ctx, row)),
            ),
      );
    });
}

function cells(
  ctx: CliContext,
  { name, nodeId, status, reason, notAfter, serial }: CertificateJson,
): string[] {
  const shown = reason === undefined ? status : `${status} (${reason})`;
  const expires = formatRelative(Date.parse(notAfter), ctx.clock.now().wall);
  return [name, shown, expires, serial, nodeId ?? '-'];
}
