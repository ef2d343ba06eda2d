import path from 'node:path';
import type { Command } from 'commander';
import type { CrlsJson } from '../../app/index.ts';
import { encodePem } from '../../codec/index.ts';
import { fault, LsError } from '../../std/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { command, query } from './admin.ts';
import { passphraseOption, type PassphraseOption } from './passphrase.ts';

interface CrlOptions extends PassphraseOption {
  readonly delta?: boolean;
  readonly publish?: boolean;
  readonly output?: string;
}

export function registerCrl(pki: Command, ctx: CliContext): void {
  withExample(pki.command('crl'), 'lifesign pki crl -o issuing.crl')
    .description('print the current CRL as PEM, or write it as DER (as PEM to a file that ends in .pem)')
    .option('--delta', 'the delta: what was revoked since the full CRL')
    .option('--publish', 'sign a new full CRL first')
    .option('-o, --output <file>', 'write to this file')
    .addOption(passphraseOption())
    .action(async (options: CrlOptions) => {
      const crls =
        options.publish === true
          ? await command<CrlsJson>(ctx, options, { method: 'POST', path: '/v1/crl/publish' })
          : await query<CrlsJson>(ctx, { method: 'GET', path: '/v1/crl' });
      const delta = options.delta === true;
      const der = derOf(crls, delta);
      const pem = encodePem('X509 CRL', der);
      const crlNumber = delta ? crls.crlNumber : crls.fullNumber;
      if (crlNumber < crls.crlNumber) ctx.note(newerHint(crls));
      if (options.output === undefined) {
        ctx.report({ crlNumber, delta, der: Buffer.from(der).toString('base64') }, () => pem.trimEnd());
        return;
      }
      const { writeOutput } = await import('../../app/index.ts');
      const file = path.resolve(ctx.cwd, options.output);
      await writeOutput(file, file.endsWith('.pem') ? pem : der);
      ctx.report({ crlNumber, delta, file }, () => `${delta ? 'delta CRL' : 'CRL'} written to ${file}`);
    });
}

function derOf(crls: CrlsJson, delta: boolean): Uint8Array {
  const base64 = delta ? crls.delta : crls.full;
  if (base64 !== null) return new Uint8Array(Buffer.from(base64, 'base64'));
  throw new LsError(fault('LS_CA_NO_DELTA', 'nothing was revoked since the full CRL'));
}

function newerHint({ fullNumber, crlNumber }: CrlsJson): string {
  return `this is the full CRL ${fullNumber}; what was revoked since is in CRL ${crlNumber}, a delta (--delta), or sign a new full one (--publish)`;
}
