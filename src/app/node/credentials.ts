import { rename, unlink } from 'node:fs/promises';
import { decodePem, encodePem } from '../../codec/index.ts';
import { generateKey } from '../../io/crypto/index.ts';
import { readFileCapped, syncDirectory, writeFileDurably } from '../../io/files/index.ts';
import { readKeyFile, writeKeyFile, type LoadedKey } from '../../io/keys/index.ts';
import { equalBytes, fault, LsError } from '../../std/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import type { NodeHome } from '../node-home.ts';

const MAX_PEM_BYTES = 64 * 1024;
const MAX_SUCCESSION_BYTES = 64 * 1024;
const PUBLIC_FILE = 0o644;

/** What a node presents: its key, its chain and how it came from earlier keys. */
export interface NodeCredentials {
  readonly key: LoadedKey;
  /** DER, leaf first, without the root. */
  readonly chain: readonly Uint8Array[];
  /** Successor statements of earlier keys, oldest first. */
  readonly succession: readonly Uint8Array[];
}

/** Reads key, certificate and chain, and finishes a renewal that a crash interrupted. */
export async function readCredentials(home: NodeHome): Promise<NodeCredentials> {
  const chain = [...(await readCertificates(home.cert)), ...(await readCertificates(home.chain))];
  const [leaf] = chain;
  const spki = leaf === undefined ? undefined : spkiOf(leaf);
  if (spki === undefined) throw incomplete(`${home.cert} holds no certificate`);
  const succession = await readSuccession(home.succession);
  const next = await readIfThere(home.nextKey);
  if (next !== undefined && equalBytes(next.signer.spki, spki)) {
    await rename(home.nextKey, home.key);
    await syncDirectory(home.home);
    return { key: next, chain, succession };
  }
  const key = await readKeyFile(home.key);
  if (!equalBytes(key.signer.spki, spki)) throw incomplete(`${home.key} is not the key of ${home.cert}`);
  return { key, chain, succession };
}

/** The key of a renewal under way: the same one until it succeeds, so that the CA can answer twice. */
export async function nextKey(home: NodeHome): Promise<LoadedKey> {
  const waiting = await readIfThere(home.nextKey);
  if (waiting !== undefined) return waiting;
  await writeKeyFile(home.nextKey, generateKey('ES256').pkcs8);
  return readKeyFile(home.nextKey);
}

/**
 * Puts a renewed certificate into force on disk. A crash at any moment leaves either the old pair of key and
 * certificate, or the new certificate with its key still under its waiting name, which {@link readCredentials} finishes.
 */
export async function keepRenewal(
  home: NodeHome,
  chain: readonly Uint8Array[],
  succession: readonly Uint8Array[],
): Promise<void> {
  const [leaf, ...issuers] = chain;
  if (leaf === undefined) throw incomplete('the CA sent no certificate');
  const statements = succession.map((statement) => Buffer.from(statement).toString('base64'));
  await writeFileDurably(home.succession, `${JSON.stringify(statements)}\n`);
  await writeFileDurably(home.chain, pemOf(issuers), { mode: PUBLIC_FILE });
  await writeFileDurably(home.cert, pemOf([leaf]), { mode: PUBLIC_FILE });
  await rename(home.nextKey, home.key);
  await syncDirectory(home.home);
}

/** Forgets the key of a renewal that the CA refused for good. */
export async function dropNextKey(home: NodeHome): Promise<void> {
  await unlink(home.nextKey).catch(() => undefined);
}

/** The Ed25519 key of the node's ledger, made at the first start. */
export async function logKey(home: NodeHome): Promise<LoadedKey> {
  const known = await readIfThere(home.logKey);
  if (known !== undefined) return known;
  await writeKeyFile(home.logKey, generateKey('Ed25519').pkcs8);
  return readKeyFile(home.logKey);
}

/** DER of every certificate in a PEM file. */
export async function readCertificates(path: string): Promise<readonly Uint8Array[]> {
  const text = Buffer.from(await readFileCapped(path, MAX_PEM_BYTES)).toString('utf8');
  const blocks = decodePem(text);
  if (!blocks.ok) throw new LsError(blocks.error);
  return blocks.value.filter((block) => block.label === 'CERTIFICATE').map((block) => block.der);
}

async function readSuccession(path: string): Promise<readonly Uint8Array[]> {
  const bytes = await readFileCapped(path, MAX_SUCCESSION_BYTES).catch(undefinedIfMissing);
  if (bytes === undefined) return [];
  const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!Array.isArray(parsed) || !parsed.every((item) => typeof item === 'string')) {
    throw incomplete(`${path} is not readable`);
  }
  return parsed.map((item) => new Uint8Array(Buffer.from(item, 'base64')));
}

async function readIfThere(path: string): Promise<LoadedKey | undefined> {
  return readKeyFile(path).catch(undefinedIfMissing);
}

function undefinedIfMissing(cause: unknown): undefined {
  if (cause instanceof LsError && cause.code === 'LS_FILE_NOT_FOUND') return undefined;
  throw cause;
}

function spkiOf(der: Uint8Array): Uint8Array {
  const parsed = parseCertificate(der);
  if (!parsed.ok) throw new LsError(parsed.error);
  return parsed.value.spki;
}

function pemOf(certificates: readonly Uint8Array[]): string {
  return certificates.map((der) => encodePem('CERTIFICATE', der)).join('');
}

function incomplete(what: string): LsError {
  return new LsError(fault('LS_NODE_HOME_INCOMPLETE', what));
}
