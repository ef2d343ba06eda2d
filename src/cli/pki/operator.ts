import path from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { formatRelative } from '../format.ts';
import { quoted, shortPath } from '../home-flag.ts';
import { passphraseOption, sourcesOf, type PassphraseOption } from './passphrase.ts';

interface OperatorOptions extends PassphraseOption {
  readonly output?: string;
}

export function registerOperator(pki: Command, ctx: CliContext): void {
  const operator = pki.command('operator').description('people and scripts that administer the CA over TLS');
  withExample(operator.command('create'), 'lifesign pki operator create kim -o kim')
    .description(
      'make a key and a certificate, good for 8 hours, with which an HTTPS client administers the CA',
    )
    .argument('<name>', 'name of the operator: one lower-case DNS label')
    .option('-o, --output <directory>', 'new directory for key.pem, cert.pem and root.pem (default: NAME)')
    .addOption(passphraseOption())
    .action(async (name: string, options: OperatorOptions) => {
      const { createOperator } = await import('../../app/index.ts');
      const created = await createOperator({
        home: ctx.home('ca'),
        name,
        directory: path.resolve(ctx.cwd, options.output ?? name),
        passphrase: await sourcesOf(ctx, options),
      });
      ctx.report(created, () => {
        const file = (target: string): string => quoted(shortPath(ctx.cwd, target));
        const ends = formatRelative(Date.parse(created.notAfter), ctx.clock.now().wall);
        return [
          `${name} may administer the CA until ${created.notAfter} (${ends}): ${shortPath(ctx.cwd, created.directory)}`,
          `try: curl --cert ${file(created.cert)} --key ${file(created.key)} --cacert ${file(created.root)} https://CA:8440/v1/certificates`,
        ];
      });
    });
}
