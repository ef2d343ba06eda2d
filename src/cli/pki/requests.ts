import type { Command } from 'commander';
import type { RequestJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatRelative, formatTable } from '../format.ts';
import { query, segment } from './admin.ts';

export function registerRequests(pki: Command, ctx: CliContext): void {
  const requests = pki.command('requests').description('enrollments that wait for an approval');
  registerRequestList(requests, ctx);
  registerApprove(requests, ctx);
  registerDeny(requests, ctx);
}

function registerRequestList(requests: Command, ctx: CliContext): void {
  withExample(requests.command('list'), 'lifesign pki requests list')
    .description('list the enrollments that wait, with the key that each one is for')
    .option('--all', 'also those that are over')
    .action(async (options: { readonly all?: boolean }) => {
      const path = options.all === true ? '/v1/requests?all=true' : '/v1/requests';
      const listed = await query<{ readonly requests: readonly RequestJson[] }>(ctx, { method: 'GET', path });
      ctx.report(listed, () => (listed.requests.length === 0 ? 'no requests' : table(ctx, listed.requests)));
    });
}

function table(ctx: CliContext, requests: readonly RequestJson[]): readonly string[] | string {
  const now = ctx.clock.now().wall;
  return formatTable(
    ['ID', 'NAME', 'STATUS', 'ASKED', 'NAMES', 'KEY'],
    requests.map(({ requestId, name, status, requestedAt, dns, ip, keySha256 }) => [
      requestId,
      name,
      status,
      formatRelative(Date.parse(requestedAt), now),
      [...dns, ...ip].join(',') || '-',
      keySha256,
    ]),
  );
}

function registerApprove(requests: Command, ctx: CliContext): void {
  withExample(requests.command('approve'), 'lifesign pki requests approve 0f3b5e6c9a7d42218c1e5b60d2f49a37')
    .description('admit the node that asks: compare KEY with what `node enroll` shows there first')
    .argument('<id>', 'ID as shown by `requests list`')
    .action(async (id: string) => {
      const approved = await decide(ctx, id, 'approve', {});
      ctx.report(approved, () => `${approved.name} is approved for key ${approved.keySha256}`);
    });
}

function registerDeny(requests: Command, ctx: CliContext): void {
  withExample(
    requests.command('deny'),
    'lifesign pki requests deny 0f3b5e6c9a7d42218c1e5b60d2f49a37 --reason "not the host we expected"',
  )
    .description('refuse the node that asks, for good; the token is of no more use')
    .argument('<id>', 'ID as shown by `requests list`')
    .option('--reason <text>', 'why, for whoever runs `node enroll` there')
    .action(async (id: string, options: { readonly reason?: string }) => {
      const denied = await decide(ctx, id, 'deny', options);
      ctx.report(denied, () => `${denied.name} is denied`);
    });
}

function decide(ctx: CliContext, id: string, word: 'approve' | 'deny', body: object): Promise<RequestJson> {
  return query<RequestJson>(ctx, { method: 'POST', path: `/v1/requests/${segment(id)}/${word}`, body });
}
