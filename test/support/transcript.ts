/*
 * A transcript is a terminal session with what it must show:
 *
 *     # a comment
 *     % NAME=value            environment for the commands below
 *     $ lifesign pki list     a command; words may be quoted
 *     > a line of stdout      `>` alone: an empty line
 *     ! a line of stderr
 *     = 3                     the exit code; 0 when there is no such line
 *
 * In expected lines `[..]` stands for any text within a line, a line that is only `[...]` for any number of lines,
 * and `[DIR]` for the working directory. A stream nothing is said of must be empty.
 */
import { readFileSync } from 'node:fs';
import { lifesign } from './process.ts';

export interface TranscriptStep {
  readonly line: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly exit: number;
}

const WORD = /"([^"]*)"|'([^']*)'|(\S+)/g;

export function readTranscript(file: string): readonly TranscriptStep[] {
  const steps: Mutable<TranscriptStep>[] = [];
  const env: Record<string, string> = {};
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((text, index) => {
      const mark = text.slice(0, 1);
      const rest = text.slice(2);
      const step = steps.at(-1);
      if (mark === '$') steps.push(stepOf(rest, index + 1, { ...env }));
      else if (mark === '%') Object.assign(env, Object.fromEntries([splitOnce(rest, '=')]));
      else if (mark === '>' && step !== undefined) step.stdout = [...step.stdout, rest];
      else if (mark === '!' && step !== undefined) step.stderr = [...step.stderr, rest];
      else if (mark === '=' && step !== undefined) step.exit = Number(rest);
      else if (mark !== '#' && text.trim() !== '')
        throw new Error(`${file}:${index + 1}: not a transcript line`);
    });
  if (steps.length === 0) throw new Error(`${file}: no command`);
  return steps;
}

/** Runs a step in `folder`; the differences to what it must show, in words, empty when there are none. */
export async function differencesOf(step: TranscriptStep, folder: string): Promise<readonly string[]> {
  const ending = await lifesign(step.args, { cwd: folder, env: step.env });
  const differences: string[] = [];
  if (ending.code !== step.exit) differences.push(`exit ${ending.code ?? ending.signal}, not ${step.exit}`);
  if (!matches(ending.stdout, step.stdout, folder)) differences.push(`stdout was\n${ending.stdout}`);
  if (!matches(ending.stderr, step.stderr, folder)) differences.push(`stderr was\n${ending.stderr}`);
  return differences;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function stepOf(
  command: string,
  line: number,
  env: Readonly<Record<string, string>>,
): Mutable<TranscriptStep> {
  const [program, ...args] = [...command.matchAll(WORD)].map((word) => word[1] ?? word[2] ?? word[3] ?? '');
  if (program !== 'lifesign') throw new Error(`line ${line}: a command starts with lifesign`);
  return { line, args, env, stdout: [], stderr: [], exit: 0 };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

function matches(actual: string, expected: readonly string[], folder: string): boolean {
  const pattern = expected.map((line) => {
    if (line === '[...]') return '(?:.*\n)*';
    return `${line
      .split('[..]')
      .map((part) => literal(part.replaceAll('[DIR]', folder)))
      .join('.*')}\n`;
  });
  return new RegExp(`^${pattern.join('')}$`).test(actual);
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
