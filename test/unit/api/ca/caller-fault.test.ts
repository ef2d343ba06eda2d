import { expect, it } from 'vitest';
import { callerFault } from '../../../../src/api/ca/caller-fault.ts';

it.each([
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'LS_API_TOO_SLOW'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'LS_API_TOO_SLOW'],
  ['HPE_HEADER_OVERFLOW', 'LS_API_TOO_LARGE'],
  ['HPE_INVALID_METHOD', 'LS_API_INVALID'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'LS_API_HANDSHAKE'],
  ['ECONNRESET', undefined],
  ['EPIPE', undefined],
])('names what a caller did wrong: %s is %s', (code, expected) => {
  expect(callerFault(Object.assign(new Error('it broke'), { code }))?.code).toBe(expected);
});

it('names an error without a code as well', () => {
  expect(callerFault(new Error('it broke'))?.code).toBe('LS_API_HANDSHAKE');
});
