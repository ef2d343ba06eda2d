import { decodeToken, tokenBinding } from '../../src/authority/index.ts';
import { testCsr } from './ca.ts';
import { callSocket, type SocketAnswer } from './ca-process.ts';
import { testCrypto, testKey } from './crypto.ts';
import { valueOf } from './result.ts';

/** The body of `POST /v1/enroll` for a fresh token and key. `token`: how the token is to be. */
export async function enrollmentBody(home: string, name: string, token: object = {}): Promise<object> {
  const created = await callSocket(home, 'POST', '/v1/tokens', { name, ...token });
  const { tokenId, secret } = valueOf(decodeToken(String(created.json['token'])));
  const key = testKey();
  const csr = testCsr(key, name, tokenBinding(testCrypto, secret, key.spki));
  return {
    tokenId,
    secret: Buffer.from(secret).toString('base64'),
    csr: Buffer.from(csr).toString('base64'),
  };
}

/** Enrolls a node over the control socket of a real CA. Throws unless the answer is `status`. */
export async function enrollOver(
  home: string,
  name: string,
  { token = {}, status = 200 }: { readonly token?: object; readonly status?: number } = {},
): Promise<SocketAnswer> {
  const answer = await callSocket(home, 'POST', '/v1/enroll', await enrollmentBody(home, name, token));
  if (answer.status !== status) throw new Error(JSON.stringify(answer));
  return answer;
}
