import { readFileSync } from 'node:fs';
import { faultKind, monoMs, unixMs, type Clock } from '../std/index.ts';
import { areas } from './commands.ts';
import type { CliOutput, CliWorld } from './context.ts';
import { debugText, faultOfError, formatFault } from './errors.ts';
import { endProcess } from './exit.ts';
import { inputOf } from './input.ts';
import { InterruptionSource } from './interruption.ts';
import { runCommandLine } from './program.ts';

const INTERNAL_EXIT = 5;
const DEFAULT_COLUMNS = 80;

/** Runs this process's command line and ends the process. */
export async function main(): Promise<void> {
  const json = process.argv.includes('--json');
  const interruption = new InterruptionSource({
    end: endProcess,
    fail: (reason) => crash(reason, json),
  });
  process.on('SIGINT', () => interruption.interrupt('SIGINT'));
  process.on('SIGTERM', () => interruption.interrupt('SIGTERM'));
  process.on('uncaughtException', (error) => crash(error, json));
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') crash(error, json);
      interruption.outputClosed();
    });
  }
  const code = await runCommandLine(process.argv.slice(2), {
    world: processWorld(interruption),
    areas,
    version: packageVersion(),
  });
  await flush(process.stdout);
  await flush(process.stderr);
  endProcess(code === 0 ? (interruption.exitCode ?? 0) : code);
}

function processWorld(interruption: InterruptionSource): CliWorld {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    stdin: inputOf(process.stdin),
    env: process.env,
    cwd: process.cwd(),
    clock: processClock,
    interruption,
  };
}

const processClock: Clock = {
  now: () => ({ mono: monoMs(performance.now()), wall: unixMs(Date.now()) }),
};

function outputOf(stream: NodeJS.WriteStream): CliOutput {
  return {
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.isTTY ? stream.columns : DEFAULT_COLUMNS;
    },
    write: (text) => stream.write(text),
  };
}

function packageVersion(): string {
  const description = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(description) as { version: string }).version;
}

/** An error nobody caught: say it, then end. Durable state is what a crash leaves and recovers by itself. */
function crash(error: unknown, json: boolean): never {
  const reason = faultOfError(error);
  if ((process.env['LIFESIGN_DEBUG'] ?? '') !== '') process.stderr.write(debugText(error));
  if (typeof reason === 'object') process.stderr.write(formatFault(reason, json));
  return endProcess(typeof reason === 'object' ? faultKind(reason.code).exit : INTERNAL_EXIT);
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
