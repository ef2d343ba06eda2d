import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFileCapped } from '../../../../src/io/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

describe('readFileCapped', () => {
  it('reads a file of exactly the cap and refuses one byte more', async () => {
    const path = join(await tempDir(), 'a');
    await writeFile(path, new Uint8Array(100_000).fill(1));
    expect(await readFileCapped(path, 100_000)).toEqual(new Uint8Array(100_000).fill(1));
    await expectCode('LS_FILE_TOO_LARGE', () => readFileCapped(path, 99_999));
  });

  it('stops reading an endless device', async () => {
    await expectCode('LS_FILE_TOO_LARGE', () => readFileCapped('/dev/zero', 1_000_000));
  });

  it('reads an empty file as no bytes', async () => {
    expect(await readFileCapped('/dev/null', 10)).toEqual(new Uint8Array());
  });

  it('tells a missing file from one that cannot be read', async () => {
    const directory = await tempDir();
    await expectCode('LS_FILE_NOT_FOUND', () => readFileCapped(join(directory, 'none'), 10));
    await expectCode('LS_FILE_UNREADABLE', () => readFileCapped(directory, 10));
  });
});
