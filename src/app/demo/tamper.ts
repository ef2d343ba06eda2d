import { cp, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeHome } from '../node-config.ts';

/** A copy of a node's home, for showing what an auditor makes of it. */
export interface TamperedCopy {
  readonly home: string;
  readonly file: string;
  readonly offset: number;
}

/** Copies a home and flips one bit in the middle of the bytes that its oldest segment really uses. */
export async function copyWithFlippedByte(home: string, target: string): Promise<TamperedCopy> {
  await cp(home, target, { recursive: true, filter: (source) => !source.endsWith('.sock') });
  const folder = join(nodeHome(target).ledger, 'segments');
  const [first = ''] = (await readdir(folder)).toSorted();
  const path = join(folder, first);
  const file = await open(path, 'r+');
  try {
    const bytes = Buffer.alloc((await stat(path)).size);
    await file.read(bytes, 0, bytes.length, 0);
    const offset = Math.floor(usedBytes(bytes) / 2);
    await file.write(Buffer.of((bytes[offset] ?? 0) ^ 1), 0, 1, offset);
    return { home: target, file: first, offset };
  } finally {
    await file.close();
  }
}

/** Segments are allocated ahead of use: the rest is zeros. */
function usedBytes(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}
