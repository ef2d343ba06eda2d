import { fault, LsError } from '../std/index.ts';

/** What is piped into a command. Secrets typed by a person are asked for by the key store, not here. */
export interface CliInput {
  readonly isTTY: boolean;
  /** All of standard input up to its end, as text; throws LS_CLI_INPUT_TOO_LONG beyond `maxBytes`. */
  readAll(maxBytes: number): Promise<string>;
}

export function inputOf(stream: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean }): CliInput {
  return {
    isTTY: stream.isTTY === true,
    readAll: (maxBytes) => readAll(stream, maxBytes),
  };
}

async function readAll(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
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
