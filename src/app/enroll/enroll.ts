import { decodeToken, type EnrollmentToken } from '../../authority/index.ts';
import { generateKey } from '../../io/crypto/index.ts';
import { readKeyFile, writeKeyFile, type LoadedKey } from '../../io/keys/index.ts';
import {
  fault,
  faultKind,
  LsError,
  type FaultCode,
  type NodeId,
  type NodeName,
  type SerialNumber,
  type UnixMs,
} from '../../std/index.ts';
import { isWildcard, parseEndpoint, type Endpoint } from '../endpoint.ts';
import { buildHome, refuseExisting } from '../new-home.ts';
import { DEFAULT_NODE_LISTEN, nodeHome } from '../node-config.ts';
import { mayPass, redeemToken, type Exchange, type PendingEnrollment } from './redeem.ts';
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
  /** Told when an operator of the CA has to approve it first, and for which key. */
  readonly pending?: (request: PendingEnrollment) => void;
  /** Whether to wait for the approval; default true. Else LS_ENROLL_PENDING: the same request again goes on. */
  readonly wait?: boolean;
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
/** An operator can end what stands against the name, and a request that waits goes on then. */
const MAY_END: ReadonlySet<FaultCode> = new Set(['LS_NAME_TAKEN', 'LS_IDENTITY_HELD']);

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
  const exchange = { isSent: false, isResumed: false };
  const keepAfter = (cause: unknown): boolean => mayHaveBeenRedeemed(cause, exchange);
  const wanted = { home, ...NODE_HOME, purpose: `node enroll ${token.tokenId}`, keepAfter };
  const enrolled = await buildHome(wanted, async (directory) => {
    const { key, isResumed } = await keyIn(directory);
    exchange.isResumed = isResumed;
    const options = {
      progress: request.progress,
      pending: request.pending ?? (() => undefined),
      wait: request.wait ?? true,
    };
    const answer = await redeemToken(token, key, places.advertise, options, exchange);
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
async function keyIn(directory: string): Promise<{ key: LoadedKey; isResumed: boolean }> {
  const path = nodeHome(directory).key;
  try {
    return { key: await readKeyFile(path), isResumed: true };
  } catch (cause) {
    if (!(cause instanceof LsError) || cause.code !== 'LS_FILE_NOT_FOUND') throw cause;
  }
  await writeKeyFile(path, generateKey('ES256').pkcs8);
  return { key: await readKeyFile(path), isResumed: false };
}

/**
 * Whether the CA may know our key: of a certificate, or of a request that waits for approval. A refusal is final unless
 * its reason may pass, and an unreachable CA has heard nothing this time.
 */
function mayHaveBeenRedeemed(cause: unknown, { isSent, isResumed }: Exchange): boolean {
  if (!isSent && !isResumed) return false;
  if (!(cause instanceof LsError)) return true;
  if (cause.code === 'LS_CA_UNREACHABLE') return isResumed;
  return faultKind(cause.code).exit !== REFUSED_BY_CA || mayPass(cause.code) || MAY_END.has(cause.code);
}
