import { fault, LsError, type Fault, type FaultCode } from '../../std/index.ts';
import { errnoOf } from '../files/file-fault.ts';

/** Why a connection could not be made or was lost, in words for the log of this side. */
export function connectionFault(cause: unknown, address: string): Fault {
  if (cause instanceof LsError) return cause.fault;
  const known = KNOWN.get(codeOf(cause));
  if (known !== undefined) return fault(known.code, `${address}: ${known.text}`);
  const code = codeOf(cause) ?? '';
  if (/_ALERT_/.test(code)) return fault('LS_TLS_REFUSED_BY_PEER', `${address}: ${alertText(code)}`);
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return fault('LS_TLS_HANDSHAKE', `${address}: TLS failed (${code})`);
  }
  return fault('LS_NET_LOST', `${address}: ${code === '' ? messageOf(cause) : code}`);
}

/** True when nobody listens there: each address of the host refused the connection. */
export function isRefusal(cause: unknown): boolean {
  return codeOf(cause) === 'ECONNREFUSED';
}

/** Why OpenSSL found the peer's certificate wanting, from the name of its verification error. */
export function certificateProblem(error: unknown): string {
  const named = error instanceof Error ? errnoOf(error) : String(error);
  const code =
    named === UNNAMED_PROBLEM && error instanceof Error ? error.message : (named ?? 'no reason given');
  return CERTIFICATE_PROBLEMS.get(code) ?? `the peer's certificate is refused (${code})`;
}

/** True when the peer's certificates lead to no root that is trusted here, rather than to one with a fault. */
export function isUnknownIssuer(cause: unknown): boolean {
  return CERTIFICATE_PROBLEMS.get(errnoOf(cause) ?? '') === UNKNOWN_CA;
}

/** True for a failed verification of the peer's certificates. */
export function isCertificateProblem(cause: unknown): boolean {
  const code = errnoOf(cause) ?? '';
  return code === UNNAMED_PROBLEM || CERTIFICATE_PROBLEMS.has(code);
}

interface Known {
  readonly code: FaultCode;
  readonly text: string;
}

const KNOWN: ReadonlyMap<string | undefined, Known> = new Map([
  ['ECONNREFUSED', { code: 'LS_NET_REFUSED', text: 'nobody listens there' }],
  ['EHOSTUNREACH', { code: 'LS_NET_UNREACHABLE', text: 'the host cannot be reached' }],
  ['ENETUNREACH', { code: 'LS_NET_UNREACHABLE', text: 'the network cannot be reached' }],
  ['EHOSTDOWN', { code: 'LS_NET_UNREACHABLE', text: 'the host is down' }],
  ['ENOTFOUND', { code: 'LS_NET_UNREACHABLE', text: 'the name is unknown' }],
  ['EAI_AGAIN', { code: 'LS_NET_UNREACHABLE', text: 'the name service does not answer' }],
  ['ETIMEDOUT', { code: 'LS_NET_TIMEOUT', text: 'the host does not answer' }],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', { code: 'LS_NET_TIMEOUT', text: 'the TLS handshake took too long' }],
  ['ECONNRESET', { code: 'LS_NET_LOST', text: 'the other side dropped the connection' }],
  ['EPIPE', { code: 'LS_NET_LOST', text: 'the other side dropped the connection' }],
  ['ERR_SSL_WRONG_VERSION_NUMBER', { code: 'LS_TLS_PROTOCOL', text: 'what is there does not speak TLS' }],
  ['ERR_SSL_HTTP_REQUEST', { code: 'LS_TLS_PROTOCOL', text: 'the other side speaks plain HTTP' }],
  [
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    { code: 'LS_TLS_PROTOCOL', text: 'the other side does not speak TLS 1.3' },
  ],
  [
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    { code: 'LS_TLS_PROTOCOL', text: 'the other side refuses TLS 1.3' },
  ],
  [
    'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    { code: 'LS_TLS_PROTOCOL', text: 'the other side is no lifesign node (ALPN)' },
  ],
  [
    'ERR_SSL_NO_APPLICATION_PROTOCOL',
    { code: 'LS_TLS_PROTOCOL', text: 'the other side is no lifesign node (ALPN)' },
  ],
] satisfies [string, Known][]);

/** What Node calls the verification errors that it has no name for, such as a violated name constraint. */
const UNNAMED_PROBLEM = 'UNSPECIFIED';
const CLOCK = 'is the clock of both machines right?';
const UNKNOWN_CA = "the peer's certificate is from a CA that is not trusted here";

const CERTIFICATE_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', `a certificate of the peer has expired (${CLOCK})`],
  ['CERT_NOT_YET_VALID', `a certificate of the peer is not yet valid (${CLOCK})`],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_CA],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_CA],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_CA],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_CA],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_CA],
  ['CERT_SIGNATURE_FAILURE', 'the signature on a certificate of the peer is wrong'],
  ['INVALID_PURPOSE', "the peer's certificate is not for this use"],
  ['INVALID_CA', "the issuer of the peer's certificate is no CA"],
  ['permitted subtree violation', "the peer's certificate has a name that its CA may not grant"],
]);

function alertText(code: string): string {
  const [, alert = code] = /_ALERT_([A-Z_]+)$/.exec(code) ?? [];
  return `the other side refuses us: ${alert.toLowerCase().replaceAll('_', ' ')}`;
}

/** The code of an error; of several attempts' errors (one per address of a name) the one they share. */
function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof AggregateError)) return opensslCodeOf(cause) ?? errnoOf(cause);
  const codes = new Set(cause.errors.map(errnoOf));
  codes.delete('ENETUNREACH');
  const [code, ...others] = codes;
  return others.length === 0 ? (code ?? 'ENETUNREACH') : 'EHOSTUNREACH';
}

/** With a write pending, Node wraps OpenSSL's error in an EPROTO and leaves its name in the message only. */
function opensslCodeOf(cause: unknown): string | undefined {
  if (errnoOf(cause) !== 'EPROTO') return undefined;
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(messageOf(cause)) ?? [];
  return reason === undefined ? undefined : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'the connection ended';
}
