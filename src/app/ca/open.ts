import { setImmediate as turn } from 'node:timers/promises';
import {
  hasEnded,
  openAuthority,
  type Authority,
  type AuthorityKeys,
  type AuthorityStore,
} from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { HomeLock } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { fault, LsError, type Signer } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { refuseAwaiting } from './awaiting.ts';
import { readCaConfig, type CaConfig } from './config.ts';
import { readGenerations, readRootGenerations, type Generation } from './generations.ts';
import { caHome, type CaHome } from './home.ts';
import { issuingKeyName, rootKeyName } from './key-names.ts';
import { CaKeys, keySecrets } from './key-store.ts';
import { openLogKey } from './log-key.ts';
import { readProfiles } from './profile-files.ts';
import { openCaStore } from './store.ts';

/** A CA home that this process alone has open. */
export interface OpenCa {
  readonly home: CaHome;
  readonly config: CaConfig;
  readonly authority: Authority;
  readonly store: AuthorityStore;
  /** Undefined when the keys are locked. */
  readonly keys: CaKeys | undefined;
  /** Unlocks the key of the ledger, made if the home has none; undefined when the keys are locked. */
  readonly logKey: (() => Promise<Signer>) | undefined;
  /** Closes the store and gives the home free. */
  close(): Promise<void>;
}

/**
 * Opens the CA of `home` for this process alone: with its keys, or with no `passphrase` sources for what needs no
 * signature. The PIN of a token comes from the environment or prompt of `pin`.
 *
 * Throws LS_CONFIG_*, LS_CEREMONY_AWAITED, LS_X509_PROFILE_*, LS_HOME_LOCKED, LS_KEY_*, LS_CA_STORE_*, LS_CA_NOT_INITIALISED, LS_CA_KEY_MISMATCH.
 */
export async function openCa(
  home: string,
  passphrase: PassphraseSources | undefined,
  pin: PassphraseSources | undefined = passphrase,
): Promise<OpenCa> {
  const paths = caHome(home);
  const config = await readCaConfig(home);
  await refuseAwaiting(paths);
  const profiles = await readProfiles(paths.profiles);
  const lock = HomeLock.acquire(paths.home);
  const ring =
    passphrase === undefined || pin === undefined
      ? undefined
      : new CaKeys(paths, config.keyStore, keySecrets(paths.home, passphrase, pin));
  let store: AuthorityStore | undefined;
  try {
    if (ring !== undefined) await ring.askAhead(await ring.names());
    store = await openCaStore(paths, config.store);
    const opened = await openAuthority({
      store,
      keys: await keysFor(await readGenerations(store), await readRootGenerations(store), ring),
      profiles,
      crypto: nodeCrypto,
      random: systemRandom,
      config: { ...pick(config), requireApproval: config.enrollment.requireApproval },
      pause: () => turn(),
    });
    if (!opened.ok) throw new LsError(opened.error);
    return { home: paths, config, authority: opened.value, ...partsOf(ring, store, lock) };
  } catch (cause) {
    await store?.close();
    ring?.close();
    lock.release();
    throw cause;
  }
}

function partsOf(
  keys: CaKeys | undefined,
  store: AuthorityStore,
  lock: HomeLock,
): Pick<OpenCa, 'store' | 'keys' | 'logKey' | 'close'> {
  return {
    store,
    keys,
    logKey: keys === undefined ? undefined : () => openLogKey(keys),
    async close() {
      await store.close();
      keys?.close();
      lock.release();
    },
  };
}

function pick({ urls, intervalMinMs, intervalMaxMs }: CaConfig) {
  return { urls, intervalMinMs, intervalMaxMs };
}

/** Of every issuing CA that still signs, and of the roots, which may have been taken offline. */
async function keysFor(
  generations: readonly Generation[],
  rootGenerations: readonly number[],
  ring: CaKeys | undefined,
): Promise<AuthorityKeys> {
  const needed = generations.filter((each) => !hasEnded(each));
  const open = (each: Generation): Promise<Signer> =>
    ring === undefined ? Promise.resolve(lockedKey(each)) : ring.open(issuingKeyName(each.generation));
  const issuing: Signer[] = [];
  for (const each of needed) issuing.push(await open(each));
  const roots: Signer[] = [];
  for (const generation of ring === undefined ? [] : rootGenerations) {
    const name = rootKeyName(generation);
    if ((await ring?.placeOf(name)) !== undefined && ring !== undefined) roots.push(await ring.open(name));
  }
  return { issuing, roots };
}

/** Stands for the key of an issuing CA where nothing is to be signed. */
function lockedKey({ certificate: der }: Generation): Signer {
  const certificate = parseCertificate(der);
  if (!certificate.ok) throw new LsError(certificate.error);
  const { spki, keyAlgorithm } = certificate.value;
  return {
    algorithm: keyAlgorithm ?? 'ES256',
    spki,
    sign() {
      throw new LsError(
        fault('LS_KEY_NO_PASSPHRASE', 'this call needs the issuing key, which was not unlocked'),
      );
    },
  };
}
