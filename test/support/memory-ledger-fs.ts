import { dirname } from 'node:path';
import type { LedgerFile, LedgerFs } from '../../src/io/index.ts';

/** What goes wrong at one step. `refused`: nothing happens; `done`: all of it happens; `partial`: half of a write happens. */
export interface StepFault {
  /** Counted from 1 over all steps that change something. */
  readonly step: number;
  readonly kind: 'refused' | 'done' | 'partial';
  /** `CRASH` ends the process: every later step fails too. */
  readonly errno: 'ENOSPC' | 'EIO' | 'CRASH';
}

/** What a machine finds after it stopped: everything written, only what was synced, or any mix by 64-byte sector. */
export type Survivors = 'all' | 'durable' | { readonly seed: number };

interface Contents {
  current: Uint8Array;
  durable: Uint8Array;
}

const SECTOR_BYTES = 64;

/** A file system in memory that knows what would survive a power failure, and fails where it is told to. */
export class MemoryLedgerFs implements LedgerFs {
  /** Steps so far. */
  steps = 0;
  fault: StepFault | undefined;
  /** Free bytes; writes that grow a file beyond it get ENOSPC. */
  free = Number.POSITIVE_INFINITY;
  #names = new Map<string, Contents>();
  #durableNames = new Map<string, Contents>();
  #crashed = false;

  /** The files as a new start of the machine finds them. */
  survivors(which: Survivors): MemoryLedgerFs {
    const after = new MemoryLedgerFs();
    const names = which === 'all' ? this.#names : this.#durableNames;
    for (const [path, contents] of names) {
      const bytes =
        which === 'all'
          ? contents.current
          : which === 'durable'
            ? contents.durable
            : mix(contents, which.seed);
      after.put(path, bytes);
    }
    return after;
  }

  put(path: string, bytes: Uint8Array): void {
    const contents = { current: bytes.slice(), durable: bytes.slice() };
    this.#names.set(path, contents);
    this.#durableNames.set(path, contents);
  }

  get(path: string): Uint8Array | undefined {
    return this.#names.get(path)?.current;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  delete(path: string): void {
    this.#names.delete(path);
    this.#durableNames.delete(path);
  }

  async makeDir(): Promise<void> {
    await this.#step(() => undefined);
  }

  list(path: string): Promise<readonly string[]> {
    const names = this.paths().filter((file) => dirname(file) === path);
    return Promise.resolve(names.map((file) => file.slice(path.length + 1)));
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#names.get(path)?.current.slice());
  }

  async open(path: string): Promise<LedgerFile> {
    const found = this.#names.get(path);
    if (found !== undefined) return this.#file(found);
    const made = { current: new Uint8Array(0), durable: new Uint8Array(0) };
    await this.#step(() => this.#names.set(path, made));
    return this.#file(made);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step(() => {
      const contents = this.#names.get(from);
      if (contents === undefined) throw errnoError('ENOENT');
      this.#names.set(to, contents);
      this.#names.delete(from);
    });
  }

  async remove(path: string): Promise<void> {
    if (this.#names.has(path)) await this.#step(() => this.#names.delete(path));
  }

  async syncDir(path: string): Promise<void> {
    await this.#step(() => {
      for (const name of this.#durableNames.keys())
        if (dirname(name) === path) this.#durableNames.delete(name);
      for (const [name, contents] of this.#names)
        if (dirname(name) === path) this.#durableNames.set(name, contents);
    });
  }

  #file(contents: Contents): LedgerFile {
    return {
      size: () => Promise.resolve(contents.current.length),
      write: (bytes, position) => this.#write(contents, bytes, position),
      datasync: () =>
        this.#step(() => {
          contents.durable = contents.current.slice();
        }),
      truncate: (size) =>
        this.#step(() => {
          this.free += contents.current.length - size;
          contents.current = resized(contents.current, size);
        }),
      close: () => Promise.resolve(),
    };
  }

  async #write(contents: Contents, bytes: Uint8Array, position: number): Promise<void> {
    await this.#step(
      () => {
        this.#put(contents, bytes, position);
      },
      () => {
        this.#put(contents, bytes.subarray(0, bytes.length >> 1), position);
      },
    );
  }

  #put(contents: Contents, bytes: Uint8Array, position: number): void {
    const growth = Math.max(0, position + bytes.length - contents.current.length);
    const fits = bytes.subarray(0, bytes.length - Math.max(0, growth - this.free));
    const size = Math.max(contents.current.length, position + fits.length);
    this.free -= size - contents.current.length;
    contents.current = resized(contents.current, size);
    contents.current.set(fits, position);
    if (fits.length < bytes.length) throw errnoError('ENOSPC');
  }

  async #step(whole: () => unknown, part: () => unknown = () => undefined): Promise<void> {
    await Promise.resolve();
    if (this.#crashed) throw errnoError('CRASH');
    this.steps += 1;
    const fault = this.fault;
    if (fault?.step !== this.steps) {
      whole();
      return;
    }
    if (fault.kind === 'done') whole();
    if (fault.kind === 'partial') part();
    this.#crashed = fault.errno === 'CRASH';
    throw errnoError(fault.errno);
  }
}

function errnoError(errno: string): Error {
  return Object.assign(new Error(errno), { code: errno });
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const next = new Uint8Array(size);
  next.set(bytes.subarray(0, size));
  return next;
}

/** Each sector, and the size, from either version. */
function mix({ current, durable }: Contents, seed: number): Uint8Array {
  let state = seed;
  const pick = (): Uint8Array => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 16) % 2 === 0 ? current : durable;
  };
  const mixed = new Uint8Array(pick().length);
  for (let at = 0; at < mixed.length; at += SECTOR_BYTES) {
    const sector = pick().subarray(at, Math.min(at + SECTOR_BYTES, mixed.length));
    mixed.set(sector, at);
  }
  return mixed;
}
