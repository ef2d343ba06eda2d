import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { inputOf } from '../../../src/cli/input.ts';
import { expectCode } from '../../support/expect-code.ts';

describe('standard input', () => {
  it('is read to its end', async () => {
    const stream = new PassThrough();
    stream.end(Buffer.from('tökén\n'));
    expect(await inputOf(stream).readAll(100)).toBe('tökén\n');
  });

  it('is refused beyond its bound', async () => {
    const stream = new PassThrough();
    stream.end(Buffer.alloc(101));
    await expectCode('LS_CLI_INPUT_TOO_LONG', () => inputOf(stream).readAll(100));
  });
});
