import { pino } from 'pino';
import { HomeLock } from '../../io/files/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { fault, LsError } from '../../std/index.ts';
import { nodeHome, readNodeConfig } from '../node-config.ts';
import { adoptRoots, judgesOf } from '../node/adopt-roots.ts';
import { CaAccess } from '../node/ca-access.ts';
import { queryNode } from '../node/control.ts';
import { readCredentials } from '../node/credentials.ts';
import { renewCertificate } from '../node/renewal.ts';
import { addFetched, readBundle, readRevocation } from '../node/trust-files.ts';

export interface RenewedNode {
  readonly home: string;
  readonly name: string;
  readonly serial: string;
  /** RFC 3339. */
  readonly notAfter: string;
}

/**
 * Renews the certificate of a home now, with a new key: through the running node, which puts it into force at once,
 * else on disk. Throws what the CA refuses with, LS_CA_*, LS_API_*, LS_ENROLL_ANSWER, LS_HOME_LOCKED, LS_CONFIG_*.
 */
export async function renewNode(home: string): Promise<RenewedNode> {
  return (await renewRunning(home)) ?? renewOnDisk(home);
}

async function renewRunning(home: string): Promise<RenewedNode | undefined> {
  const answer = await queryNode(home, { method: 'POST', path: '/v1/renew' }).catch((cause: unknown) => {
    if (cause instanceof LsError && cause.code === 'LS_NODE_NOT_RUNNING') return undefined;
    throw cause;
  });
  if (answer === undefined) return undefined;
  if (!isRenewal(answer))
    throw new LsError(fault('LS_API_RESPONSE', 'the running node is of another version'));
  return { home: nodeHome(home).home, name: answer.name, serial: answer.serial, notAfter: answer.notAfter };
}

async function renewOnDisk(path: string): Promise<RenewedNode> {
  const home = nodeHome(path);
  const config = await readNodeConfig(home.home);
  const lock = HomeLock.acquire(home.home);
  try {
    const credentials = await readCredentials(home);
    const pinned = await readBundle(home, config);
    const access = new CaAccess(config, pinned, credentials);
    const fetched = await access.fetchTrust(pino({ level: 'silent' }));
    const judges = await judgesOf(home, pinned, credentials, fetched);
    const bundle = await adoptRoots(home, config, fetched, judges);
    access.bundle = bundle;
    const crls = [...fetched.rootCrls, ...fetched.crls];
    const stored = await readRevocation(home, { ...judges, bundle });
    const { state } = await addFetched(home, stored, crls, { ...judges, bundle });
    access.trust = () => ({ bundle, revocation: state, crypto: nodeCrypto, ...config.revocation });
    const { issued } = await renewCertificate({ home, config, access });
    const notAfter = new Date(issued.notAfter).toISOString();
    return { home: home.home, name: config.name, serial: issued.serial, notAfter };
  } finally {
    lock.release();
  }
}

function isRenewal(answer: unknown): answer is Pick<RenewedNode, 'name' | 'serial' | 'notAfter'> {
  if (typeof answer !== 'object' || answer === null) return false;
  const { name, serial, notAfter } = answer as Readonly<Record<string, unknown>>;
  return typeof name === 'string' && typeof serial === 'string' && typeof notAfter === 'string';
}
