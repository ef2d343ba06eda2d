import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';

export function registerConfig(pki: Command, ctx: CliContext): void {
  const config = pki.command('config').description('settings of the CA, in ca.yaml of its home');
  withExample(
    config.command('set'),
    'lifesign pki config set url https://ca2.example:8440 https://ca.example:8440',
    'lifesign pki config set limits.connections 20000',
  )
    .description('change a setting, for the next start of `pki serve`; the ledger says so')
    .argument(
      '<key>',
      'url, listen, crl-listen, interval-min-ms, interval-max-ms, full-crl-every-ms, limits.requests-per-second, limits.burst, limits.connections or limits.connections-per-address',
    )
    .argument('<values...>', 'the new value; for url all of them, most preferred first')
    .action(async (key: string, values: readonly string[]) => {
      const { setCaConfig } = await import('../../app/index.ts');
      const done = await setCaConfig({ home: ctx.home('ca'), key, values });
      const shown = Array.isArray(done.value) ? done.value.join(' ') : String(done.value);
      if (done.changed && done.key === 'url') {
        ctx.note(
          'tokens and nodes go on with the URLs that they know: keep those in the list until all have moved',
        );
      }
      ctx.report(done, () =>
        done.changed
          ? `${done.key} is ${shown} from the next start of \`lifesign pki serve\``
          : `${done.key} is ${shown} already`,
      );
    });
}
