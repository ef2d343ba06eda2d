import type { TlsCaller } from './ca-http.ts';
import { tokenBinding, decodeToken } from '../../src/authority/index.ts';
import { encodePem } from '../../src/codec/index.ts';
import { generateKey, type GeneratedKey } from '../../src/io/index.ts';
import { testCsr } from './ca.ts';
import { callSocket } from './ca-process.ts';
import { testCrypto } from './crypto.ts';
import { valueOf } from './result.ts';

/** A member as its TLS client shows it, with what is needed to renew. */
export interface TlsMember {
  readonly name: string;
  readonly nodeId: string;
  readonly serial: string;
  readonly key: GeneratedKey;
  readonly chain: readonly Uint8Array[];
  readonly caller: TlsCaller;
}

export function tlsCaller(key: GeneratedKey, chain: readonly Uint8Array[]): TlsCaller {
  return {
    key: encodePem('PRIVATE KEY', key.pkcs8),
    cert: chain.map((der) => encodePem('CERTIFICATE', der)).join(''),
  };
}

/** Enrolls `name` over the control socket of a running CA. */
export async function enrollTlsMember(home: string, name: string): Promise<TlsMember> {
  const created = await callSocket(home, 'POST', '/v1/tokens', { name });
  const { tokenId, secret } = valueOf(decodeToken(String(created.json['token'])));
  const key = generateKey('ES256');
  const csr = testCsr(key.signer, name, tokenBinding(testCrypto, secret, key.signer.spki));
  const body = { tokenId, secret: base64(secret), csr: base64(csr) };
  const { json } = await callSocket(home, 'POST', '/v1/enroll', body);
  const chain = (json['chain'] as string[]).map((der) => new Uint8Array(Buffer.from(der, 'base64')));
  const { nodeId, serial } = json as { nodeId: string; serial: string };
  return { name, nodeId, serial, key, chain, caller: tlsCaller(key, chain) };
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
