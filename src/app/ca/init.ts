import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { initialiseAuthority, type InitialisedAuthority } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { ensurePrivateDir, writeFileDurably } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { LsError, toHex, type Signer, type UnixMs } from '../../std/index.ts';
import { isLoopback } from '../endpoint.ts';
import { buildHome, refuseExisting } from '../new-home.ts';
import { certificatesPem } from '../pem-file.ts';
import {
  CA_CRL_PORT,
  CA_PORT,
  DEFAULT_INTERVAL_MAX_MS,
  DEFAULT_INTERVAL_MIN_MS,
  formatCaConfig,
  type CaConfigChoice,
} from './config.ts';
import { caHome, type CaHome } from './home.ts';
import { CaKeys, checkKeyStoreChoice, KEY_FILES, keySecrets, type KeySecrets } from './key-store.ts';
import { makeLogKey, openCaLog, rawLogKey } from './log-key.ts';
import { checkStoreChoice, openCaStore, SQLITE } from './store.ts';
import { hostOfUrl, listenForUrl, originOf } from './url.ts';

export interface InitCaRequest {
  readonly home: string;
  readonly trustDomain?: string;
  /** `https://HOST:PORT`, most preferred first. */
  readonly urls: readonly string[];
  readonly crlUrl?: string;
  readonly permitDns: readonly string[];
  /** `sqlite` (default) or a PostgreSQL URL. */
  readonly store?: string;
  /** `file` (default) or the PKCS#11 URI of a token. */
  readonly keyStore?: string;
  /** Every enrollment waits for an operator. */
  readonly requireApproval?: boolean;
  /** Asked once everything else is known to be in order. */
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface InitialisedCa {
  readonly home: string;
  readonly trustDomain: string;
  /** SHA-256 of the root certificate, 64 hex digits. */
  readonly rootSha256: string;
  readonly urls: readonly string[];
  /** Every URL is one that only this machine can reach. */
  readonly isLoopbackOnly: boolean;
}

export const DEFAULT_TRUST_DOMAIN = 'mesh.internal';
export const CA_HOME = { mark: 'ca.yaml', existsCode: 'LS_CA_EXISTS' } as const;
const PUBLIC_IN_PRIVATE_DIRECTORY = { mode: 0o600 };

/**
 * Makes a CA: root and issuing key, their certificates, first CRLs and roster, store and ca.yaml; all or nothing.
 * Throws LS_CA_EXISTS with the home unchanged, LS_CA_ALREADY_INITIALISED with the database unchanged, LS_CONFIG_URL, LS_KEY_NO_PASSPHRASE, LS_HOME_*, LS_DISK_FULL.
 */
export async function initCa(request: InitCaRequest): Promise<InitialisedCa> {
  const choice = chooseCa(request);
  await checkStoreChoice(choice.store);
  await checkKeyStoreChoice(choice.keyStore);
  const { home } = caHome(request.home);
  await refuseExisting(home, CA_HOME);
  const secrets = keySecrets(home, request.passphrase, request.passphrase, true);
  if (choice.keyStore === KEY_FILES) await secrets.passphrase();
  const made = await buildCaHome(home, choice, secrets, (directory, keys) =>
    fill(directory, choice, keys, request.now()),
  );
  return {
    home,
    trustDomain: made.trustDomain,
    rootSha256: toHex(made.rootSha256),
    urls: choice.urls,
    isLoopbackOnly: choice.urls.every((url) => isLoopback(hostOfUrl(url))),
  };
}

/** Keys on a token are not part of the home, so they are destroyed when it does not come to be. */
export async function buildCaHome<T>(
  home: string,
  { keyStore }: Pick<CaConfigChoice, 'keyStore'>,
  secrets: KeySecrets,
  fillHome: (directory: string, keys: CaKeys) => Promise<T>,
): Promise<T> {
  const wanted = { home, ...CA_HOME, purpose: 'pki init' };
  let keys: CaKeys | undefined;
  try {
    return await buildHome(wanted, (directory) => {
      keys = new CaKeys(caHome(directory), keyStore, secrets);
      return fillHome(directory, keys);
    });
  } catch (cause) {
    await keys?.undo().catch(() => undefined);
    throw cause;
  } finally {
    keys?.close();
  }
}

/** What a request comes to, checked. Throws LS_CONFIG_URL. */
export function chooseCa(request: Omit<InitCaRequest, 'now'>): CaConfigChoice {
  const { trustDomain, urls, crlUrl, permitDns, store, keyStore, requireApproval = false } = request;
  const given = urls.length > 0 ? urls : [`https://${hostname().toLowerCase()}:${CA_PORT}`];
  const origins = given.map((url) => originOf(url, 'https:'));
  const [first = ''] = origins;
  const host = new URL(first).hostname;
  const crlOrigin = originOf(crlUrl ?? `http://${host}:${CA_CRL_PORT}`, 'http:');
  return {
    trustDomain: trustDomain ?? DEFAULT_TRUST_DOMAIN,
    urls: origins,
    crlUrl: crlOrigin,
    listen: listenForUrl(first),
    crlListen: listenForUrl(crlOrigin),
    permitDns: [...new Set([...permitDns, ...origins.map(hostOfUrl).filter((each) => isIP(each) === 0)])],
    store: store ?? SQLITE,
    keyStore: keyStore ?? KEY_FILES,
    requireApproval,
  };
}

async function fill(
  directory: string,
  choice: CaConfigChoice,
  ring: CaKeys,
  now: UnixMs,
): Promise<InitialisedAuthority> {
  const paths = caHome(directory);
  await ensurePrivateDir(paths.keysDir);
  const keys = { roots: [await ring.make('root', 'ES256')], issuing: [await ring.make('issuing', 'ES256')] };
  const made = await initialiseStore(paths, keys, await makeLogKey(ring), choice, now);
  await writeFileDurably(paths.rootCert, certificatesPem(made.roots), PUBLIC_IN_PRIVATE_DIRECTORY);
  await writeFileDurably(paths.issuingCert, certificatesPem([made.issuing]), PUBLIC_IN_PRIVATE_DIRECTORY);
  await writeFileDurably(join(directory, CA_HOME.mark), formatCaConfig(choice), PUBLIC_IN_PRIVATE_DIRECTORY);
  return made;
}

async function initialiseStore(
  paths: CaHome,
  keys: Parameters<typeof initialiseAuthority>[0]['keys'],
  log: Signer,
  choice: CaConfigChoice,
  now: UnixMs,
): Promise<InitialisedAuthority> {
  const store = await openCaStore(paths, choice.store);
  try {
    const made = await initialiseAuthority(
      {
        store,
        keys,
        crypto: nodeCrypto,
        random: systemRandom,
        config: {
          urls: choice.urls,
          intervalMinMs: DEFAULT_INTERVAL_MIN_MS,
          intervalMaxMs: DEFAULT_INTERVAL_MAX_MS,
        },
      },
      {
        trustDomain: choice.trustDomain,
        permittedDns: choice.permitDns,
        crlUrl: choice.crlUrl,
        logKey: rawLogKey(log),
      },
      now,
    );
    if (!made.ok) throw new LsError(made.error);
    await (await openCaLog({ paths, store, signer: log, trustDomain: choice.trustDomain })).advance();
    return made.value;
  } finally {
    await store.close();
  }
}
