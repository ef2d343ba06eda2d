import { tokenBinding, type EnrollmentToken } from '../../authority/index.ts';
import { CaClient, fetchPresentedChain, makeCsr, type EnrollmentAnswer } from '../../io/ca-client/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import type { LoadedKey } from '../../io/keys/index.ts';
import { fault, fromHex, LsError } from '../../std/index.ts';
import { pinnedRoot } from '../../trust/index.ts';

/** How far it got; the CA may know the key from the moment at which the request went out. */
export interface Exchange {
  isSent: boolean;
}

/**
 * Sends the request to the first CA of the token that is reached. The secret goes only to a server whose chain ends in
 * the very root whose fingerprint the token holds, and whose role and host are right. Nothing in the answer is verified.
 * Throws LS_TRUST_PIN and LS_TRUST_*, LS_CA_*, and what the CA refuses with.
 */
export async function redeemToken(
  token: EnrollmentToken,
  key: LoadedKey,
  advertise: string,
  { progress }: { readonly progress: (what: string) => void },
  exchange: Exchange,
): Promise<EnrollmentAnswer> {
  const challengePassword = tokenBinding(nodeCrypto, token.secret, key.signer.spki);
  const csr = await makeCsr({ key: key.key, name: token.name, challengePassword });
  const request = {
    tokenId: fromHex(token.tokenId) ?? new Uint8Array(),
    secret: token.secret,
    csr,
    advertise,
  };
  let unreachable: LsError | undefined;
  for (const url of token.urls) {
    progress(`asking the CA at ${url}`);
    try {
      return await askCa(url, token, request, exchange);
    } catch (cause) {
      if (!(cause instanceof LsError) || cause.code !== 'LS_CA_UNREACHABLE') throw cause;
      unreachable = cause;
    }
  }
  throw unreachable ?? new LsError(fault('LS_TOKEN_MALFORMED', 'the token names no CA'));
}

async function askCa(
  url: string,
  { rootSha256 }: EnrollmentToken,
  request: Parameters<CaClient['enroll']>[0],
  exchange: Exchange,
): Promise<EnrollmentAnswer> {
  const root = pinnedRoot(await fetchPresentedChain(url), rootSha256, nodeCrypto);
  if (!root.ok) throw new LsError({ ...root.error, detail: `${url}: ${root.error.detail}` });
  const client = new CaClient({ url, bundle: { anchors: [root.value] } });
  try {
    exchange.isSent = true;
    return await client.enroll(request);
  } finally {
    client.close();
  }
}
