import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { markRestored, type Authority } from '../../authority/index.ts';
import {
  readParts,
  unlockWith,
  type BackupPart,
  type BackupSummary,
  type Unlock,
} from '../../io/backup/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { ensurePrivateDir, fileError, syncDirectory, writeFileDurably } from '../../io/files/index.ts';
import { requirePassphrase, type Passphrase, type PassphraseSources } from '../../io/keys/index.ts';
import { checkSqliteStore, openSqliteStore } from '../../io/sqlite/index.ts';
import { equalBytes, fault, LsError, type UnixMs } from '../../std/index.ts';
import { parseCrl } from '../../x509/index.ts';
import { readTextFile } from '../named-file.ts';
import { buildHome, refuseExisting } from '../new-home.ts';
import { readCertificatesPem } from '../pem-file.ts';
import { gatherShares, unlockWithShares, type ShareSources } from './backup-shares.ts';
import { parseCaConfig, readCaConfig } from './config.ts';
import { caHome } from './home.ts';
import { withFile } from './home-files.ts';
import { openCa } from './open.ts';
import { OwnTrust } from './own-trust.ts';
import { withSetting } from './settings.ts';
import { placeCaStore } from './store-copy.ts';
import { checkStoreChoice, SQLITE, storePlace } from './store.ts';

export interface RestoreRequest {
  readonly file: string;
  /** New or empty. */
  readonly home: string;
  /** Of the backup; not looked at when there are shares. */
  readonly passphrase: PassphraseSources;
  readonly shares?: ShareSources;
  /** `sqlite` or a PostgreSQL URL; absent: as ca.yaml of the backup says. */
  readonly store?: string;
  readonly now: () => UnixMs;
}

export interface RestoredCa extends BackupSummary {
  readonly home: string;
  /** Where the store is now, without a password. */
  readonly store: string;
  readonly files: number;
}

export interface DrillRequest {
  readonly file: string;
  /** Of the backup; not looked at when there are shares. */
  readonly passphrase: PassphraseSources;
  readonly shares?: ShareSources;
  /** Of the CA keys in it; absent: the same, or with shares that of `passphrase`. */
  readonly keyPassphrase?: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface DrilledBackup extends BackupSummary {
  readonly file: string;
  readonly files: number;
  /** Whether the root's key is in it, and opened. */
  readonly rootKey: boolean;
  /** The newest full CRL of the backup has not lapsed yet. */
  readonly crlInDate: boolean;
}

const CA_HOME = { mark: 'ca.yaml', existsCode: 'LS_CA_EXISTS' } as const;
/** However the modes in a backup were, nobody else reads or writes what is restored. */
const OWNER_BITS = 0o700;
const PRIVATE_FILE = 0o600;
const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Makes a CA home of a backup, all or nothing, and its store where that is to be. The CA is read-only then: see
 * Authority.readOnlySince. Another database is filled in one transaction just before the home gets its name.
 * Throws LS_BACKUP_*, LS_CONFIG_*, LS_CA_EXISTS, LS_HOME_*, LS_KEY_NO_PASSPHRASE, LS_CA_STORE_*, LS_DISK_FULL.
 */
export async function restoreCa(request: RestoreRequest): Promise<RestoredCa> {
  const { home } = caHome(request.home);
  await refuseExisting(home, CA_HOME);
  if (request.store !== undefined) await checkStoreChoice(request.store);
  const file = resolve(request.file);
  const { unlock } = await unlockOf(request, file);
  const wanted = { home, ...CA_HOME, purpose: 'pki restore' };
  const summary = await buildHome(wanted, async (directory) => {
    const unpacked = await unpack(file, unlock, directory);
    await checkUnpacked(directory, unpacked);
    await mark(directory, request.now());
    const choice = await chooseStore(directory, request.store);
    await placeCaStore(caHome(directory), choice);
    return { ...unpacked, choice };
  });
  const { choice, ...restored } = summary;
  return { ...restored, home, store: await storePlace(caHome(home), choice) };
}

/**
 * Restores a backup to a temporary place, checks that a CA could go on from it, and removes it: every part's hash,
 * the store's integrity, certificates up to the root, CRLs and roster, and that the keys open and are theirs.
 * Throws the first thing that is wrong, as restoreCa and openCa do.
 */
export async function drillBackup(request: DrillRequest): Promise<DrilledBackup> {
  const file = resolve(request.file);
  const { unlock, passphrase } = await unlockOf(request, file);
  const place = await mkdtemp(join(tmpdir(), 'lifesign-drill-'));
  try {
    const summary = await unpack(file, unlock, place);
    await checkUnpacked(place, summary);
    // What is tried is the copy, wherever the store of the CA is.
    await chooseStore(place, SQLITE);
    // A PIN is never guessed: what opens the backup is not tried on a token.
    const ca = await openCa(place, request.keyPassphrase ?? passphrase, request.passphrase);
    try {
      const now = request.now();
      await OwnTrust.of(ca.authority, nodeCrypto, now);
      const rootKey = (await ca.keys?.placeOf('root')) !== undefined;
      return { ...summary, file, rootKey, crlInDate: await isCrlInDate(ca.authority, now) };
    } finally {
      await ca.close();
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** What opens the backup, and the passphrase that its keys may have. */
interface BackupUnlock {
  readonly unlock: Unlock;
  readonly passphrase: PassphraseSources;
}

/** A missing file is told before anybody types a passphrase. */
async function unlockOf(request: Omit<RestoreRequest, 'home'>, file: string): Promise<BackupUnlock> {
  await withFile(file, () => Promise.resolve());
  const { shares, passphrase: sources } = request;
  if (shares !== undefined)
    return { unlock: unlockWithShares(await gatherShares(shares)), passphrase: sources };
  const passphrase = await requirePassphrase(sources, `the backup ${file}`);
  return { unlock: unlockWith(passphrase), passphrase: oneSource(passphrase) };
}

function oneSource(passphrase: Passphrase): PassphraseSources {
  return { env: {}, prompt: { ask: () => Promise.resolve(passphrase) } };
}

type Unpacked = BackupSummary & { readonly files: number };

async function unpack(file: string, unlock: Unlock, directory: string): Promise<Unpacked> {
  const unpackOne = (part: BackupPart, content: AsyncIterable<Uint8Array>): Promise<void> =>
    writePart(directory, part, content);
  return withFile(file, ({ content }) => readParts(content, unlock, unpackOne));
}

async function writePart(
  directory: string,
  { path, mode }: BackupPart,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = path === null ? caHome(directory).store : join(directory, path);
  const folder = dirname(target);
  try {
    if (folder !== directory) await ensurePrivateDir(folder);
    const output = await open(target, 'wx', mode & OWNER_BITS);
    try {
      for await (const piece of content) await output.writeFile(piece);
      await output.sync();
    } finally {
      await output.close();
    }
    await syncDirectory(folder);
  } catch (cause) {
    throw fileError(cause, 'write', target);
  }
}

/** What can be told without a key: the store is whole, and of the CA that the backup says it is of. */
async function checkUnpacked(directory: string, { rootSha256 }: BackupSummary): Promise<void> {
  const paths = caHome(directory);
  await readCaConfig(directory);
  checkSqliteStore(paths.store);
  const [root = new Uint8Array()] = await readCertificatesPem(paths.rootCert);
  if (equalBytes(nodeCrypto.sha256(root), rootSha256)) return;
  throw new LsError(fault('LS_BACKUP_CONTENT', `the backup holds a root.pem that is not the store's root`));
}

async function mark(directory: string, now: UnixMs): Promise<void> {
  const store = openSqliteStore(caHome(directory).store);
  try {
    const marked = await markRestored(store, now);
    if (!marked.ok) throw new LsError(marked.error);
  } finally {
    await store.close();
  }
}

/** Has ca.yaml of a restored home name `choice`, if there is one. Answers what it names then. */
async function chooseStore(directory: string, choice: string | undefined): Promise<string> {
  const { config } = caHome(directory);
  const { store } = await readCaConfig(directory);
  if (choice === undefined || choice === store) return store;
  const text = withSetting(await readTextFile(config, MAX_CONFIG_BYTES), { path: ['store'], value: choice });
  await parseCaConfig(text, config);
  await writeFileDurably(config, text, { mode: PRIVATE_FILE });
  return choice;
}

async function isCrlInDate(authority: Authority, now: UnixMs): Promise<boolean> {
  const crls = await authority.currentCrls();
  const full = crls.ok ? parseCrl(crls.value.issuing[0]?.full ?? new Uint8Array()) : crls;
  if (!full.ok) throw new LsError(full.error);
  return (full.value.nextUpdate ?? 0) >= now;
}
