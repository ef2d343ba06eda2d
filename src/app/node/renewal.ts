import { makeCsr, type IssuedAnswer } from '../../io/ca-client/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { systemClock } from '../../io/system/index.ts';
import { MAX_SUCCESSION, signSuccessor } from '../../heartbeat/index.ts';
import { equalBytes, fault, LsError, type Fault, type Result } from '../../std/index.ts';
import { judgeCertificate } from '../../trust/index.ts';
import { certIdOfCertificate, parseCertificate } from '../../x509/index.ts';
import type { NodeConfig, NodeHome } from '../node-config.ts';
import type { CaAccess } from './ca-access.ts';
import { keepRenewal, nextKey, type NodeCredentials } from './credentials.ts';

export interface RenewalRequest {
  readonly home: NodeHome;
  readonly config: NodeConfig;
  /** Its `trust` is what the new certificate is judged by before it replaces the old one. */
  readonly access: CaAccess;
}

export interface Renewal {
  readonly issued: IssuedAnswer;
  readonly credentials: NodeCredentials;
  /** The old key's statement over the new one. */
  readonly successor: Uint8Array;
}

/**
 * Gets a certificate for a new key, signed over by the old one, and puts it into force on disk and in `access`. An
 * interrupted renewal is taken up again with the same key. Requires: the home is locked by this process, and
 * `access.trust` is set.
 *
 * Throws what the CA refuses with, LS_CA_*, LS_API_*, LS_ENROLL_ANSWER, LS_DISK_FULL.
 */
export async function renewCertificate(request: RenewalRequest): Promise<Renewal> {
  const { home, config, access } = request;
  const { succession } = access.credentials;
  const key = await nextKey(home);
  const successor = statementOver(key.signer.spki, config, access.credentials);
  const csr = await makeCsr({ name: config.name, key: key.key });
  const client = access.client(0);
  const issued = await client.reenroll({ csr, successor }).finally(() => {
    client.close();
  });
  checkIssued(issued, key.signer.spki, request);
  const credentials = {
    key,
    chain: issued.chain,
    succession: [...succession, successor].slice(-MAX_SUCCESSION),
  };
  await keepRenewal(home, credentials.chain, credentials.succession);
  access.credentials = credentials;
  return { issued, credentials, successor };
}

/** The old key hands over to the new one. */
function statementOver(newSpki: Uint8Array, config: NodeConfig, { key, chain }: NodeCredentials): Uint8Array {
  const leaf = valueOf(parseCertificate(chain[0] ?? new Uint8Array()));
  const body = {
    certId: certIdOfCertificate(leaf, nodeCrypto),
    nodeId: config.nodeId,
    oldSpkiHash: nodeCrypto.sha256(key.signer.spki),
    newSpki,
    tMs: systemClock.now().wall,
    ext: new Map(),
  };
  return signSuccessor(body, key.signer, config.domainId, nodeCrypto).bytes;
}

/** The old certificate is given up only for one that counts, for this node and this key. */
function checkIssued({ chain }: IssuedAnswer, spki: Uint8Array, { config, access }: RenewalRequest): void {
  if (access.trust === undefined) throw new RangeError('a renewal needs trust material');
  const judged = judgeCertificate(access.trust(), chain, 'node', systemClock.now().wall);
  if (!judged.ok) {
    const detail = `the CA sent a certificate that does not hold (${judged.error.code}: ${judged.error.detail})`;
    throw new LsError(fault('LS_ENROLL_ANSWER', detail, judged.error));
  }
  const { name, nodeId, key } = judged.value;
  if (name !== config.name || nodeId !== config.nodeId || !equalBytes(key.spki, spki)) {
    throw new LsError(fault('LS_ENROLL_ANSWER', 'the CA sent a certificate for another node or key'));
  }
}

function valueOf<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
