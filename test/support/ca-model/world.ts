import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  initialiseAuthority,
  markRestored,
  type AuthorityDeps,
  type Publication,
} from '../../../src/authority/index.ts';
import { openSqliteStore, snapshotSqliteStore } from '../../../src/io/index.ts';
import type { Random, Signer, UnixMs } from '../../../src/std/index.ts';
import { CA_NOW } from '../ca.ts';
import { rememberingCrypto } from '../remembering-crypto.ts';
import { valueOf } from '../result.ts';
import { rawKey } from '../raw-key.ts';
import { poolKey } from './key-pool.ts';
import { Replica } from './replica.ts';
import type { Sabotage } from './sabotage.ts';

export type ModelAlgorithm = 'ES256' | 'Ed25519';

/** Every signature of all schedules, checked once. */
export const modelCrypto = rememberingCrypto();

const ISSUING_KEY = 0;
const ROOT_KEY = 1;
const LOG_KEY = 2;
const FIRST_FREE_KEY = 3;
/** Memory where there is some to keep files in: a schedule is no test of the disk. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const templates = new Map<ModelAlgorithm, Promise<Uint8Array>>();

/** A CA of two replicas over one SQLite file, backups of it, and whatever is restored of them. */
export class CaWorld {
  readonly deps: Omit<AuthorityDeps, 'store'>;
  readonly algorithm: ModelAlgorithm;
  readonly replicas: Replica[] = [];
  readonly #sabotage: Sabotage;
  readonly #directory: string;
  readonly #hear: (publication: Publication) => void;
  #file: string;
  #files = 0;
  #keys = FIRST_FREE_KEY;

  private constructor(
    algorithm: ModelAlgorithm,
    seed: number,
    sabotage: Sabotage,
    hear: (publication: Publication) => void,
  ) {
    this.algorithm = algorithm;
    this.deps = depsOf(algorithm, seed);
    this.#sabotage = sabotage;
    this.#hear = hear;
    this.#directory = mkdtempSync(join(SCRATCH, 'lifesign-model-'));
    this.#file = this.#nextFile();
  }

  /** Dispose of it. What both replicas publish is told to `hear`. */
  static async make(
    seed: number,
    sabotage: Sabotage,
    hear: (publication: Publication) => void,
  ): Promise<CaWorld> {
    const algorithm = seed % 2 === 0 ? 'ES256' : 'Ed25519';
    const template = templates.get(algorithm) ?? makeTemplate(algorithm);
    templates.set(algorithm, template);
    const world = new CaWorld(algorithm, seed, sabotage, hear);
    writeFileSync(world.#file, await template);
    await world.openBoth(CA_NOW);
    return world;
  }

  /** A key that nothing was certified for yet, by its place in the pool. */
  nextKey(): number {
    return this.#keys++;
  }

  key(index: number): Signer {
    return poolKey(this.algorithm, index);
  }

  async openBoth(now: UnixMs): Promise<void> {
    this.replicas.push(await this.#open(now), await this.#open(now));
  }

  /** Closes what is left of a replica and starts it again over the same file. */
  async reopen(index: number, now: UnixMs): Promise<void> {
    await this.replicas[index]?.close();
    this.replicas[index] = await this.#open(now);
  }

  /** Copies the store as `pki backup` does. */
  backup(): string {
    const copy = this.#nextFile();
    snapshotSqliteStore(this.#file, copy);
    return copy;
  }

  /** The machine is lost, and a backup is all there is: one replica of it, read-only. */
  async restore(backup: string, now: UnixMs): Promise<Replica> {
    await Promise.all(this.replicas.splice(0).map((replica) => replica.close()));
    this.#file = this.#nextFile();
    copyFileSync(backup, this.#file);
    const store = openSqliteStore(this.#file);
    valueOf(await markRestored(store, now));
    await store.close();
    const replica = await this.#open(now);
    this.replicas.push(replica);
    return replica;
  }

  /** The second replica of a restored CA. */
  async openSecond(now: UnixMs): Promise<void> {
    this.replicas.push(await this.#open(now));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.replicas.splice(0).map((replica) => replica.close()));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #open(now: UnixMs): Promise<Replica> {
    return Replica.open(
      {
        deps: this.deps,
        store: openSqliteStore(this.#file),
        sabotage: this.#sabotage,
        hear: this.#hear,
        newKey: () => this.key(this.nextKey()),
      },
      now,
    );
  }

  #nextFile(): string {
    this.#files += 1;
    return join(this.#directory, `store-${this.#files}`);
  }
}

/** A CA that was just made, as the bytes of its store. */
async function makeTemplate(algorithm: ModelAlgorithm): Promise<Uint8Array> {
  const directory = mkdtempSync(join(SCRATCH, 'lifesign-model-'));
  try {
    const file = join(directory, 'store');
    const store = openSqliteStore(file);
    const request = {
      trustDomain: 'mesh.internal',
      permittedDns: [],
      logKey: rawKey(poolKey('Ed25519', LOG_KEY)),
    };
    valueOf(await initialiseAuthority({ ...depsOf(algorithm, 0), store }, request, CA_NOW));
    await store.close();
    return readFileSync(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function depsOf(algorithm: ModelAlgorithm, seed: number) {
  return {
    keys: { issuing: [poolKey(algorithm, ISSUING_KEY)], roots: [poolKey(algorithm, ROOT_KEY)] },
    crypto: modelCrypto,
    random: seededRandom(seed),
    config: { urls: ['https://ca.mesh.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
  };
}

/** Bytes that a seed repeats. */
function seededRandom(seed: number): Random {
  let drawn = 0;
  return {
    bytes(length) {
      const bytes = createHash('shake256', { outputLength: length }).update(`${seed} ${drawn++}`).digest();
      return new Uint8Array(bytes);
    },
  };
}
