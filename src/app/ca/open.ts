import { access } from 'node:fs/promises';
import {
  openAuthority,
  type Authority,
  type AuthorityKeys,
  type AuthorityStore,
} from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { HomeLock } from '../../io/files/index.ts';
import {
  readKeyFile,
  requirePassphrase,
  type Passphrase,
  type PassphraseSources,
} from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { fault, LsError, type Signer } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { readCertificatesPem } from '../pem-file.ts';
import { readCaConfig, type CaConfig } from './config.ts';
import { caHome, type CaHome } from './home.ts';
import { readProfiles } from './profile-files.ts';
import { readLogKey } from './log-key.ts';
import { openCaStore } from './store.ts';

/** A CA home that this process alone has open. */
export interface OpenCa {
  readonly home: CaHome;
  readonly config: CaConfig;
  readonly authority: Authority;
  readonly store: AuthorityStore;
  /** Unlocks the key of the ledger, made if the home has none; undefined when the keys are locked. */
  readonly logKey: (() => Promise<Signer>) | undefined;
  /** Closes the store and gives the home free. */
  close(): Promise<void>;
}

/**
 * Opens the CA of `home` for this process alone: with its keys, or with no `passphrase` sources for what needs no
 * signature.
 *
 * Throws LS_CONFIG_*, LS_X509_PROFILE_*, LS_HOME_LOCKED, LS_KEY_*, LS_CA_STORE_*, LS_CA_NOT_INITIALISED, LS_CA_KEY_MISMATCH.
 */
export async function openCa(home: string, passphrase: PassphraseSources | undefined): Promise<OpenCa> {
  const paths = caHome(home);
  const config = await readCaConfig(home);
  const profiles = await readProfiles(paths.profiles);
  const lock = HomeLock.acquire(paths.home);
  try {
    const secret =
      passphrase === undefined
        ? undefined
        : await requirePassphrase(passphrase, `the CA keys of ${paths.home}`);
    const keys = secret === undefined ? await lockedKeys(paths) : await readKeys(paths, secret);
    const store = await openCaStore(paths, config.store);
    const opened = await openAuthority({
      store,
      keys,
      profiles,
      crypto: nodeCrypto,
      random: systemRandom,
      config: { urls: config.urls, intervalMinMs: config.intervalMinMs, intervalMaxMs: config.intervalMaxMs },
    });
    const close = async (): Promise<void> => {
      await store.close();
      lock.release();
    };
    if (opened.ok) {
      const logKey = secret === undefined ? undefined : () => readLogKey(paths.logKey, secret);
      return { home: paths, config, authority: opened.value, store, logKey, close };
    }
    await store.close();
    throw new LsError(opened.error);
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

/** The root's key may have been taken offline; the issuing key has to be there. */
async function readKeys(paths: CaHome, passphrase: Passphrase): Promise<AuthorityKeys> {
  const issuing = (await readKeyFile(paths.issuingKey, passphrase)).signer;
  if (!(await isThere(paths.rootKey))) return { issuing };
  return { issuing, root: (await readKeyFile(paths.rootKey, passphrase)).signer };
}

/** Stands for the issuing key where nothing is to be signed. */
async function lockedKeys(paths: CaHome): Promise<AuthorityKeys> {
  const [der] = await readCertificatesPem(paths.issuingCert);
  const certificate = parseCertificate(der ?? new Uint8Array());
  if (!certificate.ok) throw new LsError(certificate.error);
  const { spki, keyAlgorithm } = certificate.value;
  const issuing: Signer = {
    algorithm: keyAlgorithm ?? 'ES256',
    spki,
    sign() {
      throw new LsError(
        fault('LS_KEY_NO_PASSPHRASE', 'this call needs the issuing key, which was not unlocked'),
      );
    },
  };
  return { issuing };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
