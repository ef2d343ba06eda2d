import { fault, faultCatalogue, LsError, type FaultCode } from '../../std/index.ts';
import {
  certificateProblem,
  connectionFault,
  isCertificateProblem,
  isUnknownIssuer,
} from '../transport/tls-fault.ts';

const MAX_DETAIL_CHARS = 1_000;

/** Why a call to the CA at `url` got no answer. An LsError passes through. */
export function callError(cause: unknown, url: string): LsError {
  if (cause instanceof LsError) return cause;
  if (isUnknownIssuer(cause)) {
    const detail = `${url} is not certified by the root this node trusts`;
    return new LsError(fault('LS_CA_ROOT_MISMATCH', detail), { cause });
  }
  if (isCertificateProblem(cause)) {
    return new LsError(fault('LS_CA_CERTIFICATE', `${url}: ${certificateProblem(cause)}`), { cause });
  }
  const reason = connectionFault(cause, url);
  return new LsError(fault(CODE_OF_CALL.get(reason.code) ?? reason.code, reason.detail), { cause });
}

const CODE_OF_CALL: ReadonlyMap<FaultCode, FaultCode> = new Map<FaultCode, FaultCode>([
  ['LS_NET_REFUSED', 'LS_CA_UNREACHABLE'],
  ['LS_NET_UNREACHABLE', 'LS_CA_UNREACHABLE'],
  ['LS_NET_TIMEOUT', 'LS_CA_UNREACHABLE'],
  // The request may have been carried out.
  ['LS_NET_LOST', 'LS_API_NO_ANSWER'],
  ['LS_TLS_HANDSHAKE', 'LS_API_RESPONSE'],
  ['LS_TLS_PROTOCOL', 'LS_API_RESPONSE'],
]);

/** The fault that an answer with an error status tells of (problem+json with our code), as far as it can be read. */
export function refusalOf(status: number, body: unknown, url: string): LsError {
  const problem: object = typeof body === 'object' && body !== null ? body : {};
  const code = 'code' in problem ? problem.code : undefined;
  const told = 'detail' in problem && typeof problem.detail === 'string' ? problem.detail : '';
  const detail = told.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_DETAIL_CHARS);
  if (isFaultCode(code)) return new LsError(fault(code, detail === '' ? `${url} says so` : detail));
  const said = `${url} answered with status ${String(status)}${detail === '' ? '' : `: ${detail}`}`;
  const isRefusal = status >= 400 && status < 500;
  return new LsError(fault(isRefusal ? 'LS_CA_REFUSED' : 'LS_API_RESPONSE', said));
}

function isFaultCode(code: unknown): code is FaultCode {
  return typeof code === 'string' && Object.hasOwn(faultCatalogue, code);
}
