import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildHome, refuseExisting, type NewHome } from '../../../src/app/new-home.ts';
import { expectCode } from '../../support/expect-code.ts';
import { tempDir } from '../../support/temp-dir.ts';

function wantedAt(home: string, more: Partial<NewHome> = {}): NewHome {
  return { home, mark: 'node.yaml', existsCode: 'LS_NODE_EXISTS', purpose: 'test', ...more };
}

const LOCK = ['lock', 'lock.pid'];

async function writeMark(directory: string): Promise<string> {
  await writeFile(join(directory, 'key.pem'), 'key');
  await writeFile(join(directory, 'node.yaml'), 'name: x');
  return 'built';
}

describe('buildHome', () => {
  it('gives the home its name only when it is complete', async () => {
    const parent = await tempDir();
    const home = join(parent, 'alpha');
    const answer = await buildHome(wantedAt(home), async (directory) => {
      expect(await readdir(parent)).not.toContain('alpha');
      return writeMark(directory);
    });
    expect(answer).toBe('built');
    expect(await readdir(parent)).toEqual(['alpha']);
    expect((await readdir(home)).sort()).toEqual(['key.pem', ...LOCK, 'node.yaml']);
  });

  it('takes a file system of its own, which is not quite empty', async () => {
    const home = join(await tempDir(), 'alpha');
    await mkdir(join(home, 'lost+found'), { recursive: true });
    await refuseExisting(home, wantedAt(home));
    await mkdir(join(home, 'lost+found.bak'));
    await expectCode('LS_HOME_NOT_EMPTY', () => refuseExisting(home, wantedAt(home)));
  });

  it('leaves nothing when building fails', async () => {
    const parent = await tempDir();
    const failing = buildHome(wantedAt(join(parent, 'alpha')), async (directory) => {
      await writeMark(directory);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readdir(parent)).toEqual([]);
  });

  it('keeps unfinished work for the next try with the same purpose, and only for that', async () => {
    const parent = await tempDir();
    const home = join(parent, 'alpha');
    const wanted = wantedAt(home, { keepAfter: () => true });
    const failing = buildHome(wanted, async (directory) => {
      await writeFile(join(directory, 'key.pem'), 'precious');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await buildHome(
      wantedAt(join(parent, 'bravo'), { keepAfter: () => true, purpose: 'other' }),
      async (directory) => {
        expect(await readdir(directory)).not.toContain('key.pem');
        await writeMark(directory);
      },
    );
    await buildHome(wanted, async (directory) => {
      expect(await readFile(join(directory, 'key.pem'), 'utf8')).toBe('precious');
      await writeFile(join(directory, 'node.yaml'), '');
    });
    expect((await readdir(parent)).sort()).toEqual(['alpha', 'bravo']);
  });

  it('starts from nothing after a crash unless it is told to keep', async () => {
    const parent = await tempDir();
    const wanted = wantedAt(join(parent, 'alpha'));
    const keeping = { ...wanted, keepAfter: () => true };
    const crash = buildHome(keeping, async (directory) => {
      await writeFile(join(directory, 'old'), '');
      throw new Error('no');
    });
    await expect(crash).rejects.toThrow('no');
    await buildHome(wanted, async (directory) => {
      expect(await readdir(directory)).not.toContain('old');
      await writeMark(directory);
    });
  });

  it('refuses a home that is there, and one that holds something else', async () => {
    const parent = await tempDir();
    await buildHome(wantedAt(join(parent, 'alpha')), writeMark);
    await expectCode('LS_NODE_EXISTS', () => buildHome(wantedAt(join(parent, 'alpha')), writeMark));
    await mkdir(join(parent, 'bravo'));
    await writeFile(join(parent, 'bravo', 'thesis'), '');
    await expectCode('LS_HOME_NOT_EMPTY', () => buildHome(wantedAt(join(parent, 'bravo')), writeMark));
    await writeFile(join(parent, 'charlie'), '');
    await expectCode('LS_HOME_UNWRITABLE', () => buildHome(wantedAt(join(parent, 'charlie')), writeMark));
  });

  it('takes the place of an empty directory', async () => {
    const home = await tempDir();
    await buildHome(wantedAt(home), writeMark);
    expect(await readdir(home)).toContain('node.yaml');
  });

  it('lets one of two builders of the same home work, and the other know', async () => {
    const home = join(await tempDir(), 'alpha');
    const outcomes = await Promise.allSettled([
      buildHome(wantedAt(home), async (directory) => {
        await new Promise((resolve) => setImmediate(resolve));
        return writeMark(directory);
      }),
      buildHome(wantedAt(home), writeMark),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });
});
