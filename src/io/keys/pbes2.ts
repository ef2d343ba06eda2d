import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import {
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derUnsigned,
  readDer,
  type DerReader,
} from '../../codec/index.ts';
import { concatBytes, equalBytes, type Fault, type Result } from '../../std/index.ts';
import type { Passphrase } from './passphrase.ts';

/** Rounds of PBKDF2. node:crypto's own export is fixed at 2,048. Source: OWASP Password Storage Cheat Sheet (2023). */
export const PBKDF2_ITERATIONS = 600_000;

const SALT_BYTES = 16;
const KEY_BYTES = 32;
const IV_BYTES = 16;

const OID_PBES2 = '1.2.840.113549.1.5.13';
const OID_PBKDF2 = '1.2.840.113549.1.5.12';
const OID_HMAC_SHA256 = '1.2.840.113549.2.9';
const OID_AES256_CBC = '2.16.840.1.101.3.4.1.42';

const deriveAnew = promisify(pbkdf2);

interface Derivation {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly key: Promise<Buffer>;
}

/**
 * What was derived from a passphrase, for as long as somebody holds it: the keys of one home share a salt, because
 * 600,000 rounds for each of them is what a start would mostly wait for. Who guesses the passphrase of one has that
 * of all in any case.
 */
const derived = new WeakMap<Passphrase, Derivation>();

function derive(passphrase: Passphrase, salt: Uint8Array, iterations: number): Promise<Buffer> {
  const known = derived.get(passphrase);
  if (known?.iterations === iterations && equalBytes(known.salt, salt)) return known.key;
  const key = deriveAnew(passphrase, salt, iterations, KEY_BYTES, 'sha256');
  derived.set(passphrase, { salt, iterations, key });
  return key;
}

/**
 * DER EncryptedPrivateKeyInfo around a DER PrivateKeyInfo: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, under a
 * fresh IV, and under the salt that this very passphrase object was used with before, else a fresh one. OpenSSL
 * reads it. Source: RFC 5958 §3, RFC 8018 §6.2 and appendices A.2, A.4, B.2.5.
 */
export async function encryptPkcs8(pkcs8: Uint8Array, passphrase: Passphrase): Promise<Uint8Array> {
  const { scheme, encrypted } = await sealPbes2(pkcs8, passphrase);
  return derSequence(scheme, derOctetString(encrypted));
}

/** What PBES2 makes of some bytes, salt and IV as in {@link encryptPkcs8}. */
export interface SealedBytes {
  /** DER AlgorithmIdentifier, with all that the passphrase needs to open it. */
  readonly scheme: Uint8Array;
  readonly encrypted: Uint8Array;
}

/** Encrypts, and does not authenticate: who reads it has to have another reason to believe it. */
export async function sealPbes2(bytes: Uint8Array, passphrase: Passphrase): Promise<SealedBytes> {
  const known = derived.get(passphrase);
  const salt = known?.iterations === PBKDF2_ITERATIONS ? known.salt : randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const key = await derive(passphrase, salt, PBKDF2_ITERATIONS);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const cipherScheme = algorithm(OID_AES256_CBC, derOctetString(iv));
  const scheme = algorithm(OID_PBES2, derSequence(keyDerivation(salt), cipherScheme));
  return { scheme, encrypted: concatBytes(cipher.update(bytes), cipher.final()) };
}

/** Iterations beyond this are taken for damage: they would keep a thread busy for minutes. */
const MAX_ITERATIONS = 100_000_000;
const MAX_ENCRYPTED_BYTES = 64 * 1024;

/**
 * The PrivateKeyInfo that {@link encryptPkcs8} put away, its key derived outside of the event loop. Undefined for an
 * EncryptedPrivateKeyInfo of another shape, which only OpenSSL can open, and for a wrong passphrase.
 */
export async function decryptPkcs8(der: Uint8Array, passphrase: Passphrase): Promise<Uint8Array | undefined> {
  const read = readEncrypted(der);
  if (!read.ok) return undefined;
  const { salt, iterations, iv, encrypted } = read.value;
  const key = await derive(passphrase, salt, iterations);
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return new Uint8Array(Buffer.concat([decipher.update(encrypted), decipher.final()]));
  } catch {
    return undefined;
  }
}

interface Encrypted {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly iv: Uint8Array;
  readonly encrypted: Uint8Array;
}

function readEncrypted(der: Uint8Array): Result<Encrypted, Fault> {
  return readDer('EncryptedPrivateKeyInfo', der, MAX_ENCRYPTED_BYTES, (reader) =>
    reader.sequence((info) => {
      const parameters = info.sequence((scheme) => {
        expectOid(scheme, OID_PBES2);
        return scheme.sequence((parts) => ({ ...readKeyDerivation(parts), iv: readCipher(parts) }));
      });
      return { ...parameters, encrypted: info.octetString() };
    }),
  );
}

function readKeyDerivation(parts: DerReader): Pick<Encrypted, 'salt' | 'iterations'> {
  return parts.sequence((kdf) => {
    expectOid(kdf, OID_PBKDF2);
    return kdf.sequence((values) => {
      const salt = values.octetString();
      const iterations = values.unsigned(MAX_ITERATIONS);
      values.sequence((prf) => {
        expectOid(prf, OID_HMAC_SHA256);
        prf.null();
      });
      return { salt, iterations };
    });
  });
}

function readCipher(parts: DerReader): Uint8Array {
  return parts.sequence((cipher) => {
    expectOid(cipher, OID_AES256_CBC);
    const iv = cipher.octetString();
    if (iv.length !== IV_BYTES) throw cipher.refusal('LS_KEY_FORMAT', 'an IV of another length');
    return iv;
  });
}

function expectOid(reader: DerReader, wanted: string): void {
  const found = reader.oid();
  if (found !== wanted) throw reader.refusal('LS_KEY_FORMAT', `${found} where ${wanted} is read`);
}

function keyDerivation(salt: Uint8Array): Uint8Array {
  const prf = algorithm(OID_HMAC_SHA256, derNull());
  return algorithm(OID_PBKDF2, derSequence(derOctetString(salt), derUnsigned(PBKDF2_ITERATIONS), prf));
}

/** AlgorithmIdentifier. */
function algorithm(oid: string, parameters: Uint8Array): Uint8Array {
  return derSequence(derOid(oid), parameters);
}
