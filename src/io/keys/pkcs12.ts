import { createHmac, hash, randomBytes } from 'node:crypto';
import {
  contextPrimitive,
  derContext,
  derElement,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  derSetOf,
  derTag,
  derUnsigned,
} from '../../codec/index.ts';
import { concatBytes, fault, fromUtf8, LsError } from '../../std/index.ts';
import type { Passphrase } from './passphrase.ts';
import { encryptPkcs8, PBKDF2_ITERATIONS, sealPbes2 } from './pbes2.ts';

/** What a PKCS#12 file is to hold. The key is secret. */
export interface Pkcs12Content {
  /** DER PrivateKeyInfo. */
  readonly pkcs8: Uint8Array;
  /** DER: that of the key first, then each one's issuer. */
  readonly certificates: readonly [Uint8Array, ...Uint8Array[]];
  /** What programs call the entry; ASCII. */
  readonly friendlyName: string;
}

/**
 * Rounds of the derivation for the MAC. It is guessed at as well as the one for encryption, so it has as many; Java
 * reads up to 5,000,000.
 */
export const PKCS12_ITERATIONS = PBKDF2_ITERATIONS;
/** Two blocks of SHA-256 in the derivation for the MAC; and no program stops earlier. */
export const MAX_PKCS12_PASSPHRASE = 64;

const PRINTABLE_ASCII = /^[ -~]+$/;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const BLOCK_BYTES = 64;
const MAC_KEY = 3;
const PFX_VERSION = 3;

const OID_DATA = '1.2.840.113549.1.7.1';
const OID_ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const OID_FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const OID_LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
const OID_X509_CERTIFICATE = '1.2.840.113549.1.9.22.1';
const OID_SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const OID_CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const OID_SHA256 = '2.16.840.1.101.3.4.2.1';

/**
 * DER PFX of one key and its certificates: both encrypted with PBES2 (PBKDF2-HMAC-SHA-256, AES-256-CBC), the whole under
 * an HMAC-SHA-256. OpenSSL, GnuTLS and Java read it. Blocks the thread for about a second.
 * Throws LS_EXPORT_PASSPHRASE. Source: RFC 7292 §4, §5, appendix B.
 */
export async function makePkcs12(content: Pkcs12Content, passphrase: Passphrase): Promise<Uint8Array> {
  const password = passwordOf(passphrase);
  const { pkcs8, certificates, friendlyName } = content;
  const [leaf, ...issuers] = certificates;
  const attributes = derSetOf(
    attribute(OID_FRIENDLY_NAME, derElement(derTag.bmpString, bmp(friendlyName))),
    attribute(OID_LOCAL_KEY_ID, derOctetString(digest(leaf))),
  );
  const certBags = [certBag(leaf, attributes), ...issuers.map((der) => certBag(der))];
  const sealed = await sealPbes2(derSequence(...certBags), passphrase);
  const keyBag = bag(OID_SHROUDED_KEY_BAG, await encryptPkcs8(pkcs8, passphrase), attributes);
  const safe = derSequence(
    contentInfo(OID_ENCRYPTED_DATA, encryptedData(sealed)),
    contentInfo(OID_DATA, derOctetString(derSequence(keyBag))),
  );
  return derSequence(
    derUnsigned(PFX_VERSION),
    contentInfo(OID_DATA, derOctetString(safe)),
    macData(safe, password),
  );
}

function passwordOf(passphrase: Passphrase): string {
  const text = fromUtf8(passphrase);
  if (text !== undefined && PRINTABLE_ASCII.test(text) && text.length <= MAX_PKCS12_PASSPHRASE) return text;
  throw new LsError(
    fault('LS_EXPORT_PASSPHRASE', 'this passphrase is too long, or has characters beyond printable ASCII'),
  );
}

function contentInfo(type: string, content: Uint8Array): Uint8Array {
  return derSequence(derOid(type), derContext(0, content));
}

/** Source: RFC 5652 §8. */
function encryptedData({ scheme, encrypted }: Awaited<ReturnType<typeof sealPbes2>>): Uint8Array {
  const info = derSequence(derOid(OID_DATA), scheme, derElement(contextPrimitive(0), encrypted));
  return derSequence(derUnsigned(0), info);
}

function certBag(der: Uint8Array, attributes?: Uint8Array): Uint8Array {
  const value = derSequence(derOid(OID_X509_CERTIFICATE), derContext(0, derOctetString(der)));
  return bag(OID_CERT_BAG, value, attributes);
}

function bag(type: string, value: Uint8Array, attributes?: Uint8Array): Uint8Array {
  return derSequence(derOid(type), derContext(0, value), ...(attributes === undefined ? [] : [attributes]));
}

function attribute(type: string, value: Uint8Array): Uint8Array {
  return derSequence(derOid(type), derSetOf(value));
}

function macData(safe: Uint8Array, password: string): Uint8Array {
  const salt = randomBytes(SALT_BYTES);
  const mac = createHmac('sha256', deriveMacKey(password, salt)).update(safe).digest();
  const digestInfo = derSequence(derSequence(derOid(OID_SHA256), derNull()), derOctetString(mac));
  return derSequence(digestInfo, derOctetString(salt), derUnsigned(PKCS12_ITERATIONS));
}

/** One block of hash is as long as the key that is wanted, so the steps for further ones fall away. Source: RFC 7292 appendix B.2. */
function deriveMacKey(password: string, salt: Uint8Array): Uint8Array {
  const diversifier = new Uint8Array(BLOCK_BYTES).fill(MAC_KEY);
  const secret = concatBytes(bmp(password), new Uint8Array(2));
  let key = digest(concatBytes(diversifier, filled(salt), filled(secret)));
  for (let round = 1; round < PKCS12_ITERATIONS; round++) key = digest(key);
  return key.subarray(0, HASH_BYTES);
}

/** Repeated to whole blocks. */
function filled(bytes: Uint8Array): Uint8Array {
  const length = BLOCK_BYTES * Math.ceil(bytes.length / BLOCK_BYTES);
  return Uint8Array.from({ length }, (_, at) => bytes[at % bytes.length] ?? 0);
}

/** BMPString of ASCII: two bytes a character. */
function bmp(ascii: string): Uint8Array {
  return Uint8Array.from([...ascii].flatMap((character) => [0, character.charCodeAt(0) & 0x7f]));
}

function digest(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
