import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Simulator } from './sim-seeds.ts';
import { tempDir } from './temp-dir.ts';

const FOLDERS = [
  'std',
  'codec',
  'x509',
  'trust',
  'heartbeat',
  'link',
  'membership',
  'ledger',
  'mesh',
  'sim',
] as const;

/** A bug: in one file below src, text that must be there once, and what stands there instead. */
export interface Plant {
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

/** The simulator around a copy of the core with bugs planted in it. Gone when the running test has finished. */
export async function simulatorWith(plants: readonly Plant[]): Promise<Simulator> {
  const root = await tempDir();
  const source = join(import.meta.dirname, '..', '..', 'src');
  for (const folder of FOLDERS) await cp(join(source, folder), join(root, folder), { recursive: true });
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  for (const { file, text, instead } of plants) {
    const path = join(root, file);
    const before = await readFile(path, 'utf8');
    if (before.split(text).length !== 2) throw new Error(`${file} does not hold once: ${text}`);
    await writeFile(
      path,
      before.replace(text, () => instead),
    );
  }
  return (await import(/* @vite-ignore */ pathToFileURL(join(root, 'sim', 'index.ts')).href)) as Simulator;
}
