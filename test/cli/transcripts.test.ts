import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { differencesOf, readTranscript } from '../support/transcript.ts';

const folder = path.join(import.meta.dirname, 'transcripts');

describe('the transcript', () => {
  it.each(readdirSync(folder).sort())('%s shows what the program prints', async (file) => {
    const steps = readTranscript(path.join(folder, file));
    const workDir = await tempDir();
    for (const step of steps) {
      const differences = await differencesOf(step, workDir);
      expect(differences, `${file}:${step.line}: lifesign ${step.args.join(' ')}`).toEqual([]);
    }
  });
});
