import type { ReadStream } from 'node:tty';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { fault, LsError, utf8 } from '../../std/index.ts';
import { MAX_PASSPHRASE_BYTES, type PassphrasePrompt } from './passphrase.ts';

/** The parts of process.stdin that a prompt uses. */
export type PromptInput = Pick<
  ReadStream,
  'isTTY' | 'isRaw' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'
>;
/** The part of process.stderr that a prompt uses. */
export interface PromptOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';
const ERASE_LINE = '\u0015';
const BACKSPACES = new Set(['\b', '\u007f']);
const LINE_ENDS = new Set(['\r', '\n', END_OF_INPUT]);

/**
 * Asks on the terminal without echo; undefined when input or output is none. Backspace and Ctrl-U work as usual;
 * Ctrl-C restores the terminal and raises SIGINT.
 */
export function terminalPrompt(input: PromptInput, output: PromptOutput): PassphrasePrompt | undefined {
  if (!input.isTTY || output.isTTY !== true) return undefined;
  return {
    ask: (question) => new Promise((resolve, reject) => askHidden(input, output, question, resolve, reject)),
  };
}

function askHidden(
  input: PromptInput,
  output: PromptOutput,
  question: string,
  resolve: (answer: Uint8Array) => void,
  reject: (error: LsError) => void,
): void {
  const wasRaw = input.isRaw;
  const line = new HiddenLine();
  const finish = (): void => {
    input.off('data', onData);
    input.off('end', onEnd);
    input.setRawMode(wasRaw);
    input.pause();
    output.write('\n');
  };
  const cancel = (): void => {
    finish();
    reject(new LsError(fault('LS_KEY_NO_PASSPHRASE', 'the question was not answered')));
  };
  const onEnd = (): void => cancel();
  const onData = (chunk: Buffer): void => {
    const outcome = line.typed(chunk);
    if (outcome === 'more') return;
    if (outcome === 'done') {
      finish();
      resolve(utf8(line.text));
      return;
    }
    cancel();
    process.kill(process.pid, 'SIGINT');
  };
  output.write(question);
  input.setRawMode(true);
  input.on('data', onData);
  input.on('end', onEnd);
  input.resume();
}

/** A line being typed on a terminal in raw mode. */
class HiddenLine {
  readonly #characters: string[] = [];
  readonly #decoder = new StringDecoder('utf8');

  get text(): string {
    return this.#characters.join('');
  }

  typed(chunk: Buffer): 'more' | 'done' | 'interrupted' {
    for (const character of stripVTControlCharacters(this.#decoder.write(chunk))) {
      if (character === INTERRUPT) return 'interrupted';
      if (LINE_ENDS.has(character)) return 'done';
      this.#edit(character);
    }
    return 'more';
  }

  #edit(character: string): void {
    if (BACKSPACES.has(character)) this.#characters.pop();
    else if (character === ERASE_LINE) this.#characters.length = 0;
    else if (character >= ' ' && this.#characters.length <= MAX_PASSPHRASE_BYTES)
      this.#characters.push(character);
  }
}
