import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fault, LsError } from '../../std/index.ts';

/** A daemon has this long to say that it is ready. */
const READY_LIMIT_MS = 60_000;
/** A daemon that was told to stop has this long before it is killed. */
const STOP_LIMIT_MS = 8_000;
/** Tells the launcher that this process watches over it: when we are gone for good, it ends as by SIGTERM. */
const FOLLOW_PARENT = { LIFESIGN_RELAYED: '1' };

/** One lifesign process that the demo has started. */
export class Daemon {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) =>
      child.once('exit', () => {
        resolve();
      }),
    );
  }

  /** Starts `lifesign ARGS --ready-fd 3` and resolves once it is ready. Its output goes to `logFile`. */
  static async start(
    args: readonly string[],
    logFile: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Daemon> {
    const log = openSync(logFile, 'a', 0o600);
    const launcher = process.argv[1] ?? '';
    const child = spawn(process.execPath, [launcher, ...args, '--ready-fd', '3'], {
      stdio: ['ignore', log, log, 'pipe', 'ipc'],
      env: { ...process.env, ...env, ...FOLLOW_PARENT },
    });
    closeSync(log);
    const daemon = new Daemon(child);
    await daemon.#ready(args, logFile);
    return daemon;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** SIGKILL, SIGSTOP or SIGCONT, to this process alone. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  /** Resolves when the process has ended, however. */
  async exited(): Promise<void> {
    await this.#exited;
  }

  /** SIGTERM, then SIGKILL if it does not end. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  async #ready(args: readonly string[], logFile: string): Promise<void> {
    const pipe = this.#child.stdio[3];
    const ready = new Promise<boolean>((resolve) => {
      pipe?.once('data', () => {
        resolve(true);
      });
      pipe?.once('close', () => {
        resolve(false);
      });
      setTimeout(() => {
        resolve(false);
      }, READY_LIMIT_MS).unref();
    });
    if (await ready) return;
    this.#child.kill('SIGKILL');
    throw new LsError(fault('LS_DEMO_DAEMON', `lifesign ${args.join(' ')} did not start; see ${logFile}`));
  }
}
