import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeRoot, signRootCrl } from '../../authority/index.ts';
import { generateKey, nodeCrypto } from '../../io/crypto/index.ts';
import { ensurePrivateDir, isThere, syncDirectory, writeFileDurably } from '../../io/files/index.ts';
import { requirePassphrase, writeKeyFile, type PassphraseSources } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { equalBytes, fault, LsError, ok, toHex, unixMs, type UnixMs } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { readCaConfig } from '../ca/config.ts';
import { caHome } from '../ca/home.ts';
import { rootKeyName } from '../ca/key-names.ts';
import { openCaStoreReadOnly } from '../ca/store.ts';
import { buildHome, refuseExisting } from '../new-home.ts';
import { certificatesPem } from '../pem-file.ts';
import { formatRootConfig } from './config.ts';
import { ROOT_MARK, rootHome, type RootHome } from './home.ts';
import { keepIssued, openRoot } from './open.ts';
import { valueOf } from './value-of.ts';

export interface InitRootRequest {
  readonly home: string;
  readonly trustDomain: string;
  /** Which root of the domain it is to be, from 1: its name says so. Default: 1. */
  readonly generation?: number;
  /** A CA home whose root is to become this one: key, certificate and CRL are copied. */
  readonly from?: string;
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

export interface InitialisedRoot {
  readonly home: string;
  readonly trustDomain: string;
  /** SHA-256 of the root certificate, 64 hex digits. */
  readonly rootSha256: string;
  /** The key that was copied, and is still there; null for a new root. */
  readonly keyLeftAt: string | null;
}

const ROOT_HOME = { mark: ROOT_MARK, existsCode: 'LS_ROOT_EXISTS' } as const;
const FIRST_CRL_NUMBER = 1;
const SECOND_MS = 1_000;

/**
 * Makes a root for a machine of its own: key, certificate and first CRL; or moves here that of a CA which was made
 * with its root. All or nothing. Throws LS_ROOT_EXISTS, LS_ROOT_KEY_TAKEN, LS_CA_REQUEST, LS_KEY_*, LS_HOME_*, LS_DISK_FULL.
 */
export async function initRoot(request: InitRootRequest): Promise<InitialisedRoot> {
  const { home } = rootHome(request.home);
  await refuseExisting(home, ROOT_HOME);
  const wanted = { home, ...ROOT_HOME, purpose: 'pki root init' };
  const { from, generation = 1 } = request;
  if (from !== undefined) {
    return buildHome(wanted, async (directory) => {
      const trustDomain = await copyFrom(from, generation, rootHome(directory));
      const root = await openRoot(directory, request.passphrase, false);
      const rootSha256 = toHex(nodeCrypto.sha256(root.atHand.certificate.der));
      return { home, trustDomain, rootSha256, keyLeftAt: keyFileOf(from, generation) };
    });
  }
  const { trustDomain } = request;
  const passphrase = await requirePassphrase(request.passphrase, `the root key of ${home}`, true);
  return buildHome(wanted, async (directory) => {
    const paths = rootHome(directory);
    const { signer, pkcs8 } = generateKey('ES256');
    const now = unixMs(Math.floor(request.now() / SECOND_MS) * SECOND_MS);
    const der = valueOf(
      makeRoot({ crypto: nodeCrypto, random: systemRandom }, trustDomain, signer, now, generation),
    );
    const certificate = valueOf(parseCertificate(der));
    await makeFolders(paths);
    await writeKeyFile(paths.key, pkcs8, passphrase);
    await writeFileDurably(paths.cert, certificatesPem([der]));
    const content = { number: FIRST_CRL_NUMBER, entries: [] };
    await writeFileDurably(paths.crl, signRootCrl({ certificate, signer }, content, now));
    await writeFileDurably(paths.config, formatRootConfig({ trustDomain }));
    return { home, trustDomain, rootSha256: toHex(nodeCrypto.sha256(der)), keyLeftAt: null };
  });
}

/** The key stays under the passphrase that it has. Answers the trust domain. */
async function copyFrom(from: string, generation: number, paths: RootHome): Promise<string> {
  const { trustDomain, store } = await readCaConfig(from);
  const key = keyFileOf(from, generation);
  if (!(await isThere(key))) throw new LsError(fault('LS_ROOT_KEY_TAKEN', `${key} does not exist`));
  const held = await readRoot(from, generation, store);
  await makeFolders(paths);
  await copyFile(key, paths.key);
  await syncDirectory(dirname(paths.key));
  await writeFileDurably(paths.cert, certificatesPem([held.certificate]));
  await writeFileDurably(paths.crl, held.crl);
  for (const der of held.certified) await keepIssued(paths, der);
  await writeFileDurably(join(paths.home, ROOT_MARK), formatRootConfig({ trustDomain }));
  return trustDomain;
}

function keyFileOf(from: string, generation: number): string {
  return join(caHome(from).keysDir, `${rootKeyName(generation)}.key.pem`);
}

/** DER of a root of the CA, of its newest CRL, and of all the CAs that it has certified. */
async function readRoot(from: string, generation: number, choice: string) {
  const store = await openCaStoreReadOnly(caHome(from), choice);
  try {
    const read = await store.read(async (tx) => {
      const [roots, issuers] = [await tx.roots(), await tx.issuers()];
      const newest = await tx.newestRootCrl(generation);
      return ok({ roots, issuers, crl: newest === null ? null : await tx.crlBytes(newest) });
    });
    const { roots, issuers, crl } = valueOf(read);
    const root = roots.find((each) => each.generation === generation);
    if (root === undefined || crl === null)
      throw new LsError(fault('LS_CA_NOT_INITIALISED', `the store holds no root ${generation}`));
    const { subject } = valueOf(parseCertificate(root.certificate));
    const below = [
      ...issuers.map(({ certificate }) => certificate),
      ...roots.flatMap(({ cross }) => cross ?? []),
    ];
    const certified = below.filter((der) => equalBytes(valueOf(parseCertificate(der)).issuer, subject));
    return { certificate: root.certificate, crl, certified };
  } finally {
    await store.close();
  }
}

async function makeFolders({ keysDir, issuedDir }: RootHome): Promise<void> {
  await ensurePrivateDir(keysDir);
  await ensurePrivateDir(issuedDir);
}
