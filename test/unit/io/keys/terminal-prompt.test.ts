import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { terminalPrompt, type PromptInput } from '../../../../src/io/index.ts';
import { fromUtf8 } from '../../../../src/std/index.ts';
import { expectCode } from '../../../support/expect-code.ts';

class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  isRaw = false;
  readonly modes: boolean[] = [];

  setRawMode(mode: boolean): this {
    this.isRaw = mode;
    this.modes.push(mode);
    return this;
  }
}

function screen(): { readonly isTTY: boolean; readonly shown: string[]; write(text: string): void } {
  const shown: string[] = [];
  return { isTTY: true, shown, write: (text) => void shown.push(text) };
}

async function typed(...chunks: readonly (string | Uint8Array)[]): Promise<string | undefined> {
  const input = new FakeTerminal();
  const answer = terminalPrompt(input as unknown as PromptInput, screen())?.ask('?');
  for (const chunk of chunks) input.write(chunk);
  return fromUtf8((await answer) ?? new Uint8Array());
}

describe('terminalPrompt', () => {
  it('exists only where a person sits', () => {
    const notTerminal = Object.assign(new PassThrough(), { isTTY: false }) as unknown as PromptInput;
    const terminal = new FakeTerminal() as unknown as PromptInput;
    expect(terminalPrompt(notTerminal, screen())).toBeUndefined();
    expect(terminalPrompt(terminal, { write: () => undefined })).toBeUndefined();
  });

  it('shows the question and a line break, never what is typed, and restores the terminal', async () => {
    const input = new FakeTerminal();
    const output = screen();
    const answer = terminalPrompt(input as unknown as PromptInput, output)?.ask('Passphrase: ');
    input.write('secret\r');
    expect(await answer).toEqual(new TextEncoder().encode('secret'));
    expect(output.shown).toEqual(['Passphrase: ', '\n']);
    expect(input.modes).toEqual([true, false]);
    expect(input.listenerCount('data') + input.listenerCount('end')).toBe(0);
  });

  it('puts together keys, pastes and characters cut in two', async () => {
    expect(await typed('s', 'ecr', Uint8Array.of(0xc3), Uint8Array.of(0xbc), '\n')).toBe('secrü');
  });

  it('edits with backspace (whole characters) and Ctrl-U, and ignores cursor keys', async () => {
    expect(await typed('a😀\u007fb\bc\r')).toBe('ac');
    expect(await typed('wrong\u0015right\r')).toBe('right');
    expect(await typed('a\u001b[Db\u001b[1;5Cc\u0007\r')).toBe('abc');
  });

  it('takes an end of input as no answer', async () => {
    const input = new FakeTerminal();
    const answer = terminalPrompt(input as unknown as PromptInput, screen())?.ask('?');
    input.end();
    await expectCode('LS_KEY_NO_PASSPHRASE', () => answer);
  });

  it('raises SIGINT on Ctrl-C after restoring the terminal', async () => {
    const input = new FakeTerminal();
    let interrupted = 0;
    const onInterrupt = (): void => void (interrupted += 1);
    process.once('SIGINT', onInterrupt);
    const arrived = new Promise((resolve) => process.once('SIGINT', resolve));
    const answer = terminalPrompt(input as unknown as PromptInput, screen())?.ask('?');
    input.write('half\u0003');
    await expectCode('LS_KEY_NO_PASSPHRASE', () => answer);
    await arrived;
    expect(interrupted).toBe(1);
    expect(input.modes).toEqual([true, false]);
  });
});
