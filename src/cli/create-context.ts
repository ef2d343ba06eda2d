import type { CliContext, CliOutput, CliWorld } from './context.ts';
import type { Answer } from './exit.ts';
import { chooseNewHome, selectHome } from './home.ts';
import { styleFor } from './style.ts';

/** The options every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly home?: string;
}

/** What commands see of `world`. `options` may be asked only while a command runs. */
export function createContext(
  world: CliWorld,
  options: () => GlobalOptions,
  onAnswer: (code: Answer) => void,
): CliContext {
  const isJson = (): boolean => options().json === true;
  const choice = () => ({ option: options().home, env: world.env, cwd: world.cwd });
  const progress = new ProgressLine(world.stderr);
  const report = (result: object, human: () => readonly string[] | string): void => {
    progress.clear();
    if (isJson()) {
      world.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    const lines = human();
    const text = typeof lines === 'string' ? lines : lines.join('\n');
    if (text !== '') world.stdout.write(`${text}\n`);
  };
  return {
    ...world,
    get json() {
      return isJson();
    },
    get homeOption() {
      return options().home;
    },
    style: styleFor(world.stdout, world.env),
    home: (kind) => selectHome(kind, choice()),
    newHome: (fallback) => chooseNewHome(fallback, choice()),
    report,
    note(text) {
      progress.clear();
      if (!isJson()) world.stderr.write(`${text}\n`);
    },
    progress(text) {
      if (!isJson()) progress.show(text);
    },
    answer: onAnswer,
  };
}

const CLEAR_LINE = '\r\u001b[K';

/** One line on a terminal that the next output replaces. */
class ProgressLine {
  readonly #output: CliOutput;
  #shown = false;

  constructor(output: CliOutput) {
    this.#output = output;
  }

  show(text: string): void {
    if (!this.#output.isTTY) return;
    this.clear();
    this.#output.write(`${text}…`.slice(0, this.#output.columns - 1));
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#output.write(CLEAR_LINE);
    this.#shown = false;
  }
}
