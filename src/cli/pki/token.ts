import type { Command } from 'commander';
import type { CreatedTokenJson, TokenJson } from '../../app/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { collectArgument, durationArgument, formatDuration, formatRelative, formatTable } from '../format.ts';
import { query, segment } from './admin.ts';

interface CreateOptions {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly ttl?: number;
  readonly replace?: boolean;
  readonly requireApproval?: boolean;
  readonly est?: boolean;
}

export function registerToken(pki: Command, ctx: CliContext): void {
  const token = pki.command('token').description('enrollment tokens: each admits one node, once');
  registerCreate(token, ctx);
  registerTokenList(token, ctx);
  registerDelete(token, ctx);
}

function registerCreate(token: Command, ctx: CliContext): void {
  withExample(token.command('create'), 'lifesign pki token create alpha --dns alpha.mesh.internal --ttl 15m')
    .description('make a token with which one node enrolls under this name')
    .argument('<name>', 'name of the node: one lower-case DNS label')
    .option('--dns <name>', 'DNS name to certify as well; repeatable', collectArgument)
    .option('--ip <address>', 'IP address to certify as well; repeatable', collectArgument)
    .option('--ttl <duration>', 'how long the token may be used (default: 1h)', durationArgument)
    .option('--replace', 'let it end the identity that holds the name now')
    .option('--require-approval', 'the enrollment waits until an operator approves it')
    .option('--est', 'for an EST client (RFC 7030) too, whose request is not bound to the token')
    .action(async (name: string, options: CreateOptions) => {
      const body = {
        name,
        ...(options.dns === undefined ? {} : { dns: options.dns }),
        ...(options.ip === undefined ? {} : { ip: options.ip }),
        ...(options.ttl === undefined ? {} : { ttlMs: options.ttl }),
        ...(options.replace === true ? { replace: true } : {}),
        ...(options.requireApproval === true ? { approval: true } : {}),
        ...(options.est === true ? { est: true } : {}),
      };
      const created = await query<CreatedTokenJson>(ctx, { method: 'POST', path: '/v1/tokens', body });
      ctx.report(created, () => [
        `On the host that is to be ${created.name}, once, within ${lifetimeOf(created)}:`,
        `  lifesign node enroll ${created.token}`,
        ...('estUser' in created
          ? [`or by EST, user ${created.estUser} password ${created.estPassword}`]
          : []),
        ...(created.approval ? ['then here: lifesign pki requests list'] : []),
      ]);
    });
}

function registerTokenList(token: Command, ctx: CliContext): void {
  withExample(token.command('list'), 'lifesign pki token list')
    .description('list tokens and what became of them')
    .action(async () => {
      const listed = await query<{ readonly tokens: readonly TokenJson[] }>(ctx, {
        method: 'GET',
        path: '/v1/tokens',
      });
      ctx.report(listed, () =>
        listed.tokens.length === 0
          ? 'no tokens'
          : formatTable(
              ['ID', 'NAME', 'STATUS', 'EXPIRES'],
              listed.tokens.map(({ tokenId, name, status, expiresAt }) => [
                tokenId,
                name,
                status,
                formatRelative(Date.parse(expiresAt), ctx.clock.now().wall),
              ]),
            ),
      );
    });
}

function registerDelete(token: Command, ctx: CliContext): void {
  withExample(token.command('delete'), 'lifesign pki token delete 0f3b5e6c9a7d42218c1e5b60d2f49a37')
    .description('forget a token, so that nobody can use it')
    .argument('<id>', 'id as shown by `token list`')
    .action(async (id: string) => {
      const path = `/v1/tokens/${segment(id)}`;
      const deleted = await query<TokenJson>(ctx, { method: 'DELETE', path });
      ctx.report(deleted, () => `token ${deleted.tokenId} for ${deleted.name} is deleted`);
    });
}

function lifetimeOf({ createdAt, expiresAt }: TokenJson): string {
  return formatDuration(Date.parse(expiresAt) - Date.parse(createdAt));
}
