import type { Command } from 'commander';

const examples = new WeakMap<Command, readonly string[]>();

/** A command's `--help` ends with these command lines. */
export function withExample(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines);
  const shown = lines.map((line) => `  $ ${line}`).join('\n');
  return command.addHelpText('after', `\nExample:\n${shown}`);
}

/** Gives every group of commands below `command` that has no example of its own that of its first member. */
export function completeExamples(command: Command): readonly string[] {
  const below = command.commands.map(completeExamples);
  const own = examples.get(command);
  if (own !== undefined) return own;
  const first = below.find((lines) => lines.length > 0) ?? [];
  if (first.length > 0) withExample(command, ...first);
  return first;
}
