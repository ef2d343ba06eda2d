/**
 * All that a ledger asks of a file system, so that tests can fail or stop it at each single step.
 * Every method rejects with the error of the system call (its `code` names the errno).
 */
export interface LedgerFs {
  /** Makes a directory and its parents; one that exists is fine. */
  makeDir(path: string): Promise<void>;
  /** Names in a directory, sorted; none when it does not exist. */
  list(path: string): Promise<readonly string[]>;
  /** The whole file, or undefined when it does not exist. Rejects with EFBIG above `maxBytes`. */
  read(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Opens for writing; makes the file when it does not exist, and never empties it. */
  open(path: string): Promise<LedgerFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that does not exist is fine. */
  remove(path: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDir(path: string): Promise<void>;
}

/** A file open for writing. */
export interface LedgerFile {
  size(): Promise<number>;
  /** Writes all of `bytes`; what was written of them when it rejects is unknown. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes all that was written, and the size, durable. After it rejected nothing is known of the file any more. */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}
