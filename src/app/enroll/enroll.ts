import { decodeToken, type EnrollmentToken } from '../../authority/index.ts';
import { generateKey } from '../../io/crypto/index.ts';
import { readKeyFile, writeKeyFile, type LoadedKey } from '../../io/keys/index.ts';
import {
  fault,
  faultKind,
  LsError,
  type NodeId,
  type NodeName,
  type SerialNumber,
  type UnixMs,
} from '../../std/index.ts';
import { isWildcard, parseEndpoint, type Endpoint } from '../endpoint.ts';
import { buildHome, refuseExisting } from '../new-home.ts';
import { DEFAULT_NODE_LISTEN, nodeHome } from '../node-config.ts';
import { redeemToken } from './redeem.ts';
import { verifyEnrollment } from './verify-enrollment.ts';
import { writeNodeHome } from './write-home.ts';

export interface EnrollNodeRequest {
  /** `ls1.…`; white space around it is ignored. */
  readonly token: string;
  /** Where the home is to be, for the name in the token. */
  readonly homeOf: (name: NodeName) => string;
  /** HOST:PORT; default 127.0.0.1:8450. */
  readonly listen?: string;
  /** HOST:PORT; default: `listen`. */
  readonly advertise?: string;
  readonly now: () => UnixMs;
  /** Told what is being waited for. */
  readonly progress: (what: string) => void;
}

export interface EnrolledNode {
  readonly home: string;
  readonly name: NodeName;
  readonly nodeId: NodeId;
  readonly serial: SerialNumber;
  readonly notAfter: UnixMs;
}

const NODE_HOME = { mark: 'node.yaml', existsCode: 'LS_NODE_EXISTS' } as const;
const REFUSED_BY_CA = 6;

/**
 * Redeems a token and makes the node's home; all or nothing. The key is made here and never leaves. When the answer
 * of the CA was lost on the way, the same command finds the same key again and gets the same certificate.
 *
 * Throws LS_TOKEN_*, LS_NODE_EXISTS, LS_CONFIG_ADDRESS, LS_CONFIG_ADVERTISE, LS_TRUST_* and LS_CA_* (it is not the CA
 * of the token, or not there), what the CA refuses with, LS_ENROLL_ANSWER, LS_HOME_*, LS_DISK_FULL.
 */
export async function enrollNode(request: EnrollNodeRequest): Promise<EnrolledNode> {
  const token = readToken(request.token);
  const places = checkPlaces(request);
  const { home } = nodeHome(request.homeOf(token.name));
  await refuseExisting(home, NODE_HOME);
  const exchange = { isSent: false };
  const keepAfter = (cause: unknown): boolean => exchange.isSent && mayHaveBeenRedeemed(cause);
  const wanted = { home, ...NODE_HOME, purpose: `node enroll ${token.tokenId}`, keepAfter };
  const enrolled = await buildHome(wanted, async (directory) => {
    const key = await keyIn(directory);
    const answer = await redeemToken(token, key, places.advertise, request, exchange);
    const { certificate, bundle } = verifyEnrollment(answer, token, key.signer.spki, request.now());
    await writeNodeHome(directory, { home, answer, bundle, caUrls: token.urls, ...places });
    return certificate;
  });
  const { name, nodeId, serial, notAfter } = enrolled;
  return { home, name, nodeId, serial, notAfter };
}

/** Throws LS_TOKEN_MALFORMED. */
function readToken(text: string): EnrollmentToken {
  const token = decodeToken(text.trim());
  if (token.ok) return token.value;
  throw new LsError(token.error);
}

function checkPlaces({ listen = DEFAULT_NODE_LISTEN, advertise }: EnrollNodeRequest): {
  listen: string;
  advertise: string;
} {
  const listening = endpointOf(listen);
  if (advertise === undefined && (isWildcard(listening) || listening.port === 0)) {
    throw new LsError(fault('LS_CONFIG_ADVERTISE', `nobody can dial ${listen}`));
  }
  const advertised = endpointOf(advertise ?? listen);
  if (isWildcard(advertised) || advertised.port === 0) {
    throw new LsError(fault('LS_CONFIG_ADVERTISE', `nobody can dial ${advertise ?? listen}`));
  }
  return { listen, advertise: advertise ?? listen };
}

function endpointOf(text: string): Endpoint {
  const parsed = parseEndpoint(text);
  if (parsed.ok) return parsed.value;
  throw new LsError(parsed.error);
}

/** The key of an earlier try that may have reached the CA, else a new one. */
async function keyIn(directory: string): Promise<LoadedKey> {
  const path = nodeHome(directory).key;
  try {
    return await readKeyFile(path);
  } catch (cause) {
    if (!(cause instanceof LsError) || cause.code !== 'LS_FILE_NOT_FOUND') throw cause;
  }
  await writeKeyFile(path, generateKey('ES256').pkcs8);
  return readKeyFile(path);
}

/** A refusal is final, and an unreachable CA has heard nothing; after anything else the CA may know our key. */
function mayHaveBeenRedeemed(cause: unknown): boolean {
  if (!(cause instanceof LsError)) return true;
  return faultKind(cause.code).exit !== REFUSED_BY_CA && cause.code !== 'LS_CA_UNREACHABLE';
}
