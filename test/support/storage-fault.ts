import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../scripts/project.ts';

/** How a call that changes a file goes wrong. */
export type StorageFault = keyof typeof MODES;

const MODES = {
  'killed before': 1,
  'killed after': 2,
  /** The disk is full: nothing is written. */
  'failed and not persisted': 3,
  /** The disk reports an error, and has written. */
  'failed but persisted': 4,
};

/** What is counted, each kind by itself. A commit is of an SQLite store: writes to its log, and their sync. */
export type StorageCall = keyof typeof LETTERS;

const LETTERS = {
  'commit write': 'W',
  'commit sync': 'S',
  write: 'w',
  sync: 's',
  truncate: 't',
  rename: 'r',
  unlink: 'u',
};
/** Of struct Plan in storage-fault.cpp. */
const HEADER_BYTES = 24;
const STRUCK = 20;
const MAX_STEPS = 8_192;

/**
 * Lets a chosen one of the calls with which a process changes files below `root` go wrong: SIGKILL before or after it,
 * or an error. Requires: g++.
 */
export class StorageFaults {
  /** For the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly #plan: number;

  /** `place`: a directory outside of `root`. */
  constructor(place: string, root: string) {
    const plan = join(place, 'storage-fault.plan');
    writeFileSync(plan, new Uint8Array(HEADER_BYTES + MAX_STEPS));
    this.#plan = openSync(plan, 'r+');
    this.env = { LD_PRELOAD: compiled(place), STORAGE_FAULT_ROOT: root, STORAGE_FAULT_PLAN: plan };
  }

  /** Counts from here on; the call number `at` of its kind, from 0, goes wrong. */
  arm(how: StorageFault, kind: StorageCall, at: number): void {
    this.#write(MODES[how], at, kind);
  }

  /** Nothing goes wrong any more. */
  disarm(): void {
    writeSync(this.#plan, new Int32Array([0]), 0, 4, 0);
  }

  /** Whether the call that was to go wrong has come. */
  get hasStruck(): boolean {
    return this.#read(HEADER_BYTES).readInt32LE(STRUCK) === 1;
  }

  [Symbol.dispose](): void {
    closeSync(this.#plan);
  }

  #write(mode: number, at: number, kind: StorageCall): void {
    const letter = LETTERS[kind].charCodeAt(0);
    writeSync(this.#plan, new Int32Array([mode, at, letter, 0, 0, 0]), 0, HEADER_BYTES, 0);
  }

  #read(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#plan, bytes, 0, length, 0);
    return bytes;
  }
}

function compiled(place: string): string {
  const library = join(place, 'storage-fault.so');
  const source = join(projectRoot(), 'test', 'support', 'storage-fault.cpp');
  const flags = ['-shared', '-fPIC', '-O1', '-std=c++17', '-Wall', '-Werror'];
  const { status, stderr } = spawnSync('g++', [...flags, source, '-o', library, '-ldl'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`g++: ${stderr}`);
  return library;
}
