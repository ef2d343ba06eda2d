import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changeStoredModes, ModesKeeper, readModes } from '../../../src/app/node/modes-file.ts';
import { HomeLock } from '../../../src/io/files/index.ts';
import type { NodeModes } from '../../../src/mesh/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const NONE: NodeModes = { maintenance: false, draining: false };

describe('the modes of a node', () => {
  it('are none before there is a file', async () => {
    expect(await readModes(join(await tempDir(), 'modes.json'))).toEqual(NONE);
  });

  it.each([
    ['no JSON', '{'],
    ['another type', '{"maintenance":"on","draining":false}'],
    ['one missing', '{"maintenance":true}'],
    ['a mode that is none', '{"maintenance":true,"draining":false,"sleeping":true}'],
    ['a list', '[]'],
  ])('are not guessed from a file with %s', async (_what, text) => {
    const path = join(await tempDir(), 'modes.json');
    await writeFile(path, text);
    await expect(readModes(path)).rejects.toMatchObject({ code: 'LS_NODE_MODES_FILE' });
  });

  it('are not read from a file above its cap', async () => {
    const path = join(await tempDir(), 'modes.json');
    await writeFile(path, `{"maintenance":true,"draining":false}${' '.repeat(1_024)}`);
    await expect(readModes(path)).rejects.toMatchObject({ code: 'LS_FILE_TOO_LARGE' });
  });

  it('are on the disk before they are in force; changes made together all count', async () => {
    const path = join(await tempDir(), 'modes.json');
    const applied: NodeModes[] = [];
    const keeper = new ModesKeeper(path, NONE, (modes) => applied.push(modes));
    const answers = await Promise.all([
      keeper.change({ maintenance: true }),
      keeper.change({ draining: true }),
      keeper.change({ draining: true }),
      keeper.change({ maintenance: false }),
    ]);
    expect(answers.at(-1)).toEqual({ maintenance: false, draining: true });
    expect(applied).toEqual([
      { maintenance: true, draining: false },
      { maintenance: true, draining: true },
      { maintenance: false, draining: true },
    ]);
    expect(await readModes(path)).toEqual({ maintenance: false, draining: true });
  });

  it('stay what they were when they cannot be written', async () => {
    const directory = await tempDir();
    const applied: NodeModes[] = [];
    const path = join(directory, 'gone', 'modes.json');
    const keeper = new ModesKeeper(path, NONE, (modes) => applied.push(modes));
    await expect(keeper.change({ draining: true })).rejects.toThrow();
    expect(applied).toEqual([]);
    await mkdir(join(directory, 'gone'));
    expect(await keeper.change({ maintenance: true })).toEqual({ maintenance: true, draining: false });
  });

  it('of a stopped node are changed in its home, of one that is running never there', async () => {
    const home = await tempDir();
    expect(await changeStoredModes(home, { draining: true })).toEqual({ maintenance: false, draining: true });
    expect(await changeStoredModes(home, { draining: true })).toEqual({ maintenance: false, draining: true });
    expect(JSON.parse(await readFile(join(home, 'modes.json'), 'utf8'))).toMatchObject({ draining: true });
    const lock = HomeLock.acquire(home);
    await expect(changeStoredModes(home, { draining: false })).rejects.toMatchObject({
      code: 'LS_HOME_LOCKED',
    });
    lock.release();
  });
});
