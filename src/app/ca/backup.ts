import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  BACKUP_SALT_BYTES,
  ChunkSealer,
  makeHeader,
  PartWriter,
  readParts,
  unlockWith,
  type BackupSummary,
  type Sharing,
  type OpenHeader,
} from '../../io/backup/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { fileError, isThere, syncDirectory } from '../../io/files/index.ts';
import { requirePassphrase, type PassphraseSources } from '../../io/keys/index.ts';
import { openSqliteStore } from '../../io/sqlite/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { fault, LsError, ok, type UnixMs } from '../../std/index.ts';
import { refuseAwaiting } from './awaiting.ts';
import { sealForShares, type SharedSeal } from './backup-shares.ts';
import { readCaConfig } from './config.ts';
import { caHome, type CaHome } from './home.ts';
import { caHomeFiles, withFile } from './home-files.ts';
import { snapshotCaStore } from './store-copy.ts';

export interface BackupRequest {
  readonly home: string;
  /** A file that is not there yet. */
  readonly file: string;
  /** Of the backup, which may be another one than that of the CA keys; not looked at when there are shares. */
  readonly passphrase: PassphraseSources;
  /** Instead of a passphrase: a secret that nobody has as a whole. */
  readonly sharing?: Sharing;
  readonly now: () => UnixMs;
}

/** A backup that was written and read back. */
export interface MadeBackup extends BackupSummary {
  readonly file: string;
  /** Of the home, the store aside. */
  readonly files: number;
  readonly bytes: number;
  /** Of its secret, to be shown this once; none where a passphrase opens it. Secret. */
  readonly shares: readonly string[];
}

const PRIVATE_FILE = 0o600;

/**
 * Writes all that makes the CA into one encrypted file, whether or not a server is running, and reads it back.
 * The store is taken last and as of one moment, so it is never older than the files beside it.
 * Throws LS_BACKUP_EXISTS, LS_BACKUP_STORE, LS_BACKUP_FILE, LS_CONFIG_*, LS_KEY_NO_PASSPHRASE, LS_CA_STORE_*, LS_FILE_*, LS_DISK_FULL.
 */
export async function backupCa(request: BackupRequest): Promise<MadeBackup> {
  const file = resolve(request.file);
  await refuseExisting(file);
  const home = caHome(request.home);
  await refuseAwaiting(home);
  const { store } = await readCaConfig(home.home);
  const salt = systemRandom.bytes(BACKUP_SALT_BYTES);
  const seal = await sealOf(request, file, salt);
  const workplace = await mkdtemp(`${file}.`).catch((cause: unknown) => {
    throw fileError(cause, 'create', file);
  });
  try {
    const fresh = join(workplace, 'backup');
    const header = await makeHeader(salt, seal.unlock);
    const source = { home, store, now: request.now() };
    await writeBackup(source, workplace, fresh, header);
    const summary = await withFile(fresh, ({ content }) => readParts(content, seal.unlockAgain, discard));
    const { size: bytes } = await stat(fresh);
    await refuseExisting(file);
    await rename(fresh, file);
    await syncDirectory(dirname(file));
    return { ...summary, file, bytes, shares: seal.shares };
  } catch (cause) {
    throw fileError(cause, 'write', file);
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

/** What opens the backup, and what is to open it again. */
async function sealOf(
  { sharing, passphrase }: BackupRequest,
  file: string,
  salt: Uint8Array,
): Promise<SharedSeal> {
  if (sharing !== undefined) return sealForShares(sharing, salt);
  const unlock = unlockWith(await requirePassphrase(passphrase, `the backup ${file}`, true));
  return { unlock, unlockAgain: unlock, shares: [] };
}

/** What is backed up: a home, and the store that its ca.yaml names. */
interface BackupSource {
  readonly home: CaHome;
  readonly store: string;
  readonly now: UnixMs;
}

/** A store elsewhere is written as the one in a home would be, so that a backup of either may become either. */
async function writeBackup(
  { home, store, now }: BackupSource,
  workplace: string,
  path: string,
  header: OpenHeader,
): Promise<void> {
  const output = await open(path, 'wx', PRIVATE_FILE);
  try {
    const sealer = await ChunkSealer.start(header, (bytes) => output.writeFile(bytes));
    const parts = new PartWriter(sealer);
    for (const name of await caHomeFiles(home.home)) {
      await withFile(join(home.home, name), ({ size, mode, content }) =>
        parts.add({ path: name, mode, size }, content),
      );
    }
    const snapshot = join(workplace, 'store.sqlite');
    await snapshotCaStore(home, store, snapshot);
    const summary = await summarise(snapshot, now);
    await withFile(snapshot, ({ size, mode, content }) => parts.add({ path: null, mode, size }, content));
    await parts.finish(summary);
    await output.sync();
  } finally {
    await output.close();
  }
}

async function summarise(snapshot: string, madeAt: UnixMs): Promise<BackupSummary> {
  const store = openSqliteStore(snapshot);
  try {
    const read = await store.read(async (tx) =>
      ok({
        genesis: await tx.genesis(),
        crl: await tx.newestCrl(),
        roster: await tx.newestRoster(),
      }),
    );
    if (!read.ok) throw new LsError(read.error);
    const { genesis, crl, roster } = read.value;
    if (genesis === null || crl === null || roster === null) {
      throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA'));
    }
    return {
      madeAt,
      trustDomain: genesis.trustDomain,
      rootSha256: nodeCrypto.sha256(genesis.root),
      crlNumber: crl.number,
      rosterNumber: roster.number,
    };
  } finally {
    await store.close();
  }
}

async function discard(_: unknown, content: AsyncIterable<Uint8Array>): Promise<void> {
  const pieces = content[Symbol.asyncIterator]();
  while ((await pieces.next()).done !== true);
}

async function refuseExisting(file: string): Promise<void> {
  if (await isThere(file)) throw new LsError(fault('LS_BACKUP_EXISTS', `${file} is there already`));
}
