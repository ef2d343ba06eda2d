import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the installed `bin/lifesign` under test; absent when the checkout's is. */
    lifesignBin: string | undefined;
  }
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to a small, clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What standard input holds; empty by default. */
  readonly input?: string;
  /** The process is killed with SIGKILL after this long. Default 60 s. */
  readonly timeoutMs?: number;
}

export interface Ending {
  /** The exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const CHECKOUT_PROGRAM = path.resolve(import.meta.dirname, '../../bin/lifesign');
const DEFAULT_TIMEOUT_MS = 60_000;
const LINE_TIMEOUT_MS = 20_000;
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The `bin/lifesign` under test: LIFESIGN_BIN, else the packed one of the `packed` project, else the checkout's. */
export function programPath(): string {
  return process.env['LIFESIGN_BIN'] ?? inject('lifesignBin') ?? CHECKOUT_PROGRAM;
}

/** Runs lifesign to its end. */
export function lifesign(args: readonly string[], options: ProcessOptions = {}): Promise<Ending> {
  return startLifesign(args, options).ended;
}

/** Starts lifesign on this Node.js, so that `pid` is the process that does the work. */
export function startLifesign(args: readonly string[], options: ProcessOptions = {}): RunningProgram {
  return startProgram(process.execPath, [programPath(), ...args], options);
}

export function startProgram(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): RunningProgram {
  return new RunningProgram(command, args, options);
}

/** A real child process with its output kept. Dispose of it (`await using`) to be sure that it is gone. */
export class RunningProgram {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #isOver = false;

  constructor(command: string, args: readonly string[], options: ProcessOptions) {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#notify();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#notify();
    });
    this.ended = this.#untilClosed(options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process was not started');
    return this.#child.pid;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Sends `signal` to the process and waits for its end (SIGSTOP and SIGCONT: returns at once). */
  async kill(signal: NodeJS.Signals): Promise<Ending | undefined> {
    this.#child.kill(signal);
    return signal === 'SIGSTOP' || signal === 'SIGCONT' ? undefined : this.ended;
  }

  /** The first complete line of stdout that matches; fails when the process ends or the time is up before it. */
  async line(pattern: RegExp, timeoutMs: number = LINE_TIMEOUT_MS): Promise<RegExpExecArray> {
    return this.#waitFor(
      () => firstMatch(this.#stdout, pattern),
      `stdout line ${String(pattern)}`,
      timeoutMs,
    );
  }

  /** Like {@link line}, on stderr. */
  async errorLine(pattern: RegExp, timeoutMs: number = LINE_TIMEOUT_MS): Promise<RegExpExecArray> {
    return this.#waitFor(
      () => firstMatch(this.#stderr, pattern),
      `stderr line ${String(pattern)}`,
      timeoutMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#child.kill('SIGKILL');
    await this.ended;
  }

  #waitFor<T>(find: () => T | undefined, what: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const refuse = (why: string): void => {
        done();
        reject(new Error(`${why} before ${what}\nstdout: ${this.#stdout}\nstderr: ${this.#stderr}`));
      };
      const timer = setTimeout(() => refuse(`${timeoutMs} ms passed`), timeoutMs);
      const look = (): void => {
        const found = find();
        if (found !== undefined) {
          done();
          resolve(found);
        } else if (this.#isOver) {
          refuse('the process ended');
        }
      };
      this.#watchers.add(look);
      look();
    });
  }

  #untilClosed(timeoutMs: number): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
      const close = (): void => {
        clearTimeout(timer);
        running.delete(this.#child);
        this.#isOver = true;
        this.#notify();
      };
      this.#child.on('error', (error) => {
        close();
        reject(error);
      });
      this.#child.on('close', (code, signal) => {
        close();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

function firstMatch(text: string, pattern: RegExp): RegExpExecArray | undefined {
  for (const line of text.split('\n').slice(0, -1)) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  return undefined;
}

function cleanEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'];
  const entries = kept.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
