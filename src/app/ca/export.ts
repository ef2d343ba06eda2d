import { join, resolve } from 'node:path';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { isThere } from '../../io/files/index.ts';
import {
  findPassphrase,
  makePkcs12,
  readKeyFile,
  requirePassphrase,
  type PassphraseSources,
} from '../../io/keys/index.ts';
import { equalBytes, fault, LsError } from '../../std/index.ts';
import { commonNameOf, parseCertificate, verifySigned, type Certificate } from '../../x509/index.ts';
import { writeNewFile } from '../new-file.ts';
import { readCertificatesPem } from '../pem-file.ts';
import { administerCa } from './admin.ts';

export interface ExportRequest {
  readonly name: string;
  /** Where key and certificate may be, in the order in which they are looked for: node homes, operators' directories. */
  readonly directories: readonly string[];
  /** A file that is not there yet. */
  readonly file: string;
  /** Of the file. */
  readonly passphrase: PassphraseSources;
  /** Of a key that is encrypted. */
  readonly keyPassphrase: PassphraseSources;
  /** The CA whose ledger is to say so, if it is on this machine. */
  readonly caHome?: string;
}

export interface ExportedKey {
  readonly file: string;
  readonly name: string;
  readonly serial: string;
  /** RFC 3339. */
  readonly notAfter: string;
  /** In the file, the one of the key included. */
  readonly certificates: number;
  /** The ledger of the CA has a row about it. */
  readonly recorded: boolean;
}

const KEY = 'key.pem';
const NOT_OURS: readonly string[] = ['LS_CA_UNKNOWN_SUBJECT', 'LS_CEREMONY_AWAITED'];
/** Leaf, issuing CA, root, and another root while one is replaced. */
const MAX_CHAIN = 4;

/**
 * Puts a key that is on this machine, its certificate and the chain to the root into a PKCS#12 file, 0600.
 * Throws LS_EXPORT_SOURCE, LS_EXPORT_EXISTS, LS_EXPORT_PASSPHRASE, LS_KEY_*, LS_FILE_*, LS_PEM_*, and with a CA home what
 * administerCa throws; then there is no file.
 */
export async function exportPkcs12(request: ExportRequest): Promise<ExportedKey> {
  const directory = await findDirectory(request);
  const file = resolve(request.file);
  await refuseExisting(file);
  const chain = await readChain(directory);
  const [leaf] = chain;
  const name = commonNameOf(leaf);
  if (name !== request.name) {
    throw source(`${directory} is of ${JSON.stringify(name ?? '')}, not of ${request.name}`);
  }
  const key = await readPrivateKey(directory, leaf, request.keyPassphrase);
  const passphrase = await requirePassphrase(request.passphrase, `the file ${file}`, true);
  const [first, ...others] = chain.map(({ der }) => der);
  const certificates = [first ?? leaf.der, ...others] as const;
  const pfx = await makePkcs12({ pkcs8: key, certificates, friendlyName: name }, passphrase);
  const recorded = await record(request.caHome, leaf);
  await writeNewFile(file, pfx, 'LS_EXPORT_EXISTS');
  const notAfter = new Date(leaf.notAfter).toISOString();
  return { file, name, serial: leaf.serialHex, notAfter, certificates: chain.length, recorded };
}

async function findDirectory({ name, directories }: ExportRequest): Promise<string> {
  for (const directory of directories) {
    if (await isThere(join(directory, KEY))) return resolve(directory);
  }
  throw source(`there is no key of ${name} in ${directories.join(', ')}`);
}

async function refuseExisting(file: string): Promise<void> {
  if (await isThere(file)) throw new LsError(fault('LS_EXPORT_EXISTS', `${file} is there already`));
}

/** The certificate, and above it each one that has signed the one before, up to a root. */
async function readChain(directory: string): Promise<readonly [Certificate, ...Certificate[]]> {
  const files = ['cert.pem', 'chain.pem', 'root.pem'].map((file) => join(directory, file));
  const found: Certificate[] = [];
  for (const file of files) {
    if (!(await isThere(file))) continue;
    for (const der of await readCertificatesPem(file)) {
      const parsed = parseCertificate(der);
      if (!parsed.ok) throw new LsError({ ...parsed.error, detail: `${file}: ${parsed.error.detail}` });
      found.push(parsed.value);
    }
  }
  const [leaf] = found;
  if (leaf === undefined) throw source(`there is no certificate in ${directory}`);
  const chain: [Certificate, ...Certificate[]] = [leaf];
  for (let last = leaf; !isSelfSigned(last);) {
    const issuer = found.find((each) => hasSigned(each, last));
    if (issuer === undefined || chain.length === MAX_CHAIN) {
      throw source(`the certificates in ${directory} do not lead to a root`);
    }
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

function hasSigned(issuer: Certificate, certificate: Certificate): boolean {
  return equalBytes(issuer.subject, certificate.issuer) && verifySigned(nodeCrypto, certificate, issuer.spki);
}

function isSelfSigned(certificate: Certificate): boolean {
  return equalBytes(certificate.issuer, certificate.subject);
}

async function readPrivateKey(
  directory: string,
  leaf: Certificate,
  sources: PassphraseSources,
): Promise<Uint8Array> {
  const path = join(directory, KEY);
  const loaded = await readKeyFile(path).catch(async (cause: unknown) => {
    if (!(cause instanceof LsError) || cause.code !== 'LS_KEY_NO_PASSPHRASE') throw cause;
    return readKeyFile(path, await findPassphrase(sources, `the key ${path}`));
  });
  if (!equalBytes(loaded.signer.spki, leaf.spki))
    throw source(`${path} is not the key of the certificate beside it`);
  return new Uint8Array(loaded.key.export({ format: 'der', type: 'pkcs8' }));
}

async function record(caHome: string | undefined, { serialHex }: Certificate): Promise<boolean> {
  if (caHome === undefined) return false;
  const call = { method: 'POST', path: '/v1/exports', body: { serial: serialHex } } as const;
  try {
    await administerCa({ home: caHome, call });
    return true;
  } catch (cause) {
    // A home on this machine need not be that of the CA which issued the certificate.
    if (cause instanceof LsError && NOT_OURS.includes(cause.code)) return false;
    throw cause;
  }
}

function source(detail: string): LsError {
  return new LsError(fault('LS_EXPORT_SOURCE', detail));
}
