import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileError, writeFileDurably } from '../../../../src/io/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

describe('writeFileDurably', () => {
  it('writes a private file by default and leaves nothing else behind', async () => {
    const directory = await tempDir();
    await writeFileDurably(join(directory, 'a'), 'one');
    expect(await readdir(directory)).toEqual(['a']);
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o600);
  });

  it('replaces a file as a whole and takes the mode asked for', async () => {
    const path = join(await tempDir(), 'a');
    await writeFileDurably(path, 'a long first version');
    await writeFileDurably(path, 'short', { mode: 0o640 });
    expect(await readFile(path, 'utf8')).toBe('short');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  it('lets concurrent writers of one path take turns in call order', async () => {
    const path = join(await tempDir(), 'a');
    await Promise.all(Array.from({ length: 20 }, (_, i) => writeFileDurably(path, `version ${String(i)}`)));
    expect(await readFile(path, 'utf8')).toBe('version 19');
  });

  it('goes on after a failed write of the same path', async () => {
    const directory = await tempDir();
    const path = join(directory, 'later', 'a');
    const failed = writeFileDurably(path, 'x').catch(() => 'failed');
    expect(await failed).toBe('failed');
    await mkdir(join(directory, 'later'));
    await writeFileDurably(path, 'y');
    expect(await readFile(path, 'utf8')).toBe('y');
  });

  it('removes what a crashed writer left, without following a link put in its place', async () => {
    const directory = await tempDir();
    await writeFile(join(directory, 'victim'), 'untouched');
    await symlink(join(directory, 'victim'), join(directory, 'a.new'));
    await writeFileDurably(join(directory, 'a'), 'fresh');
    expect(await readFile(join(directory, 'victim'), 'utf8')).toBe('untouched');
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('fresh');
  });

  it('says LS_HOME_UNWRITABLE for a missing directory and for a directory in the way', async () => {
    const directory = await tempDir();
    await expectCode('LS_HOME_UNWRITABLE', () => writeFileDurably(join(directory, 'no', 'a'), 'x'));
    await expectCode('LS_HOME_UNWRITABLE', () => writeFileDurably(directory, 'x'));
  });
});

describe('fileError', () => {
  function failed(errno: string): Error {
    return Object.assign(new Error(errno), { code: errno });
  }

  it.each([
    ['ENOSPC', 'write', 'LS_DISK_FULL'],
    ['EDQUOT', 'write', 'LS_DISK_FULL'],
    ['EROFS', 'write', 'LS_HOME_UNWRITABLE'],
    ['EACCES', 'create', 'LS_HOME_UNWRITABLE'],
    ['EIO', 'write', 'LS_FILE_IO'],
    ['EACCES', 'read', 'LS_FILE_UNREADABLE'],
    ['ENOENT', 'read', 'LS_FILE_NOT_FOUND'],
    ['EMFILE', 'read', 'LS_FILE_IO'],
  ] as const)('maps %s on %s to %s', (errno, action, code) => {
    expect(fileError(failed(errno), action, '/srv/a').code).toBe(code);
  });

  it('names the path and stays on one line', () => {
    const { message } = fileError(failed('ENOSPC'), 'write', '/srv/a b');
    expect(message).toContain('/srv/a b');
    expect(message).not.toContain('\n');
  });

  it('maps what is no system error to LS_FILE_IO and passes its own errors through', () => {
    const own = fileError('a string', 'read', 'x');
    expect(own.code).toBe('LS_FILE_IO');
    expect(fileError(own, 'write', 'y')).toBe(own);
  });
});
