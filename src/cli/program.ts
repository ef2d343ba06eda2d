import { Command } from 'commander';
import type { RegisterCommands } from './commands.ts';
import { faultKind } from '../std/index.ts';
import type { CliWorld } from './context.ts';
import { createContext, type GlobalOptions } from './create-context.ts';
import { completeExamples, withExample } from './example.ts';
import { debugText, faultOfError, formatFault, isAbort } from './errors.ts';
import type { Answer } from './exit.ts';

const USAGE_EXIT = 3;

const NEWCOMER = `lifesign: a heartbeat mesh in which only a peer with a valid, unrevoked certificate counts as alive.

See it work: a certificate authority and three nodes on this machine, gone again on Ctrl-C.
  $ lifesign demo

Make your own cluster. On the host of the certificate authority:
  $ lifesign pki init --trust-domain mesh.internal --url https://ca.example:8440
  $ lifesign pki serve
  $ lifesign pki token create alpha

On the host that is to be alpha, with the token printed there:
  $ lifesign node enroll TOKEN
  $ lifesign node run
  $ lifesign mesh status

All commands: lifesign --help. Each takes --help.
`;

export interface CliRun {
  readonly world: CliWorld;
  readonly areas: readonly RegisterCommands[];
  readonly version: string;
}

/** Runs one command line (without the program's name) and returns the exit code it asks for. */
export async function runCommandLine(args: readonly string[], run: CliRun): Promise<number> {
  const { world } = run;
  if (args.length === 0) {
    world.stdout.write(NEWCOMER);
    return 0;
  }
  let answered: Answer = 0;
  const program = createProgram(run, (code) => {
    answered = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return answered;
  } catch (error) {
    return await fail(error, world, wantsJson(args));
  }
}

/** The whole command tree. `onAnswer` receives what a command ends with when it is not plain success. */
export function createProgram(run: CliRun, onAnswer: (code: Answer) => void): Command {
  const { world } = run;
  const program = new Command('lifesign')
    .description('PKI-secured heartbeat mesh: certificate authority, node agent and auditor in one program')
    .version(run.version, '-V, --version', 'print the version')
    .option('--json', 'print machine-readable JSON')
    .option('--home <dir>', 'the CA or node home to work on (also LIFESIGN_HOME)')
    .helpOption('-h, --help', 'show how a command is used')
    .helpCommand('help [command]', 'show how a command is used')
    .configureHelp({ showGlobalOptions: true, helpWidth: world.stdout.columns })
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      outputError: () => undefined,
    })
    .showSuggestionAfterError(true)
    .exitOverride();
  withExample(program, 'lifesign demo');
  const ctx = createContext(world, () => program.opts<GlobalOptions>(), onAnswer);
  for (const register of run.areas) register(program, ctx);
  completeExamples(program);
  return program;
}

async function fail(error: unknown, world: CliWorld, json: boolean): Promise<number> {
  const reason = faultOfError(error);
  if (reason === 'shown') return 0;
  if (reason === 'help-instead') return USAGE_EXIT;
  const isHarmless = isAbort(error) || !faultKind(reason.code).stateChanged;
  if (isHarmless && (await world.interruption.hasHappened())) return 0;
  if ((world.env['LIFESIGN_DEBUG'] ?? '') !== '') world.stderr.write(debugText(error));
  world.stderr.write(formatFault(reason, json));
  return faultKind(reason.code).exit;
}

/** --json as far as it can be told of a command line that may not have been understood. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}
