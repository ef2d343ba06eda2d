import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HomeLock } from '../../src/io/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { tempDir } from '../support/temp-dir.ts';

const IO = fileURLToPath(new URL('../../src/io/index.ts', import.meta.url));
const HOLDER = `import { HomeLock } from ${JSON.stringify(IO)};
HomeLock.acquire(process.argv[1]);
process.stdout.write('locked');
setInterval(() => {}, 1000);`;

async function holderOf(home: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('HomeLock between processes', () => {
  it('names the other process, and is free at once after kill -9 of it', async () => {
    const home = await tempDir();
    const holder = await holderOf(home);
    const error = await expectCode('LS_HOME_LOCKED', () => HomeLock.acquire(home));
    expect(error.message).toContain(`process ${String(holder.pid)}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    HomeLock.acquire(home).release();
  });

  it('survives refusals: the holder keeps the lock although others tried', async () => {
    const home = await tempDir();
    const lock = HomeLock.acquire(home);
    await expectCode('LS_HOME_LOCKED', () => HomeLock.acquire(home));
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, home], { stdio: 'ignore' });
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    expect(exitCode).toBe(1);
    lock.release();
  });
});
