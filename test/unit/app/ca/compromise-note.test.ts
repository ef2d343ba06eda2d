import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCompromiseNote, writeCompromiseNote } from '../../../../src/app/ca/compromise-note.ts';
import { caHome } from '../../../../src/app/ca/home.ts';
import { tempDir } from '../../../support/temp-dir.ts';

describe('what a compromise runbook goes on with', () => {
  it('is read as it was written, and not there before', async () => {
    const paths = caHome(await tempDir());
    expect(await readCompromiseNote(paths)).toBeUndefined();
    for (const note of [
      { generation: 1, successor: null },
      { generation: 1, successor: 2 },
    ]) {
      await writeCompromiseNote(paths, note);
      expect(await readCompromiseNote(paths)).toEqual(note);
    }
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"generation":1}',
    '{"generation":0,"successor":null}',
    '{"generation":1.5,"successor":null}',
    '{"generation":"1","successor":null}',
    '{"generation":1,"successor":0}',
    '{"generation":1,"successor":"2"}',
  ])('is nothing when it says %s', async (text) => {
    const home = await tempDir();
    await writeFile(join(home, 'compromised.json'), text);
    expect(await readCompromiseNote(caHome(home))).toBeUndefined();
  });
});
