import { fault, type Fault } from '../../std/index.ts';

/** A caller that went away is no fault, and what follows from it neither. */
const GONE = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];

/** What a caller did wrong below the calls, from Node.js's error about its connection; undefined when nothing. */
export function callerFault(error: Error): Fault | undefined {
  const code = 'code' in error ? String(error.code) : '';
  if (GONE.includes(code)) return undefined;
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT')
    return fault('LS_API_TOO_SLOW', 'it did not finish the TLS handshake');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fault('LS_API_TOO_SLOW', 'it did not finish its request');
  if (code === 'HPE_HEADER_OVERFLOW') return fault('LS_API_TOO_LARGE', 'its headers are too large');
  if (code.startsWith('HPE_')) return fault('LS_API_INVALID', `what it sends is not HTTP (${code})`);
  return fault('LS_API_HANDSHAKE', `no TLS connection came about (${code})`);
}
