import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { jsonCheck, parseJson } from '../../io/json/index.ts';
import type { Seed } from '../../mesh/index.ts';
import { fault, LsError, type Fault, type NodeId } from '../../std/index.ts';
import { MAX_SEEDS } from '../node-config.ts';

const MAX_SEEDS_BYTES = 4 * 1024 * 1024;

const isSeeds = jsonCheck({
  type: 'array',
  maxItems: MAX_SEEDS,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['node_id', 'address'],
    properties: {
      node_id: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      address: { type: 'string', maxLength: 512 },
    },
  },
});

/**
 * The members' addresses as the CA last told them, so that a node finds its peers again while the CA is away. They
 * are hints: a damaged file costs no more than them.
 */
export class SeedsFile {
  readonly #path: string;
  readonly #failed: (reason: Fault) => void;
  #next: readonly Seed[] | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string, failed: (reason: Fault) => void) {
    this.#path = path;
    this.#failed = failed;
  }

  /** Empty before the CA has told any, and when the file can't be read. */
  async read(): Promise<readonly Seed[]> {
    const text = await readFileCapped(this.#path, MAX_SEEDS_BYTES).catch((cause: unknown) => {
      if (!(cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND')) this.#fail(cause);
      return undefined;
    });
    if (text === undefined) return [];
    const parsed = parseJson(Buffer.from(text).toString('utf8'));
    if (isSeeds(parsed))
      return parsed.map(({ node_id, address }) => ({ nodeId: node_id as NodeId, address }));
    this.#failed(fault('LS_NODE_STATE_FILE', `${this.#path} is not readable; it is written anew`));
    return [];
  }

  /** Writes in the background; of several at once only the last. */
  keep(seeds: readonly Seed[]): void {
    this.#next = seeds;
    this.#writing ??= this.#write();
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (let seeds = this.#next; seeds !== undefined; seeds = this.#next) {
      this.#next = undefined;
      const file = seeds.map(({ nodeId, address }) => ({ node_id: nodeId, address }));
      await writeFileDurably(this.#path, `${JSON.stringify(file)}\n`).catch((cause: unknown) => {
        this.#fail(cause);
      });
    }
    this.#writing = undefined;
  }

  #fail(cause: unknown): void {
    this.#failed(
      cause instanceof LsError ? cause.fault : fault('LS_FILE_IO', `${this.#path}: ${String(cause)}`),
    );
  }
}
