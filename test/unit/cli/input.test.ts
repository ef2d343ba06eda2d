import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { inputOf } from '../../../src/cli/input.ts';
import { expectCode } from '../../support/expect-code.ts';

const unused = (): void => undefined;

function terminal() {
  const modes: boolean[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => modes.push(raw),
  });
  let shown = '';
  const prompts = { write: (text: string) => (shown += text) };
  return { stream, modes, prompts, shown: () => shown };
}

describe('standard input', () => {
  it('is read to its end', async () => {
    const stream = new PassThrough();
    stream.end(Buffer.from('tökén\n'));
    expect(await inputOf(stream, { write: unused }, unused).readAll(100)).toBe('tökén\n');
  });

  it('is refused beyond its bound', async () => {
    const stream = new PassThrough();
    stream.end(Buffer.alloc(101));
    await expectCode('LS_CLI_INPUT_TOO_LONG', () => inputOf(stream, { write: unused }, unused).readAll(100));
  });
});

describe('a secret typed on a terminal', () => {
  it('is not shown, and ends with Enter', async () => {
    const { stream, modes, prompts, shown } = terminal();
    const secret = inputOf(stream, prompts, unused).readSecret('Passphrase');
    stream.write('corr\u007f\u007frect ');
    stream.write('horse\r');
    expect(await secret).toBe('corect horse');
    expect(shown()).toBe('Passphrase: \n');
    expect(modes).toEqual([true, false]);
  });

  it('lets Ctrl-C interrupt', async () => {
    const { stream, prompts } = terminal();
    let interrupted = 0;
    const secret = inputOf(stream, prompts, () => interrupted++).readSecret('Passphrase');
    stream.write('a\u0003b\n');
    expect(await secret).toBe('ab');
    expect(interrupted).toBe(1);
  });

  it('is bounded', async () => {
    const { stream, prompts } = terminal();
    const secret = inputOf(stream, prompts, unused).readSecret('Passphrase');
    stream.write(`${'x'.repeat(1_025)}\n`);
    expect(await secret).toHaveLength(1_024);
  });

  it('is refused where nobody can type', async () => {
    const input = inputOf(new PassThrough(), { write: unused }, unused);
    await expectCode('LS_CLI_NO_TERMINAL', () => input.readSecret('Passphrase'));
  });
});
