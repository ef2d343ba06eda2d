import path from 'node:path';
import type { Command } from 'commander';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatTime } from '../format.ts';
import { quoted, shortPath } from '../home-flag.ts';

interface EnrollOptions {
  readonly listen?: string;
  readonly advertise?: string;
  readonly wait: boolean;
}

const MAX_TOKEN_INPUT_BYTES = 16 * 1024;

export function registerEnroll(node: Command, ctx: CliContext): void {
  withExample(
    node.command('enroll'),
    'lifesign node enroll ls1.hgGB… --listen 0.0.0.0:8450 --advertise alpha.example:8450',
    'lifesign node enroll - < token.txt',
  )
    .description('become a member: make a key, redeem a token, write the home (default: certs/NAME)')
    .argument('<token|-|@file>', 'token printed by `pki token create`; - reads it from standard input')
    .option('--listen <host:port>', 'address to listen on for other nodes (default: 127.0.0.1:8450)')
    .option('--advertise <host:port>', 'address at which other nodes reach this one (default: --listen)')
    .option('--no-wait', 'do not wait for an approval; run the same command again to go on')
    .action(async (source: string, options: EnrollOptions) => {
      const { enrollNode } = await import('../../app/index.ts');
      const enrolled = await enrollNode({
        token: await tokenText(ctx, source),
        homeOf: (name) => ctx.newHome(path.join('certs', name)),
        ...(options.listen === undefined ? {} : { listen: options.listen }),
        ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
        now: () => ctx.clock.now().wall,
        progress: (what) => ctx.progress(what),
        wait: options.wait,
        pending: ({ requestId, keySha256 }) => {
          ctx.note(`an operator of the CA has to approve this: lifesign pki requests approve ${requestId}`);
          ctx.note(`the key that is asked for: ${keySha256}`);
        },
      });
      const { home, name, nodeId, serial } = enrolled;
      const notAfter = formatTime(enrolled.notAfter);
      ctx.report({ home, name, nodeId, serial, notAfter }, () => [
        `${name} is enrolled (node id ${nodeId}); home ${home}`,
        `next: lifesign --home ${quoted(shortPath(ctx.cwd, home))} node run`,
      ]);
    });
}

async function tokenText(ctx: CliContext, source: string): Promise<string> {
  if (source === '-') return ctx.stdin.readAll(MAX_TOKEN_INPUT_BYTES);
  if (!source.startsWith('@')) return source;
  const { readTextFile } = await import('../../app/index.ts');
  if (source === '@') throw new LsError(fault('LS_CLI_USAGE', '@ needs the name of a file after it'));
  return readTextFile(path.resolve(ctx.cwd, source.slice(1)), MAX_TOKEN_INPUT_BYTES);
}
