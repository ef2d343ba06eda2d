import { setImmediate as turn } from 'node:timers/promises';
import {
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
import { readCertificatesPem } from '../pem-file.ts';
import { refuseAwaiting } from './awaiting.ts';
import { readCaConfig, type CaConfig } from './config.ts';
import { caHome, type CaHome } from './home.ts';
import { CA_KEY_NAMES, CaKeys, keySecrets } from './key-store.ts';
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
  try {
    const keys = ring === undefined ? await lockedKeys(paths) : await readKeys(ring);
    const store = await openCaStore(paths, config.store);
    const opened = await openAuthority({
      store,
      keys,
      profiles,
      crypto: nodeCrypto,
      random: systemRandom,
      config: { ...pick(config), requireApproval: config.enrollment.requireApproval },
      pause: () => turn(),
    });
    const close = async (): Promise<void> => {
      await store.close();
      ring?.close();
      lock.release();
    };
    if (opened.ok) {
      const logKey = ring === undefined ? undefined : () => openLogKey(ring);
      return { home: paths, config, authority: opened.value, store, keys: ring, logKey, close };
    }
    await store.close();
    throw new LsError(opened.error);
  } catch (cause) {
    ring?.close();
    lock.release();
    throw cause;
  }
}

function pick({ urls, intervalMinMs, intervalMaxMs }: CaConfig) {
  return { urls, intervalMinMs, intervalMaxMs };
}

/** The root's key may have been taken offline; the issuing key has to be there. */
async function readKeys(ring: CaKeys): Promise<AuthorityKeys> {
  await ring.askAhead(CA_KEY_NAMES);
  const issuing = await ring.open('issuing');
  if ((await ring.placeOf('root')) === undefined) return { issuing };
  return { issuing, root: await ring.open('root') };
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
