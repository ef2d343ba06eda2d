import { chmod, chown, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensurePrivateDir } from '../../../../src/io/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const IS_ROOT = process.getuid?.() === 0;

describe('ensurePrivateDir', () => {
  it('makes a directory and its parents for this user only', async () => {
    const path = join(await tempDir(), 'größe a', 'b', 'c');
    await ensurePrivateDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('keeps a directory that exists, with its permissions', async () => {
    const path = join(await tempDir(), 'a');
    await mkdir(path);
    await chmod(path, 0o755);
    await ensurePrivateDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o755);
  });

  it('refuses a directory that everyone may write to', async () => {
    const path = join(await tempDir(), 'a');
    await mkdir(path);
    await chmod(path, 0o777);
    await expectCode('LS_HOME_PERMISSIONS', () => ensurePrivateDir(path));
  });

  it('refuses a file in its place or among its parents', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, 'file'), '');
    await expectCode('LS_HOME_UNWRITABLE', () => ensurePrivateDir(join(directory, 'file')));
    await expectCode('LS_HOME_UNWRITABLE', () => ensurePrivateDir(join(directory, 'file', 'a')));
  });

  it.runIf(IS_ROOT)(
    "refuses another user's directory to root only where anyone could have made it",
    async () => {
      const path = join(await tempDir(), 'a');
      await mkdir(path);
      await chown(path, 12_345, 12_345);
      await ensurePrivateDir(path);
      await expectCode('LS_HOME_PERMISSIONS', () => ensurePrivateDir(path, { ownedBySelf: true }));
    },
  );
});
