import { describe, expect, it } from 'vitest';
import { checkHost } from '../../../src/trust/index.ts';
import { parseCertificate } from '../../../src/x509/index.ts';
import { forgeCertificate, withExtensions } from '../../support/forge/certificate.ts';
import { dns, ip, subjectAltName, uri } from '../../support/forge/extensions.ts';
import { serverSpec } from '../../support/forge/pki.ts';
import { valueOf } from '../../support/result.ts';

const V6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

function matches(host: string, ...names: readonly Uint8Array[]): boolean {
  const spec = withExtensions(serverSpec, {
    subjectAltName: names.length === 0 ? undefined : subjectAltName(...names),
  });
  return checkHost(valueOf(parseCertificate(forgeCertificate(spec))), host) === undefined;
}

describe('a host name', () => {
  it('matches a DNS name of the certificate, whatever the case', () => {
    expect(matches('ca.mesh.internal', dns('other'), dns('ca.mesh.internal'))).toBe(true);
    expect(matches('CA.mesh.INTERNAL', dns('ca.Mesh.internal'))).toBe(true);
  });

  it.each([
    ['a label more', 'a.ca.mesh.internal'],
    ['a label less', 'mesh.internal'],
    ['a trailing dot', 'ca.mesh.internal.'],
    ['a NUL', 'ca.mesh.internal\0'],
    ['a space', ' ca.mesh.internal'],
    ['a port', 'ca.mesh.internal:8440'],
    ['nothing', ''],
  ])('with %s does not match', (_what, host) => {
    expect(matches(host, dns('ca.mesh.internal'))).toBe(false);
  });

  it('never matches a wildcard, not even one spelled the same', () => {
    expect(matches('ca.mesh.internal', dns('*.mesh.internal'))).toBe(false);
    expect(matches('*.mesh.internal', dns('*.mesh.internal'))).toBe(false);
  });

  it('never matches the common name or a URI', () => {
    expect(matches('ca.mesh.internal')).toBe(false);
    expect(matches('ca.mesh.internal', uri('https://ca.mesh.internal'))).toBe(false);
  });
});

describe('an address', () => {
  it('matches the same octets, however it is written', () => {
    expect(matches('127.0.0.1', ip(127, 0, 0, 1))).toBe(true);
    for (const host of ['2001:db8::1', '[2001:db8::1]', '2001:0DB8:0:0:0:0:0:1', '2001:db8::0.0.0.1']) {
      expect(matches(host, ip(...V6))).toBe(true);
    }
  });

  it('does not match another one, or an IPv4 address inside IPv6', () => {
    expect(matches('127.0.0.2', ip(127, 0, 0, 1))).toBe(false);
    expect(matches('::ffff:127.0.0.1', ip(127, 0, 0, 1))).toBe(false);
    expect(matches('2001:db8::2', ip(...V6))).toBe(false);
  });

  it('never matches a DNS name that looks like it', () => {
    expect(matches('127.0.0.1', dns('127.0.0.1'))).toBe(false);
  });

  it.each([
    '127.1',
    '0177.0.0.1',
    '2130706433',
    '127.0.0.1.',
    '[127.0.0.1]',
    'fe80::1%eth0',
    '[::1',
    '1::2::3',
  ])('written as %s is none', (host) => {
    expect(matches(host, ip(127, 0, 0, 1), dns('127.1'), ip(...V6))).toBe(false);
  });
});
