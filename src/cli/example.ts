import type { Command } from 'commander';

/** A command's `--help` ends with these command lines. */
export function withExample(command: Command, ...lines: readonly string[]): Command {
  const shown = lines.map((line) => `  $ ${line}`).join('\n');
  return command.addHelpText('after', `\nExample:\n${shown}`);
}
