import { fault, LsError } from '../std/index.ts';

/** What a command may read from the person or pipe before it. */
export interface CliInput {
  readonly isTTY: boolean;
  /** All of standard input up to its end, as text; refuses more than `maxBytes`. */
  readAll(maxBytes: number): Promise<string>;
  /** One line typed unseen after `prompt`. Refuses (LS_CLI_NO_TERMINAL) when nobody can type. */
  readSecret(prompt: string): Promise<string>;
}

/** A terminal's or pipe's input side, as node:process has it. */
interface InputStream extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

const MAX_SECRET_CHARACTERS = 1024;
const ENTER = /[\r\n]/;
const BACKSPACE = new Set(['\b', '\u007f']);
const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';

export function inputOf(
  stream: InputStream,
  prompts: { write(text: string): void },
  interrupt: () => void,
): CliInput {
  return {
    isTTY: stream.isTTY === true,
    readAll: (maxBytes) => readAll(stream, maxBytes),
    readSecret: (prompt) => readSecret(stream, prompts, prompt, interrupt),
  };
}

async function readAll(stream: InputStream, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new LsError(fault('LS_CLI_INPUT_TOO_LONG', `standard input is longer than ${maxBytes} bytes`));
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

async function readSecret(
  stream: InputStream,
  prompts: { write(text: string): void },
  prompt: string,
  interrupt: () => void,
): Promise<string> {
  if (stream.isTTY !== true || stream.setRawMode === undefined) {
    throw new LsError(
      fault('LS_CLI_NO_TERMINAL', `"${prompt}" needs an answer and standard input is no terminal`),
    );
  }
  prompts.write(`${prompt}: `);
  stream.setRawMode(true);
  stream.resume();
  try {
    return await typedLine(stream, interrupt);
  } finally {
    stream.setRawMode(false);
    stream.pause();
    prompts.write('\n');
  }
}

/** In raw mode the terminal sends keys, Ctrl-C included, as characters and shows none. */
function typedLine(stream: InputStream, interrupt: () => void): Promise<string> {
  return new Promise((resolve) => {
    const decoder = new TextDecoder();
    let typed: string[] = [];
    const listener = (chunk: Uint8Array): void => {
      for (const key of decoder.decode(chunk, { stream: true })) {
        if (key === INTERRUPT) {
          interrupt();
        } else if (ENTER.test(key) || key === END_OF_INPUT) {
          stream.off('data', listener);
          resolve(typed.join(''));
          return;
        } else if (BACKSPACE.has(key)) {
          typed = typed.slice(0, -1);
        } else if (typed.length < MAX_SECRET_CHARACTERS) {
          typed.push(key);
        }
      }
    };
    stream.on('data', listener);
  });
}
