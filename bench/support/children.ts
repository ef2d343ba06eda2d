import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { rmSync } from 'node:fs';

const children = new Set<ChildProcess>();
const directories = new Set<string>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => process.exit(code));

/** Starts a program that does not outlive this one, however this one ends by itself. */
export function start(
  command: string,
  args: readonly string[],
  stdio: StdioOptions,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const child = spawn(command, args, { stdio, env });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Removes a directory when this process ends. */
export function removeAtExit(directory: string): void {
  directories.add(directory);
}

/** SIGTERM; resolves when the process is gone. */
export function ended(child: ChildProcess): Promise<void> {
  return gone(child, 'SIGTERM');
}

/** SIGKILL; resolves when the process is gone. */
export function killed(child: ChildProcess): Promise<void> {
  return gone(child, 'SIGKILL');
}

function gone(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.kill(signal);
  });
}
