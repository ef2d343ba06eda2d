import {
  ledgerBatches,
  type AuthorityStore,
  type LedgerRow,
  type StoreReader,
} from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { DerivedLog, type LeafSource } from '../../io/ledger/index.ts';
import { caLogOrigin, logKeyOfSpki } from '../../ledger/index.ts';
import { fault, LsError, ok, type Fault, type Result, type Signer } from '../../std/index.ts';
import type { CaHome } from './home.ts';
import type { CaKeys } from './key-store.ts';

/** The key that signs the ledger's checkpoints, or one made now. Throws LS_KEY_*, LS_FILE_*, LS_DISK_FULL. */
export async function openLogKey(keys: CaKeys): Promise<Signer> {
  return (await keys.placeOf('log')) === undefined ? makeLogKey(keys) : keys.open('log');
}

/** It is Ed25519, and in a file when the token can't have such a key. Throws as {@link openLogKey}. */
export async function makeLogKey(keys: CaKeys): Promise<Signer> {
  try {
    return await keys.make('log', 'Ed25519');
  } catch (cause) {
    if (!(cause instanceof LsError) || cause.code !== 'LS_KEY_TOKEN_REFUSED') throw cause;
    return keys.make('log', 'Ed25519', 'file');
  }
}

/** Raw 32 bytes of the public key. Throws LS_KEY_FORMAT for a key that is not Ed25519. */
export function rawLogKey({ spki }: Signer): Uint8Array {
  const raw = logKeyOfSpki(spki);
  if (raw === undefined) throw new LsError(fault('LS_KEY_FORMAT', 'the log key is not an Ed25519 key'));
  return raw;
}

export interface CaLogParts {
  readonly paths: CaHome;
  readonly store: AuthorityStore;
  readonly signer: Signer;
  readonly trustDomain: string;
}

/** Tiles and checkpoint of a CA's ledger. Throws as DerivedLog.open, and LS_CA_STORE_*. */
export function openCaLog({ paths, store, signer, trustDomain }: CaLogParts): Promise<DerivedLog> {
  return DerivedLog.open({
    dir: paths.ledger,
    origin: caLogOrigin(trustDomain),
    signer,
    crypto: nodeCrypto,
    source: leavesOf(store),
  });
}

function leavesOf(store: AuthorityStore): LeafSource {
  const read = async <T>(work: (tx: StoreReader) => Promise<T>): Promise<T> =>
    valueOf(await store.read(async (tx) => ok(await work(tx))));
  const rows = (from: number, limit: number): Promise<readonly LedgerRow[]> =>
    read((tx) => tx.ledger(from, limit));
  return { size: () => read((tx) => tx.ledgerSize()), batches: (from) => ledgerBatches(rows, from) };
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
