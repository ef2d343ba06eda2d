import { join } from 'node:path';
import { generationOfName, type RootAtHand } from '../../authority/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { HomeLock, readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { readKeyFile, requirePassphrase, type PassphraseSources } from '../../io/keys/index.ts';
import { equalBytes, fault, LsError, type Fault, type UnixMs } from '../../std/index.ts';
import { judgePastCrl, makeTrustBundle } from '../../trust/index.ts';
import {
  commonNameOf,
  MAX_CRL_BYTES,
  parseCertificate,
  type Certificate,
  type CertificateList,
} from '../../x509/index.ts';
import { certificatesPem, readCertificatesPem } from '../pem-file.ts';
import { readRootConfig } from './config.ts';
import { rootHome, type RootHome } from './home.ts';

/** An offline root, its key unlocked, that this process alone has open. */
export interface OpenRoot {
  readonly paths: RootHome;
  readonly trustDomain: string;
  /** From 1, as its name says. */
  readonly generation: number;
  readonly atHand: RootAtHand;
  /** The newest CRL that it has signed, and its number. */
  readonly crl: CertificateList;
  readonly crlNumber: number;
  close(): void;
}

/**
 * Opens a root's home and checks that its parts belong together. `lock`: false for one that is being built.
 * Throws LS_CONFIG_*, LS_HOME_LOCKED, LS_ROOT_HOME, LS_KEY_*, LS_FILE_*.
 */
export async function openRoot(home: string, passphrase: PassphraseSources, lock = true): Promise<OpenRoot> {
  const paths = rootHome(home);
  const { trustDomain } = await readRootConfig(home);
  const held = lock ? HomeLock.acquire(paths.home) : undefined;
  try {
    const certificate = await readRoot(paths);
    const { crl, crlNumber } = await readCrl(paths, trustDomain, certificate);
    const secret = await requirePassphrase(passphrase, `the root key of ${paths.home}`);
    const { signer } = await readKeyFile(paths.key, secret);
    if (!equalBytes(signer.spki, certificate.spki))
      throw broken(`${paths.key} is not the key of ${paths.cert}`);
    const close = (): void => held?.release();
    const generation = generationOfName(commonNameOf(certificate) ?? '');
    return { paths, trustDomain, generation, atHand: { certificate, signer }, crl, crlNumber, close };
  } catch (cause) {
    held?.release();
    throw cause;
  }
}

/** A moment in whole seconds that is not before the last one at which this root has signed a CRL. */
export function signingTime({ crl }: OpenRoot, now: UnixMs): UnixMs {
  if (now >= crl.thisUpdate) return now;
  const signedAt = new Date(crl.thisUpdate).toISOString();
  throw new LsError(
    fault('LS_ROOT_CLOCK', `it is earlier here than when this root last signed, at ${signedAt}`),
  );
}

/** Puts a certificate where the root keeps what it has signed. */
export async function keepIssued({ issuedDir }: RootHome, der: Uint8Array): Promise<string> {
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw new LsError(parsed.error);
  const file = join(issuedDir, `${parsed.value.serialHex}.pem`);
  await writeFileDurably(file, certificatesPem([der]));
  return file;
}

async function readRoot({ cert }: RootHome): Promise<Certificate> {
  const [der = new Uint8Array(), ...others] = await readCertificatesPem(cert);
  const parsed = parseCertificate(der);
  if (parsed.ok && others.length === 0) return parsed.value;
  throw broken(`${cert} does not hold one certificate`, parsed.ok ? undefined : parsed.error);
}

async function readCrl(
  paths: RootHome,
  trustDomain: string,
  root: Certificate,
): Promise<{ readonly crl: CertificateList; readonly crlNumber: number }> {
  const bundle = makeTrustBundle(trustDomain, [root.der], nodeCrypto);
  if (!bundle.ok) throw broken(`${paths.cert} is no root of ${trustDomain}`, bundle.error);
  const der = await readFileCapped(paths.crl, MAX_CRL_BYTES);
  const judged = judgePastCrl(der, [], bundle.value, nodeCrypto);
  if (!judged.ok) throw broken(`${paths.crl} is not a CRL of this root`, judged.error);
  return { crl: judged.value.list, crlNumber: judged.value.crlNumber };
}

function broken(detail: string, cause?: Fault): LsError {
  return new LsError(fault('LS_ROOT_HOME', detail, cause));
}
