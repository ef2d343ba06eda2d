import {
  bytesShape,
  decodeBase64Url,
  decodeCbor,
  encodeBase64Url,
  encodeCbor,
  listShape,
  mappedShape,
  textShape,
  tupleShape,
  uintShape,
  type CborLimits,
} from '../codec/index.ts';
import { err, fault, fromHex, ok, parseNodeName, toHex } from '../std/index.ts';
import type { CryptoPort, Fault, NodeName, Result } from '../std/index.ts';

export const TOKEN_ID_BYTES = 16;
export const TOKEN_SECRET_BYTES = 32;
export const MAX_TOKEN_URLS = 8;
export const MAX_TOKEN_URL_BYTES = 256;
/** Longest token text: the CBOR of eight longest URLs in base64url. */
export const MAX_TOKEN_CHARACTERS = 4096;

const PREFIX = 'ls1.';
const VERSION = 1;
const SHA256_BYTES = 32;
const MAX_NAME_BYTES = 63;
const LIMITS: CborLimits = { maxBytes: MAX_TOKEN_CHARACTERS, maxDepth: 2, maxItems: 8 + MAX_TOKEN_URLS };

/** All that a new node needs to reach and recognise its CA, and to be recognised once. Secret as a whole. */
export interface EnrollmentToken {
  /** `https://HOST:PORT`, most preferred first, 1 to MAX_TOKEN_URLS. */
  readonly urls: readonly string[];
  /** SHA-256 of the root certificate's DER. */
  readonly rootSha256: Uint8Array;
  /** TOKEN_ID_BYTES as hex digits. */
  readonly tokenId: string;
  readonly secret: Uint8Array;
  readonly name: NodeName;
}

interface TokenFields extends EnrollmentToken {
  readonly version: number;
}

const tokenShape = tupleShape<TokenFields>({
  version: uintShape(VERSION, VERSION),
  urls: listShape(textShape(MAX_TOKEN_URL_BYTES), 1, MAX_TOKEN_URLS),
  rootSha256: bytesShape(SHA256_BYTES),
  tokenId: mappedShape(
    bytesShape(TOKEN_ID_BYTES),
    toHex,
    (tokenId) => fromHex(tokenId) ?? new Uint8Array(),
    'a token id',
  ),
  secret: bytesShape(TOKEN_SECRET_BYTES),
  name: mappedShape<string, NodeName>(
    textShape(MAX_NAME_BYTES),
    parseNodeName,
    (name) => name,
    'a node name',
  ),
});

/** `ls1.` and the base64url of deterministic CBOR `[1, urls, rootSha256, tokenId, secret, name]`. */
export function encodeToken(token: EnrollmentToken): string {
  return PREFIX + encodeBase64Url(encodeCbor(tokenShape.encode({ version: VERSION, ...token })));
}

/** Errors: LS_TOKEN_MALFORMED, whatever is wrong; the detail never repeats any of the text. */
export function decodeToken(text: string): Result<EnrollmentToken, Fault> {
  if (text.length > MAX_TOKEN_CHARACTERS) return malformed('it is longer than any token');
  if (!text.startsWith(PREFIX)) return malformed('it does not start with ls1.');
  const bytes = decodeBase64Url(text.slice(PREFIX.length));
  if (bytes === undefined) return malformed('a character is missing or wrong');
  const cbor = decodeCbor(bytes, LIMITS);
  if (!cbor.ok) return malformed('its content is damaged');
  const fields = tokenShape.decode(cbor.value, 'token');
  if (!fields.ok) return malformed('its content is damaged');
  const { urls, rootSha256, tokenId, secret, name } = fields.value;
  return ok({ urls, rootSha256, tokenId, secret, name });
}

/**
 * What the CSR carries as challengePassword: base64url of HMAC-SHA-256 of its SubjectPublicKeyInfo under the
 * token's secret. A token seen on its way can so not be redeemed for another key.
 */
export function tokenBinding(crypto: CryptoPort, secret: Uint8Array, spki: Uint8Array): string {
  return encodeBase64Url(crypto.hmacSha256(secret, spki));
}

function malformed(why: string): Result<EnrollmentToken, Fault> {
  return err(fault('LS_TOKEN_MALFORMED', `this is not an enrollment token: ${why}`));
}
