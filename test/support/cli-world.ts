import { monoMs, unixMs } from '../../src/std/index.ts';
import type { CliWorld } from '../../src/cli/context.ts';
import { InterruptionSource } from '../../src/cli/interruption.ts';

/** What a command line wrote, and the switches of the world it ran in. */
export interface TestWorld {
  readonly world: CliWorld;
  readonly interruption: InterruptionSource;
  /** Exit codes the process was ended with, without waiting for the command. */
  readonly ends: readonly number[];
  stdout(): string;
  stderr(): string;
}

export interface TestWorldOptions {
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
}

/** A command line's world in memory: no terminal, no environment, the clock at 2026-01-01. */
export function testWorld(options: TestWorldOptions = {}): TestWorld {
  const written = { stdout: '', stderr: '' };
  const ends: number[] = [];
  const interruption = new InterruptionSource({
    end: (code) => ends.push(code),
    fail: () => ends.push(5),
  });
  const output = (name: 'stdout' | 'stderr') => ({
    isTTY: options.isTTY ?? false,
    columns: 80,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const world: CliWorld = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    stdin: {
      isTTY: false,
      readAll: () => Promise.resolve(options.input ?? ''),
    },
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    clock: { now: () => ({ mono: monoMs(0), wall: unixMs(Date.UTC(2026, 0, 1)) }) },
    interruption,
  };
  return {
    world,
    interruption,
    ends,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
  };
}
