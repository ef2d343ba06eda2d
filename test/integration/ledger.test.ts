import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  generateKey,
  LedgerDirectory,
  nodeLedgerFs,
  openLedger,
  readEntries,
  ledgerLayout,
} from '../../src/io/index.ts';
import { unixMs } from '../../src/std/index.ts';
import { encodeEntry } from '../../src/ledger/index.ts';
import { expectCode } from '../support/expect-code.ts';
import { tempDir } from '../support/temp-dir.ts';

const ORIGIN = 'lifesign/mesh.internal/0123456789abcdef0123456789abcdef';
const KILL_ROUNDS = 8;
const WRITER = fileURLToPath(new URL('../support/ledger-writer.ts', import.meta.url));

describe('a ledger on a real disk', () => {
  it('keeps what it acknowledged, over restarts, in files only its owner may read', async () => {
    const dir = join(await tempDir(), 'ledger');
    const { signer } = generateKey('Ed25519');
    for (const round of [0, 1, 2]) {
      const ledger = await openLedger({ dir, signer, origin: ORIGIN });
      expect(ledger.recovered).toMatchObject({ size: 300 * round, truncated: null });
      await Promise.all(Array.from({ length: 300 }, (_, i) => ledger.append([bodyOf(round, i)])));
      await ledger.close();
    }
    expect(await count(dir)).toBe(900);
    for (const name of ['checkpoint', 'segments/0000000000000000.seg', 'tile/0/002']) {
      expect((await stat(join(dir, name))).mode & 0o777, name).toBe(0o600);
    }
  });

  it('refuses to open once a byte has changed, and leaves the file as it is', async () => {
    const dir = join(await tempDir(), 'ledger');
    const { signer } = generateKey('Ed25519');
    const ledger = await openLedger({ dir, signer, origin: ORIGIN });
    for (const i of [0, 1, 2]) await ledger.append([bodyOf(0, i)]);
    await ledger.close();
    const segment = join(dir, 'segments', '0000000000000000.seg');
    const file = await open(segment, 'r+');
    await file.write(Uint8Array.of(0xff), 0, 1, 50);
    await file.close();
    const before = await readFile(segment);
    await expectCode('LS_LEDGER_DAMAGED', () => openLedger({ dir, signer, origin: ORIGIN }));
    expect(await readFile(segment)).toEqual(before);
  });

  it('notices an older copy of itself put back', async () => {
    const dir = join(await tempDir(), 'ledger');
    const { signer } = generateKey('Ed25519');
    const segment = join(dir, 'segments', '0000000000000000.seg');
    const first = await openLedger({ dir, signer, origin: ORIGIN });
    await first.append([bodyOf(0, 0)]);
    await first.close();
    await copyFile(segment, `${segment}.old`);
    const second = await openLedger({ dir, signer, origin: ORIGIN });
    await second.append([bodyOf(0, 1)]);
    await second.close();
    await copyFile(`${segment}.old`, segment);
    await expectCode('LS_LEDGER_ROLLBACK', () => openLedger({ dir, signer, origin: ORIGIN }));
  });

  it('says that it cannot write where a file is in the way', async () => {
    const dir = await tempDir();
    await mkdir(join(dir, 'ledger'));
    await writeFile(join(dir, 'ledger', 'segments'), 'in the way');
    const { signer } = generateKey('Ed25519');
    await expectCode('LS_LEDGER_IO', () => openLedger({ dir: join(dir, 'ledger'), signer, origin: ORIGIN }));
  });

  it('is read by an auditor while it is written', async () => {
    const dir = join(await tempDir(), 'ledger');
    const { signer } = generateKey('Ed25519');
    const ledger = await openLedger({ dir, signer, origin: ORIGIN });
    for (let i = 0; i < 50; i++) {
      await ledger.append([bodyOf(1, i)]);
      let seen = 0;
      for await (const { scan } of new LedgerDirectory(dir, 'x').segments()) seen += scan.frames.length;
      expect(seen).toBe(i + 1);
    }
    await ledger.close();
  });
});

describe('a process that appends and is killed with -9', () => {
  it('loses nothing that it was told is durable, time after time', async () => {
    const dir = join(await tempDir(), 'ledger');
    let acknowledged = 0;
    for (let round = 0; round < KILL_ROUNDS; round++) {
      acknowledged = Math.max(acknowledged, await writeUntilKilled(dir, 20 + 35 * round));
      expect(await count(dir)).toBeGreaterThanOrEqual(acknowledged);
    }
    expect(acknowledged).toBeGreaterThan(0);
    // Each entry says which number it should have: none is missing in between, and none is there twice.
    let index = 0;
    for await (const { body } of readEntries(nodeLedgerFs, ledgerLayout(dir))) {
      expect(new DataView(body.buffer, body.byteOffset).getUint32(0)).toBe(index);
      index += 1;
    }
    expect(await readdir(join(dir, 'segments'))).not.toContain('.new');
  });
});

/** Runs a writer, kills it in the middle, and answers the largest size it said was durable. */
async function writeUntilKilled(dir: string, afterMs: number): Promise<number> {
  const writer = spawn(process.execPath, [WRITER, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let size = 0;
  const lines = createInterface({ input: writer.stdout });
  lines.on('line', (line) => {
    size = Math.max(size, Number(line));
  });
  await Promise.race([once(lines, 'line'), once(writer, 'close').then(neverWrote)]);
  await killAfter(writer, afterMs);
  return size;
}

function neverWrote(): never {
  throw new Error('the writer ended before it wrote anything');
}

async function killAfter(writer: ChildProcess, afterMs: number): Promise<void> {
  const ended = once(writer, 'close');
  setTimeout(() => writer.kill('SIGKILL'), afterMs);
  await ended;
}

function bodyOf(round: number, i: number): Uint8Array {
  return encodeEntry({ type: 'gap', count: 1 + i, reason: `round ${String(round)}` }, unixMs(round));
}

async function count(dir: string): Promise<number> {
  let entries = 0;
  for await (const entry of readEntries(nodeLedgerFs, ledgerLayout(dir))) entries = entry.index + 1;
  return entries;
}
