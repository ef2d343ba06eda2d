import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HomeLock } from '../../../../src/io/index.ts';
import { expectCode } from '../../../support/expect-code.ts';
import { tempDir } from '../../../support/temp-dir.ts';

describe('HomeLock', () => {
  it('refuses a second holder, naming the first, also when asked again and again', async () => {
    const home = await tempDir();
    const lock = HomeLock.acquire(home);
    for (let i = 0; i < 3; i++) {
      const error = await expectCode('LS_HOME_LOCKED', () => HomeLock.acquire(home));
      expect(error.message).toContain(`process ${String(process.pid)}`);
    }
    lock.release();
  });

  it('is free again after release, which may be called twice', async () => {
    const home = await tempDir();
    const first = HomeLock.acquire(home);
    first.release();
    first.release();
    HomeLock.acquire(home).release();
  });

  it('still refuses, without a name, when nobody wrote down the process', async () => {
    const home = await tempDir();
    const lock = HomeLock.acquire(home);
    await rm(join(home, 'lock.pid'));
    const error = await expectCode('LS_HOME_LOCKED', () => HomeLock.acquire(home));
    expect(error.message).not.toContain('by process');
    lock.release();
  });

  it('says LS_HOME_UNWRITABLE when the home is missing or its lock is a directory', async () => {
    const home = await tempDir();
    await expectCode('LS_HOME_UNWRITABLE', () => HomeLock.acquire(join(home, 'none')));
    await mkdir(join(home, 'lock'));
    await expectCode('LS_HOME_UNWRITABLE', () => HomeLock.acquire(home));
  });

  it('holds nothing when it could not write down its process', async () => {
    const home = await tempDir();
    await mkdir(join(home, 'lock.pid'));
    await expectCode('LS_HOME_UNWRITABLE', () => HomeLock.acquire(home));
    await rm(join(home, 'lock.pid'), { recursive: true });
    HomeLock.acquire(home).release();
  });
});
