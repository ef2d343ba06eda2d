/*
 * What a command gets, and what it keeps to.
 *
 * One file per command, in src/cli/<area>/<command>.ts; the area's index.ts exports
 *
 *     export function registerPki(program: Command, ctx: CliContext): void
 *
 * which calls `program.command('pki')` and hangs its subcommands below it, and src/cli/commands.ts lists it.
 * Registering must be cheap: import what does the work inside the action, `await import('../../app/index.ts')`,
 * so that `--help` does not load the whole product.
 *
 *     withExample(pki.command('show'), 'lifesign pki show alpha')
 *       .description('show one certificate and its status')
 *       .argument('<name|serial>', 'node name or certificate serial number')
 *       .action(async (subject: string) => {
 *         const home = ctx.home('ca');
 *         …
 *         ctx.report(certificate, () => [`${certificate.name} is ${certificate.status}`]);
 *       });
 *
 * - Every command has a description and an example (a test walks the tree); a group shows that of its first
 *   command. Global options (--json, --home) are the program's: never declare them again, read them with `ctx.json`
 *   and `ctx.home(kind)`.
 * - Results go out through `ctx.report`, once, or once per object of a stream: the JSON documented in docs/CLI.md with
 *   --json, else the human lines. Nothing else writes to stdout. Notes for a person go through `ctx.note` and
 *   `ctx.progress` to stderr and are silent with --json.
 * - Failing means throwing LsError: the frame prints the one line (or JSON object) and takes the exit code from the
 *   catalogue. The answer "no" is `ctx.answer(1)`, incomplete evidence `ctx.answer(2)`; nothing sets exit codes itself.
 * - A command that runs until it is told to stop awaits `ctx.interruption.requested()`, closes what it opened and
 *   returns; the frame then exits 130 or 143. A command that never asks is simply ended by the signal.
 * - Times are printed by format.ts; the only clock is `ctx.clock`.
 */
import type { Clock } from '../std/index.ts';
import type { Answer } from './exit.ts';
import type { HomeKind } from './home.ts';
import type { CliInput } from './input.ts';
import type { Interruption } from './interruption.ts';
import type { Style } from './style.ts';

/** A stream a person or a pipe reads. */
export interface CliOutput {
  readonly isTTY: boolean;
  /** Width in characters; 80 when unknown. */
  readonly columns: number;
  write(text: string): void;
}

/** The outside of a command line, as main.ts finds it and as tests make it. */
export interface CliWorld {
  readonly stdout: CliOutput;
  readonly stderr: CliOutput;
  readonly stdin: CliInput;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
  readonly interruption: Interruption;
}

export interface CliContext extends CliWorld {
  /** True with --json. Requires: the command line is parsed, that is, an action is running. */
  readonly json: boolean;
  /** Colours for stdout: plain unless it is a terminal and NO_COLOR is unset. */
  readonly style: Style;
  /** The value of --home as the user gave it. */
  readonly homeOption: string | undefined;
  /** Absolute path of the existing home that --home, LIFESIGN_HOME or the working directory selects. */
  home(kind: HomeKind): string;
  /** Absolute path for a home that is still to be made: --home, LIFESIGN_HOME or `fallback` below the working directory. */
  newHome(fallback: string): string;
  /** A result: `result` as one line of JSON with --json, else the human lines. Called again for each one of a stream. */
  report(result: object, human: () => readonly string[] | string): void;
  /** A sentence for the person at the terminal, on stderr; silent with --json. */
  note(text: string): void;
  /** Shows what is being waited for, on a terminal only; the next output replaces it. */
  progress(text: string): void;
  /** Ends the command with an answer other than yes once its action returns. */
  answer(code: Answer): void;
}
