import { join } from 'node:path';
import { makeIssuingRequest } from '../../authority/index.ts';
import { encodePem } from '../../codec/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { ensurePrivateDir, writeFileDurably } from '../../io/files/index.ts';
import { LsError, toHex } from '../../std/index.ts';
import { isLoopback } from '../endpoint.ts';
import { refuseExisting } from '../new-home.ts';
import { formatCaConfig } from './config.ts';
import { caHome } from './home.ts';
import { buildCaHome, CA_HOME, chooseCa, type InitCaRequest, type InitialisedCa } from './init.ts';
import { checkKeyStoreChoice, KEY_FILES, keySecrets } from './key-store.ts';
import { makeLogKey } from './log-key.ts';
import { checkStoreChoice } from './store.ts';
import { hostOfUrl } from './url.ts';

/** A CA that waits for its certificate. */
export interface RequestedCa extends Omit<InitialisedCa, 'rootSha256'> {
  /** The request in the home. */
  readonly csrFile: string;
  /** PEM PKCS#10. */
  readonly csr: string;
  /** SHA-256 of the key in it: what to tell the root by another way than the request. */
  readonly keySha256: string;
}

/**
 * Makes the home of a CA whose root is on another machine: the issuing key and what asks the root to certify it; all or
 * nothing. `pki import` makes it a CA. Throws as initCa does.
 */
export async function initCaRequest(request: Omit<InitCaRequest, 'now'>): Promise<RequestedCa> {
  const choice = chooseCa(request);
  await checkStoreChoice(choice.store);
  await checkKeyStoreChoice(choice.keyStore);
  const { home } = caHome(request.home);
  await refuseExisting(home, CA_HOME);
  const secrets = keySecrets(home, request.passphrase, request.passphrase, true);
  if (choice.keyStore === KEY_FILES) await secrets.passphrase();
  const made = await buildCaHome(home, choice, secrets, async (directory, keys) => {
    const paths = caHome(directory);
    await ensurePrivateDir(paths.keysDir);
    const issuing = await keys.make('issuing', 'ES256');
    await makeLogKey(keys);
    const wanted = { trustDomain: choice.trustDomain, permittedDns: choice.permitDns, crlUrl: choice.crlUrl };
    const der = makeIssuingRequest({ crypto: nodeCrypto }, wanted, issuing);
    if (!der.ok) throw new LsError(der.error);
    const csr = encodePem('CERTIFICATE REQUEST', der.value);
    await writeFileDurably(paths.issuingRequest, csr);
    await writeFileDurably(join(directory, CA_HOME.mark), formatCaConfig(choice));
    return { csr, keySha256: toHex(nodeCrypto.sha256(issuing.spki)) };
  });
  const { trustDomain, urls } = choice;
  const isLoopbackOnly = urls.every((url) => isLoopback(hostOfUrl(url)));
  return { home, trustDomain, urls, isLoopbackOnly, csrFile: caHome(home).issuingRequest, ...made };
}
