import path from 'node:path';
import type { Command } from 'commander';
import type { IssuingJson, RolloverJson } from '../../app/index.ts';
import { encodePem } from '../../codec/index.ts';
import type { CliContext } from '../context.ts';
import { withExample } from '../example.ts';
import { durationArgument, formatRelative, formatTable } from '../format.ts';
import { homeFlag, quoted, shortPath } from '../home-flag.ts';
import { command, query } from './admin.ts';
import { registerCompromised } from './compromised.ts';
import { generationArgument } from './generation.ts';
import { passphraseOption, type PassphraseOption } from './passphrase.ts';
import { registerRolloverRoot } from './rollover-root.ts';

interface PrepareOptions extends PassphraseOption {
  readonly rootCsr?: string;
}

interface ActivateOptions extends PassphraseOption {
  readonly renewWithin?: number;
  readonly force?: boolean;
}

/** The answer of `POST /v1/rollover/request`. */
interface RequestJson {
  readonly generation: number;
  readonly csr: string;
  readonly keySha256: string;
}

const NAMED = 10;

export function registerRollover(pki: Command, ctx: CliContext): void {
  const rollover = pki
    .command('rollover')
    .description('replace the issuing CA by another with a new key, while everything runs');
  registerStatus(rollover, ctx);
  registerPrepare(rollover, ctx);
  registerActivate(rollover, ctx);
  registerRetire(rollover, ctx);
  registerCompromised(rollover, ctx);
  registerRolloverRoot(rollover, ctx);
}

function registerStatus(rollover: Command, ctx: CliContext): void {
  withExample(rollover.command('status'), 'lifesign pki rollover status')
    .description('the issuing CAs of this domain, who has adopted a prepared one, and what to do next')
    .action(async () => {
      const status = await query<RolloverJson>(ctx, { method: 'GET', path: '/v1/rollover' });
      ctx.report(status, () => [...tableOf(ctx, status.generations), ...nextOf(ctx, status)]);
    });
}

function registerPrepare(rollover: Command, ctx: CliContext): void {
  withExample(
    rollover.command('prepare'),
    'lifesign pki rollover prepare',
    'lifesign pki rollover prepare --root-csr issuing-next.csr',
  )
    .description('make the next issuing CA known to all nodes; it issues nothing before `activate`')
    .option(
      '--root-csr <file>',
      'the root is on another machine: write what it is to sign, and go on with `pki import`',
    )
    .addOption(passphraseOption())
    .action(async (options: PrepareOptions) => {
      if (options.rootCsr !== undefined) {
        await request(ctx, options.rootCsr, options);
        return;
      }
      const call = { method: 'POST', path: '/v1/rollover/prepare', body: {} } as const;
      const prepared = await command<IssuingJson>(ctx, options, call);
      ctx.report(prepared, () => [
        `generation ${prepared.generation} is prepared: certificate ${prepared.serial}, CRL ${prepared.firstCrlNumber}`,
        `next, when all nodes have it: lifesign${homeFlag(ctx)} pki rollover activate`,
      ]);
    });
}

async function request(ctx: CliContext, output: string, options: PrepareOptions): Promise<void> {
  const call = { method: 'POST', path: '/v1/rollover/request' } as const;
  const { generation, csr, keySha256 } = await command<RequestJson>(ctx, options, call);
  const { writeOutput } = await import('../../app/index.ts');
  const file = path.resolve(ctx.cwd, output);
  const pem = encodePem('CERTIFICATE REQUEST', new Uint8Array(Buffer.from(csr, 'base64')));
  await writeOutput(file, pem);
  ctx.report({ generation, file, csr: pem, keySha256 }, () => [
    `request for generation ${generation} of the issuing CA: ${shortPath(ctx.cwd, file)}`,
    `key SHA-256 ${keySha256}`,
    `next, where the root is: lifesign pki root sign ${quoted(path.basename(file))} --key-sha256 ${keySha256} -o issuing-bundle.pem`,
    `then here: lifesign${homeFlag(ctx)} pki import issuing-bundle.pem`,
  ]);
}

function registerActivate(rollover: Command, ctx: CliContext): void {
  withExample(
    rollover.command('activate'),
    'lifesign pki rollover activate',
    'lifesign pki rollover activate --renew-within 2h',
  )
    .description(
      'have the prepared issuing CA sign from now on; nodes renew below it (exit 3 while some do not know it)',
    )
    .option(
      '--renew-within <duration>',
      'nodes renew at a moment of their own within this time (default: 10m)',
      durationArgument,
    )
    .option('--force', 'also when active nodes have not confirmed that they know it, as those that are off')
    .addOption(passphraseOption())
    .action(async (options: ActivateOptions) => {
      const body = {
        ...(options.renewWithin === undefined ? {} : { renewWithinMs: options.renewWithin }),
        ...(options.force === true ? { force: true } : {}),
      };
      const call = { method: 'POST', path: '/v1/rollover/activate', body } as const;
      const active = await command<IssuingJson>(ctx, options, call);
      ctx.report(active, () => [
        `generation ${active.generation} signs from now on; nodes renew below it`,
        `see how far they are: lifesign${homeFlag(ctx)} pki rollover status`,
      ]);
    });
}

function registerRetire(rollover: Command, ctx: CliContext): void {
  withExample(rollover.command('retire'), 'lifesign pki rollover retire')
    .description(
      'end an issuing CA below which no certificate is in date any more; its key may be destroyed then',
    )
    .argument('[generation]', 'default: the oldest that retires', generationArgument)
    .addOption(passphraseOption())
    .action(async (generation: number | undefined, options: PassphraseOption) => {
      const body = generation === undefined ? {} : { generation };
      const call = { method: 'POST', path: '/v1/rollover/retire', body } as const;
      const retired = await command<IssuingJson>(ctx, options, call);
      ctx.report(retired, () => [
        `generation ${retired.generation} is retired: it signs nothing any more`,
        `its key may go: lifesign${homeFlag(ctx)} pki destroy-key ${retired.spkiSha256.slice(0, KEY_ID_DIGITS)} --without-copy --yes`,
      ]);
    });
}

const KEY_ID_DIGITS = 32;

function tableOf(ctx: CliContext, generations: readonly IssuingJson[]): readonly string[] {
  const now = ctx.clock.now().wall;
  const rows = generations.map(({ generation, state, serial, live, lastNotAfter, notAfter }) => [
    String(generation),
    state,
    serial,
    String(live),
    live === 0 || lastNotAfter === null ? '-' : formatRelative(Date.parse(lastNotAfter), now),
    formatRelative(Date.parse(notAfter), now),
  ]);
  return formatTable(['GENERATION', 'STATE', 'SERIAL', 'IN USE', 'LAST ENDS', 'ENDS ITSELF'], rows);
}

function nextOf(ctx: CliContext, status: RolloverJson): readonly string[] {
  const { adoption, renewal, activeMembers, generations } = status;
  const lines: string[] = [];
  if (adoption !== null) {
    lines.push(
      `${adoption.adopted} of ${activeMembers} active nodes know generation ${adoption.generation}${namesOf(adoption.missing)}`,
    );
    if (adoption.missing.length === 0) lines.push(`next: lifesign${homeFlag(ctx)} pki rollover activate`);
  }
  const retiring = generations.filter(({ state }) => state === 'retiring');
  if (renewal !== null && (retiring.length > 0 || renewal.behind.length > 0)) {
    lines.push(
      `${renewal.renewed} of ${activeMembers} active nodes have renewed below generation ${renewal.generation}${namesOf(renewal.behind)}`,
    );
  }
  const empty = retiring.find(({ live }) => live === 0);
  if (empty !== undefined)
    lines.push(`next: lifesign${homeFlag(ctx)} pki rollover retire ${empty.generation}`);
  if (renewal === null) lines.push('no issuing CA is active: nothing is issued; prepare one and activate it');
  return lines;
}

function namesOf(names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `; not yet ${names.slice(0, NAMED).join(', ')}${more}`;
}
