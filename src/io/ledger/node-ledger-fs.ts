import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { plain } from '../crypto/node-crypto.ts';
import { syncDirectory } from '../files/durable-file.ts';
import { errnoOf } from '../files/file-fault.ts';
import type { LedgerFile, LedgerFs } from './ledger-fs.ts';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

/** The file system of this machine. */
export const nodeLedgerFs: LedgerFs = {
  async makeDir(path) {
    await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  },

  async list(path) {
    return ((await unlessMissing(readdir(path))) ?? []).sort();
  },

  async read(path, maxBytes) {
    const file = await unlessMissing(open(path, 'r'));
    if (file === undefined) return undefined;
    try {
      return await readAll(file, maxBytes);
    } finally {
      await file.close();
    }
  },

  async open(path) {
    return new NodeLedgerFile(await open(path, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE));
  },

  rename,

  async remove(path) {
    await rm(path, { force: true });
  },

  syncDir: syncDirectory,
};

class NodeLedgerFile implements LedgerFile {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  async datasync(): Promise<void> {
    await this.#file.datasync();
  }

  async truncate(size: number): Promise<void> {
    await this.#file.truncate(size);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function readAll(file: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const { size } = await file.stat();
  if (size > maxBytes) {
    throw Object.assign(new Error(`a file of ${String(size)} bytes`), { code: 'EFBIG' });
  }
  const buffer = Buffer.alloc(size);
  for (let done = 0; done < size;) {
    const { bytesRead } = await file.read(buffer, done, size - done, done);
    if (bytesRead === 0) return plain(buffer.subarray(0, done));
    done += bytesRead;
  }
  return plain(buffer);
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}
