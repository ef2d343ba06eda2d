import { describe, expect, it } from 'vitest';
import { certificateProblem, connectionFault, isRefusal } from '../../../../src/io/transport/tls-fault.ts';
import { fault, LsError } from '../../../../src/std/index.ts';

function failed(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('connectionFault', () => {
  it.each([
    ['ECONNREFUSED', 'LS_NET_REFUSED'],
    ['EHOSTUNREACH', 'LS_NET_UNREACHABLE'],
    ['ENOTFOUND', 'LS_NET_UNREACHABLE'],
    ['ETIMEDOUT', 'LS_NET_TIMEOUT'],
    ['ECONNRESET', 'LS_NET_LOST'],
    ['EMFILE', 'LS_NET_LOST'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'LS_NET_TIMEOUT'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'LS_TLS_REFUSED_BY_PEER'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'LS_TLS_REFUSED_BY_PEER'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'LS_TLS_PROTOCOL'],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'LS_TLS_HANDSHAKE'],
  ])('calls %s %s and names the address', (code, expected) => {
    const reason = connectionFault(failed(code), '10.0.0.1:8450');
    expect(reason.code).toBe(expected);
    expect(reason.detail).toContain('10.0.0.1:8450');
  });

  it('says what an alert said', () => {
    const reason = connectionFault(failed('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'), 'h:1');
    expect(reason.detail).toContain('certificate expired');
  });

  it('finds the reason that Node leaves inside an EPROTO', () => {
    const text =
      'write EPROTO 40D3:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../x.c:918:';
    const wrapped = Object.assign(new Error(text), { code: 'EPROTO' });
    expect(connectionFault(wrapped, 'h:1').code).toBe('LS_TLS_PROTOCOL');
    expect(connectionFault(failed('EPROTO'), 'h:1').code).toBe('LS_NET_LOST');
  });

  it('passes its own errors on, and takes anything that can be thrown', () => {
    const own = fault('LS_NET_TIMEOUT', 'no answer');
    expect(connectionFault(new LsError(own), 'h:1')).toBe(own);
    expect(connectionFault('a string', 'h:1').code).toBe('LS_NET_LOST');
  });
});

describe('several attempts for one name', () => {
  it('are a refusal only when every address that has a route refused', () => {
    const all = (...codes: string[]): Error => new AggregateError(codes.map(failed));
    expect(isRefusal(all('ECONNREFUSED', 'ECONNREFUSED'))).toBe(true);
    expect(isRefusal(all('ENETUNREACH', 'ECONNREFUSED'))).toBe(true);
    expect(isRefusal(all('ECONNREFUSED', 'ETIMEDOUT'))).toBe(false);
    expect(isRefusal(all('ENETUNREACH', 'ENETUNREACH'))).toBe(false);
    expect(isRefusal(failed('ETIMEDOUT'))).toBe(false);
    expect(isRefusal(undefined)).toBe(false);
  });
});

describe('certificateProblem', () => {
  it('asks about the clock where dates are wrong, and keeps the name of what it does not know', () => {
    expect(certificateProblem(failed('CERT_HAS_EXPIRED'))).toContain('clock');
    expect(certificateProblem('CERT_NOT_YET_VALID')).toContain('clock');
    expect(certificateProblem(failed('EE_KEY_TOO_SMALL'))).toContain('EE_KEY_TOO_SMALL');
  });
});
