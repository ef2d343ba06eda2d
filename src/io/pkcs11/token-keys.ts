import { createHash, randomBytes } from 'node:crypto';
import { toLowS } from '../../codec/index.ts';
import { fault, LsError, toHex, utf8, type SignatureAlgorithm, type Signer } from '../../std/index.ts';
import { nodeCrypto } from '../crypto/index.ts';
import { CK, type Attribute, type Handle } from './cryptoki.ts';
import { publicKeyOf, tokenAlgorithm, type TokenPublicKey } from './public-key.ts';
import type { Token, TokenSession } from './token.ts';
import type { KeyAddress } from './uri.ts';

const ID_BYTES = 16;
/** Room for what a token may answer in place of a signature. */
const MAX_ANSWER_BYTES = 512;
const MAX_FOUND = 8;

export interface TokenKey {
  readonly address: KeyAddress;
  readonly signer: Signer;
}

/**
 * Makes a key pair that stays on the token: not extractable, only to sign, under a random id.
 * Throws LS_KEY_EXISTS when a key of that label is there, LS_KEY_TOKEN_REFUSED when the token can't, and as Token.use.
 */
export function generateTokenKey(token: Token, label: string, algorithm: SignatureAlgorithm): TokenKey {
  const address = { object: label, id: new Uint8Array(randomBytes(ID_BYTES)) };
  token.allowWrites();
  token.use((session) => {
    if (find(session, [of(CK.CKA_LABEL, label)]).length > 0)
      throw new LsError(fault('LS_KEY_EXISTS', `the token holds ${JSON.stringify(label)} already`));
    const { generate: mechanism, parameters } = tokenAlgorithm(algorithm);
    const both = [of(CK.CKA_TOKEN, true), of(CK.CKA_LABEL, label), of(CK.CKA_ID, address.id)];
    session.cryptoki.C_GenerateKeyPair(
      session.handle,
      { mechanism, parameter: null },
      [...both, of(CK.CKA_VERIFY, true), of(CK.CKA_EC_PARAMS, parameters)],
      [
        ...[...both, of(CK.CKA_PRIVATE, true), of(CK.CKA_SENSITIVE, true)],
        ...[of(CK.CKA_EXTRACTABLE, false), of(CK.CKA_SIGN, true)],
        ...[of(CK.CKA_DECRYPT, false), of(CK.CKA_UNWRAP, false), of(CK.CKA_DERIVE, false)],
      ],
    );
  });
  return { address, signer: openTokenKey(token, address) };
}

/**
 * A signer whose key is on the token. Each signature is verified before anybody has it: a token that answers rubbish
 * must not publish a CRL. Throws LS_KEY_NOT_FOUND, LS_KEY_STORE_AMBIGUOUS, LS_KEY_FORMAT, and as Token.use.
 */
export function openTokenKey(token: Token, address: KeyAddress): Signer {
  const { algorithm, spki } = token.use((session) => {
    privateKey(session, address);
    return readPublicKey(session, address);
  });
  return { algorithm, spki, sign: (message) => sign(token, address, { algorithm, spki }, message) };
}

/** Destroys every object of the key. True when there was one. Throws as Token.use. */
export function destroyTokenKey(token: Token, { object, id }: KeyAddress): boolean {
  token.allowWrites();
  return token.use((session) => {
    const found = find(session, [of(CK.CKA_LABEL, object), of(CK.CKA_ID, id)]);
    for (const each of found) session.cryptoki.C_DestroyObject(session.handle, each);
    session.keys.clear();
    return found.length > 0;
  });
}

/** Throws LS_KEY_TOKEN_SIGNATURE for an answer that does not verify, and as Token.use. */
function sign(token: Token, address: KeyAddress, key: TokenPublicKey, message: Uint8Array): Uint8Array {
  const { algorithm, spki } = key;
  const { sign: mechanism, digest, signatureBytes } = tokenAlgorithm(algorithm);
  const input = digest === null ? Buffer.from(message) : createHash(digest).update(message).digest();
  const answer = token.use((session) => {
    session.cryptoki.C_SignInit(session.handle, { mechanism, parameter: null }, privateKey(session, address));
    return session.cryptoki.C_Sign(session.handle, input, Buffer.alloc(MAX_ANSWER_BYTES));
  });
  const signature = new Uint8Array(answer);
  if (signature.length === signatureBytes) {
    const low = algorithm === 'Ed25519' ? signature : toLowS(algorithm, signature);
    if (nodeCrypto.verify(algorithm, spki, message, low)) return low;
  }
  const label = JSON.stringify(address.object);
  throw token.blame(fault('LS_KEY_TOKEN_SIGNATURE', `the signature by ${label} does not verify`));
}

function privateKey(session: TokenSession, address: KeyAddress): Handle {
  const name = toHex(address.id);
  const held = session.keys.get(name);
  if (held !== undefined) return held;
  const found = one(session, CK.CKO_PRIVATE_KEY, address);
  session.keys.set(name, found);
  return found;
}

function readPublicKey(session: TokenSession, address: KeyAddress): TokenPublicKey {
  const object = one(session, CK.CKO_PUBLIC_KEY, address);
  const template = [{ type: CK.CKA_EC_PARAMS }, { type: CK.CKA_EC_POINT }];
  const [parameters, point] = session.cryptoki
    .C_GetAttributeValue(session.handle, object, template)
    .map(({ value }) => (Buffer.isBuffer(value) ? new Uint8Array(value) : new Uint8Array()));
  return publicKeyOf(parameters ?? new Uint8Array(), point ?? new Uint8Array());
}

function one(session: TokenSession, kind: number, { object, id }: KeyAddress): Handle {
  const found = find(session, [of(CK.CKA_CLASS, kind), of(CK.CKA_LABEL, object), of(CK.CKA_ID, id)]);
  const [first, ...others] = found;
  const what = `${kind === CK.CKO_PRIVATE_KEY ? 'private' : 'public'} key ${JSON.stringify(object)}`;
  if (first === undefined) throw new LsError(fault('LS_KEY_NOT_FOUND', `the token holds no ${what}`));
  if (others.length === 0) return first;
  throw new LsError(fault('LS_KEY_STORE_AMBIGUOUS', `the token holds more than one ${what} of this id`));
}

function find({ cryptoki, handle }: TokenSession, template: readonly Attribute[]): readonly Handle[] {
  cryptoki.C_FindObjectsInit(handle, template);
  try {
    return cryptoki.C_FindObjects(handle, MAX_FOUND);
  } finally {
    cryptoki.C_FindObjectsFinal(handle);
  }
}

function of(type: number, value: boolean | number | string | Uint8Array): Attribute {
  if (typeof value === 'string') return { type, value: Buffer.from(utf8(value)) };
  return { type, value: value instanceof Uint8Array ? Buffer.from(value) : value };
}
