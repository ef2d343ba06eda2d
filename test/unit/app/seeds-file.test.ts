import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeedsFile } from '../../../src/app/node/seeds-file.ts';
import { MAX_SEEDS } from '../../../src/app/node-config.ts';
import type { Seed } from '../../../src/mesh/index.ts';
import type { Fault, NodeId } from '../../../src/std/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

function seedOf(number: number): Seed {
  return { nodeId: number.toString(16).padStart(32, '0') as NodeId, address: `10.0.0.1:${number}` };
}

async function fileIn(path?: string): Promise<{ path: string; file: SeedsFile; faults: Fault[] }> {
  const at = path ?? join(await tempDir(), 'seeds.json');
  const faults: Fault[] = [];
  return { path: at, file: new SeedsFile(at, (reason) => faults.push(reason)), faults };
}

describe('the file of members’ addresses', () => {
  it('is empty before there is one', async () => {
    const { file, faults } = await fileIn();
    expect(await file.read()).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('gives back the last of many writes', async () => {
    const { path, file, faults } = await fileIn();
    for (let i = 1; i <= 50; i++) file.keep([seedOf(i), seedOf(i + 1)]);
    await file.close();
    expect(await (await fileIn(path)).file.read()).toEqual([seedOf(50), seedOf(51)]);
    expect(faults).toEqual([]);
  });

  it('takes as many members as a roster has, and refuses one more', async () => {
    const { path, file } = await fileIn();
    const most = Array.from({ length: MAX_SEEDS }, (_, i) => seedOf(i));
    file.keep(most);
    await file.close();
    expect(await file.read()).toHaveLength(MAX_SEEDS);
    file.keep([...most, seedOf(MAX_SEEDS)]);
    await file.close();
    const again = await fileIn(path);
    expect(await again.file.read()).toEqual([]);
    expect(again.faults.map(({ code }) => code)).toEqual(['LS_NODE_STATE_FILE']);
  });

  it('that is damaged costs nothing but the hints', async () => {
    const damaged = fc.oneof(fc.string(), fc.json(), fc.constant('[{"node_id":"x","address":"y"}]'));
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const { path, file, faults } = await fileIn();
        await writeFile(path, text);
        const seeds = await file.read();
        expect(seeds.length === 0 || faults.length === 0).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('that can’t be written is reported', async () => {
    const { file, faults } = await fileIn(join(await tempDir(), 'no-such-directory', 'seeds.json'));
    file.keep([seedOf(1)]);
    await file.close();
    expect(faults).toHaveLength(1);
  });
});
