import {
  importAuthority,
  MAX_IMPORTED,
  type ImportedFiles,
  type InitialisedAuthority,
} from '../../authority/index.ts';
import type { IssuingJson, RolloverJson, RootJson } from '../../api/ca/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { HomeLock, writeFileDurably } from '../../io/files/index.ts';
import type { PassphraseSources } from '../../io/keys/index.ts';
import { systemRandom } from '../../io/system/index.ts';
import { equalBytes, fault, LsError, toHex, type UnixMs } from '../../std/index.ts';
import { MAX_CRL_BYTES, parseCertificate, parseCrl } from '../../x509/index.ts';
import { readBlocks } from '../der-or-pem.ts';
import { certificatesPem, readCertificatesPem } from '../pem-file.ts';
import { administerCa } from './admin.ts';
import { isAwaiting } from './awaiting.ts';
import { readCaConfig } from './config.ts';
import { caHome, type CaHome } from './home.ts';
import { generationOfKey, issuingKeyName, keyNamesIn } from './key-names.ts';
import { CaKeys, keySecrets } from './key-store.ts';
import { openCaLog, openLogKey, rawLogKey } from './log-key.ts';
import { readProfiles } from './profile-files.ts';
import { openCaStore } from './store.ts';
import { hostOfUrl } from './url.ts';

export interface ImportCaRequest {
  readonly home: string;
  /** PEM or DER: certificates and CRLs of the root, in any order. */
  readonly files: readonly string[];
  /** What the root's certificate has to have as SHA-256: 64 hex digits. */
  readonly rootSha256?: string;
  readonly passphrase: PassphraseSources;
  readonly now: () => UnixMs;
}

/** What an import has done. */
export interface ImportedCa {
  readonly home: string;
  readonly trustDomain: string;
  readonly rootSha256: string;
  /** The CA began with it; else only a CRL of the root was taken. */
  readonly isNew: boolean;
  readonly rootCrl: RootCrlJson | null;
  /** The next issuing CA, when it was the root's certificate for that. */
  readonly prepared: IssuingJson | null;
  /** The next root. */
  readonly preparedRoot: RootJson | null;
}

/** The answer of `POST /v1/root-crl`. */
export interface RootCrlJson {
  readonly number: number;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly revoked: number;
  readonly isNews: boolean;
  readonly endsIssuing: boolean;
}

/**
 * Makes a home that awaits its certificate a CA, or has a CA take a newer CRL of its root. Run again with the same
 * files it changes nothing, and ends what was interrupted.
 *
 * Throws LS_CEREMONY_*, LS_CA_*, LS_CRL_*, LS_TRUST_*, LS_X509_* with nothing changed; LS_FILE_*, LS_PEM_*, LS_KEY_*.
 */
export async function importCa(request: ImportCaRequest): Promise<ImportedCa> {
  const paths = caHome(request.home);
  const files = await readFiles(request.files);
  await readCaConfig(request.home);
  if (request.rootSha256 !== undefined) checkRoot(request.rootSha256, files, paths);
  if (!(await isAwaiting(paths))) return takeLater(paths, files, request.passphrase);
  const lock = HomeLock.acquire(paths.home);
  try {
    const made = await begin(paths, files, request);
    await writeFileDurably(paths.rootCert, certificatesPem(made.roots));
    await writeFileDurably(paths.issuingCert, certificatesPem([made.issuing]));
    const { trustDomain } = made;
    const rootSha256 = toHex(made.rootSha256);
    return {
      home: paths.home,
      trustDomain,
      rootSha256,
      isNew: true,
      rootCrl: null,
      prepared: null,
      preparedRoot: null,
    };
  } finally {
    lock.release();
  }
}

async function begin(
  paths: CaHome,
  files: ImportedFiles,
  { home, passphrase, now }: ImportCaRequest,
): Promise<InitialisedAuthority> {
  const config = await readCaConfig(home);
  const profiles = await readProfiles(paths.profiles);
  const ring = new CaKeys(paths, config.keyStore, keySecrets(paths.home, passphrase, passphrase));
  const store = await openCaStore(paths, config.store);
  try {
    await ring.askAhead(['issuing', 'log']);
    const issuing = await ring.open('issuing');
    const signer = await openLogKey(ring);
    const { trustDomain, urls, crlUrl, permitDns, intervalMinMs, intervalMaxMs } = config;
    const made = await importAuthority(
      {
        store,
        keys: { issuing: [issuing] },
        profiles,
        crypto: nodeCrypto,
        random: systemRandom,
        config: { urls, intervalMinMs, intervalMaxMs },
      },
      {
        ...{ trustDomain, permittedDns: permitDns, crlUrl, files },
        hosts: urls.map(hostOfUrl),
        logKey: rawLogKey(signer),
      },
      now(),
    );
    if (!made.ok) throw new LsError(made.error);
    await (await openCaLog({ paths, store, signer, trustDomain })).advance();
    return made.value;
  } finally {
    ring.close();
    await store.close();
  }
}

/** A CA that is one already: the CRL counts, and a certificate only for the next issuing CA that it has asked for. */
async function takeLater(
  paths: CaHome,
  { certificates, crls }: ImportedFiles,
  passphrase: PassphraseSources,
): Promise<ImportedCa> {
  const own = [
    ...(await readCertificatesPem(paths.rootCert)),
    ...(await readCertificatesPem(paths.issuingCert)),
  ];
  const [root = new Uint8Array()] = own;
  const strange = certificates.filter((der) => !own.some((each) => equalBytes(each, der)));
  const next = nextRootIn(strange);
  if (next !== undefined) return takeRoot(paths, root, { ...next, crls }, passphrase);
  const [certificate, ...more] = strange;
  const mayBeNext = certificate !== undefined && more.length === 0 && !isSelfIssued(certificate);
  if (certificate !== undefined && !(mayBeNext && (await hasAsked(paths)))) {
    throw new LsError(fault('LS_CEREMONY_DONE', `${paths.home} has other certificates already`));
  }
  const [crl, ...others] = crls;
  if (crl === undefined || others.length > 0) {
    throw new LsError(fault('LS_CEREMONY_FILES', `${crls.length} CRLs where that of the root belongs`));
  }
  const { trustDomain } = await readCaConfig(paths.home);
  const rootSha256 = toHex(nodeCrypto.sha256(root));
  const done = {
    home: paths.home,
    trustDomain,
    rootSha256,
    isNew: false,
    rootCrl: null,
    prepared: null,
    preparedRoot: null,
  };
  if (certificate === undefined) {
    const call = { method: 'POST', path: '/v1/root-crl', body: { crl: base64Of(crl) } } as const;
    return { ...done, rootCrl: (await administerCa({ home: paths.home, call })) as RootCrlJson };
  }
  const body = { certificate: base64Of(certificate), rootCrl: base64Of(crl) };
  const call = { method: 'POST', path: '/v1/rollover/prepare', body } as const;
  return { ...done, prepared: (await administerCa({ home: paths.home, call, passphrase })) as IssuingJson };
}

interface NextRoot {
  readonly certificate: Uint8Array;
  readonly cross: Uint8Array;
}

/** A self-signed certificate and another one of the same name: a root, and who vouches for it. */
function nextRootIn(certificates: readonly Uint8Array[]): NextRoot | undefined {
  const [certificate, ...otherRoots] = certificates.filter(isSelfIssued);
  const [cross, ...others] = certificates.filter((der) => !isSelfIssued(der));
  if (certificate === undefined || cross === undefined || otherRoots.length + others.length > 0)
    return undefined;
  return equalBytes(subjectOf(certificate), subjectOf(cross)) ? { certificate, cross } : undefined;
}

/** The CRL of the root that vouches comes with the cross certificate, if it is news; that of the new root has to. */
async function takeRoot(
  { home }: CaHome,
  genesis: Uint8Array,
  { certificate, cross, crls }: NextRoot & { readonly crls: readonly Uint8Array[] },
  passphrase: PassphraseSources,
): Promise<ImportedCa> {
  const name = subjectOf(certificate);
  const [own, ...more] = crls.filter((der) => equalBytes(issuerOfCrl(der), name));
  if (own === undefined || more.length > 0)
    throw new LsError(fault('LS_CEREMONY_FILES', 'the CRL of the new root is wanted too (`pki root crl`)'));
  for (const crl of crls.filter((der) => der !== own)) {
    const call = { method: 'POST', path: '/v1/root-crl', body: { crl: base64Of(crl) } } as const;
    await administerCa({ home, call });
  }
  const made = { certificate: base64Of(certificate), cross: base64Of(cross), rootCrl: base64Of(own) };
  const call = { method: 'POST', path: '/v1/rollover/root', body: { made } } as const;
  const preparedRoot = (await administerCa({ home, call, passphrase })) as RootJson;
  const { trustDomain } = await readCaConfig(home);
  const rootSha256 = toHex(nodeCrypto.sha256(genesis));
  return { home, trustDomain, rootSha256, isNew: false, rootCrl: null, prepared: null, preparedRoot };
}

function subjectOf(der: Uint8Array): Uint8Array {
  const parsed = parseCertificate(der);
  if (parsed.ok) return parsed.value.subject;
  throw new LsError(parsed.error);
}

function issuerOfCrl(der: Uint8Array): Uint8Array {
  const parsed = parseCrl(der);
  if (parsed.ok) return parsed.value.issuer;
  throw new LsError(parsed.error);
}

/** Whether `pki rollover prepare --root-csr` has made a key that is no CA's yet. */
async function hasAsked({ home, keysDir }: CaHome): Promise<boolean> {
  const call = { method: 'GET', path: '/v1/rollover' } as const;
  const { generations } = (await administerCa({ home, call })) as RolloverJson;
  const known = generations.map(({ generation }) => issuingKeyName(generation));
  const made = await keyNamesIn(keysDir);
  return made.some((name) => generationOfKey(name) !== undefined && !known.some((each) => each === name));
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function checkRoot(expected: string, { certificates }: ImportedFiles, { home }: CaHome): void {
  const wanted = expected.replaceAll(/[: ]/g, '').toLowerCase();
  const roots = certificates.filter(isSelfIssued).map((der) => toHex(nodeCrypto.sha256(der)));
  if (roots.length > 0 && roots.every((sha256) => sha256 === wanted)) return;
  const found = roots.length === 0 ? 'no root' : `root ${roots.join(', ')}`;
  throw new LsError(
    fault('LS_CEREMONY_ROOT', `${found} is to be imported into ${home}, not ${wanted.slice(0, 64)}`),
  );
}

function isSelfIssued(der: Uint8Array): boolean {
  const parsed = parseCertificate(der);
  return parsed.ok && equalBytes(parsed.value.issuer, parsed.value.subject);
}

/** PEM blocks as their labels say; DER as what it parses as. */
async function readFiles(paths: readonly string[]): Promise<ImportedFiles> {
  const certificates: Uint8Array[] = [];
  const crls: Uint8Array[] = [];
  if (paths.length > MAX_IMPORTED) {
    throw new LsError(fault('LS_CEREMONY_FILES', `${paths.length} files; at most ${MAX_IMPORTED} are read`));
  }
  for (const path of paths) {
    const { blocks, bytes } = await readBlocks(path, MAX_CRL_BYTES);
    if (blocks === undefined) (parseCertificate(bytes).ok ? certificates : crls).push(bytes);
    for (const { label, der } of blocks ?? []) {
      if (label === 'CERTIFICATE') certificates.push(der);
      else if (label === 'X509 CRL') crls.push(der);
      else throw new LsError(fault('LS_CEREMONY_FILES', `${path} holds a ${label}`));
    }
  }
  return { certificates, crls };
}
