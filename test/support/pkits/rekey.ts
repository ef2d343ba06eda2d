import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { derBitString, derSequence } from '../../../src/codec/index.ts';
import { equalBytes } from '../../../src/std/index.ts';
import { testKey, type TestKey } from '../crypto.ts';
import { contentOf, editDer, elementAt } from '../der-surgery.ts';
import { sealed, signatureAlgorithm } from '../forge/signed.ts';
import { pkitsFiles } from './cases.ts';

/** The suite's files by base name. */
export interface PkitsFiles {
  readonly certs: ReadonlyMap<string, Uint8Array>;
  readonly crls: ReadonlyMap<string, Uint8Array>;
}

/** The files as NIST published them: RSA with SHA-256, and DSA. */
export function publishedPkits(): PkitsFiles {
  return { certs: pkitsFiles('certs'), crls: pkitsFiles('crls') };
}

/**
 * The suite with every RSA key replaced by a P-256 key and signed anew, so that a validator which knows no RSA
 * is tested by all of it: names, dates, extensions, identifiers and their criticality stay byte for byte. An
 * object whose published signature is by none of the suite's keys gets one that is not valid either. What has or was
 * signed with a DSA key stays as it is.
 */
export function rekeyedPkits(): PkitsFiles {
  const published = publishedPkits();
  const keys = rsaKeysOf([...published.certs.values()]);
  const certs = mapValues(published.certs, (der) => resigned(withNewKey(der, keys), der, 1, keys));
  const crls = mapValues(published.crls, (der) => resigned(der, der, 0, keys));
  return { certs, crls };
}

interface ReplacedKey {
  readonly spki: Uint8Array;
  /** DER of the Name of a subject that has the key, in hexadecimal. */
  readonly subject: string;
  readonly original: KeyObject;
  readonly replacement: TestKey;
}

const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
/** An ECDSA-Sig-Value with r = s = 1: well-formed, and valid for nothing. */
const NO_SIGNATURE = derBitString(Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1));

function rsaKeysOf(certificates: readonly Uint8Array[]): readonly ReplacedKey[] {
  const holders = new Map(certificates.map((der) => [hex(spkiOf(der)), der]));
  return [...holders.values()].flatMap((der) => {
    const spki = spkiOf(der);
    const original = publicKey(spki);
    if (original?.asymmetricKeyType !== 'rsa') return [];
    const subject = hex(elementAt(der, [0, spkiIndex(der) - 1]));
    return [{ spki, subject, original, replacement: testKey() }];
  });
}

/** Undefined for the one key of the suite that inherits its DSA parameters. */
function publicKey(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function withNewKey(der: Uint8Array, keys: readonly ReplacedKey[]): Uint8Array {
  const known = keys.find(({ spki }) => equalBytes(spki, spkiOf(der)));
  return known === undefined ? der : editDer(der, [0, spkiIndex(der)], () => known.replacement.spki);
}

/**
 * `der` signed by the replacement of the key that signed `published`. `unversioned`: position of the algorithm in
 * a TBS without version; the issuer follows it.
 */
function resigned(
  der: Uint8Array,
  published: Uint8Array,
  unversioned: number,
  keys: readonly ReplacedKey[],
): Uint8Array {
  if (!equalBytes(elementAt(published, [1]), SHA256_WITH_RSA)) return der;
  const position = unversioned + (hasVersion(der, unversioned) ? 1 : 0);
  const algorithm = signatureAlgorithm('ES256');
  const tbs = elementAt(
    editDer(der, [0, position], () => algorithm),
    [0],
  );
  const signer = signerOf(published, hex(elementAt(published, [0, position + 1])), keys);
  return signer === undefined ? derSequence(tbs, algorithm, NO_SIGNATURE) : sealed(tbs, signer, 'ES256');
}

/** A certificate's version is tagged [0]; a CRL's is its first INTEGER. */
function hasVersion(der: Uint8Array, unversioned: number): boolean {
  return elementAt(der, [0, 0])[0] === (unversioned === 1 ? 0xa0 : 0x02);
}

/** The key that made the published signature; those of the issuer named are tried first. */
function signerOf(published: Uint8Array, issuer: string, keys: readonly ReplacedKey[]): TestKey | undefined {
  const tbs = elementAt(published, [0]);
  const bits = contentOf(elementAt(published, [2]));
  if (bits[0] !== 0) return undefined;
  const signed = ({ original }: ReplacedKey): boolean => verify('sha256', tbs, original, bits.subarray(1));
  const signer = keys.find((key) => key.subject === issuer && signed(key)) ?? keys.find(signed);
  return signer?.replacement;
}

function spkiOf(der: Uint8Array): Uint8Array {
  return elementAt(der, [0, spkiIndex(der)]);
}

function spkiIndex(der: Uint8Array): number {
  return hasVersion(der, 1) ? 6 : 5;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function mapValues(
  files: ReadonlyMap<string, Uint8Array>,
  change: (der: Uint8Array) => Uint8Array,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...files].map(([name, der]) => [name, change(der)]));
}
