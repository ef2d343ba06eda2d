import { describe, expect, it } from 'vitest';
import { derElement, derOid, derSequence, derSetOf, derTag, readDer } from '../../../src/codec/index.ts';
import { utf8 } from '../../../src/std/index.ts';
import {
  attributeTexts,
  encodeName,
  formatIp,
  isTrustDomain,
  parseIp,
  parseSpiffeId,
  spiffeUri,
} from '../../../src/x509/index.ts';
import { readName } from '../../../src/x509/name.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const nameOf = (der: Uint8Array) => readDer('Name', der, 4096, readName);
const one = (tag: number, content: Uint8Array) =>
  derSequence(derSetOf(derSequence(derOid('2.5.4.3'), derElement(tag, content))));

describe('Names', () => {
  it('are read as they are written', () => {
    const der = encodeName({ organizationName: 'Österreich AG', commonName: 'alpha', serialNumber: 'ab12' });
    const name = valueOf(nameOf(der));
    expect(name.der).toEqual(der);
    expect(name.rdns.flat().map(({ oid, stringType, text }) => [oid, stringType, text])).toEqual([
      ['2.5.4.10', 'utf8', 'Österreich AG'],
      ['2.5.4.3', 'utf8', 'alpha'],
      ['2.5.4.5', 'printable', 'ab12'],
    ]);
    expect(attributeTexts(name, '2.5.4.3')).toEqual(['alpha']);
    expect(attributeTexts(name, '2.5.4.11')).toEqual([]);
  });

  it.each([
    ['printable', derTag.printableString, utf8('A b'), 'A b'],
    ['ia5', derTag.ia5String, utf8('a@b'), 'a@b'],
    ['teletex', derTag.teletexString, utf8('abc'), 'abc'],
    ['teletex', derTag.teletexString, Uint8Array.of(0xe9), null],
    ['bmp', derTag.bmpString, Uint8Array.of(0x20, 0xac), '€'],
    ['universal', derTag.universalString, Uint8Array.of(0, 1, 0xf6, 0), '😀'],
    ['other', derTag.integer, Uint8Array.of(1), null],
  ])('keep a value of type %s', (stringType, tag, content, text) => {
    expect(valueOf(nameOf(one(tag, content))).rdns[0]?.[0]).toMatchObject({ stringType, text });
  });

  it.each([
    ['a UTF8String with an overlong form', derTag.utf8String, Uint8Array.of(0xc0, 0x80)],
    ['a UTF8String with a surrogate', derTag.utf8String, Uint8Array.of(0xed, 0xa0, 0x80)],
    ['a PrintableString with an at sign', derTag.printableString, utf8('a@b')],
    ['a UniversalString beyond Unicode', derTag.universalString, Uint8Array.of(0, 0x11, 0, 0)],
    ['a UniversalString of three bytes', derTag.universalString, Uint8Array.of(0, 0, 65)],
  ])('refuse %s', (_, tag, content) => {
    expect(codeOf(nameOf(one(tag, content)))).toBe('LS_DER_STRING');
  });

  it('refuse an RDN out of order', () => {
    const attribute = (oid: string) => derSequence(derOid(oid), derElement(derTag.utf8String, utf8('a')));
    const rdn = derElement(derTag.set, attribute('2.5.4.11'), attribute('2.5.4.3'));
    expect(codeOf(nameOf(derSequence(rdn)))).toBe('LS_DER_SET_ORDER');
  });

  it('do not write a serialNumber beyond PrintableString', () => {
    expect(() => encodeName({ serialNumber: 'ä' })).toThrow(RangeError);
  });
});

describe('SPIFFE ids', () => {
  it('are taken apart and put together', () => {
    const uri = spiffeUri('mesh.internal', 'node', 'alpha');
    expect(parseSpiffeId(uri)).toEqual({ uri, trustDomain: 'mesh.internal', path: 'node/alpha' });
  });

  it.each([
    'spiffe://mesh.internal',
    'spiffe://mesh.internal/',
    'spiffe://mesh.internal/node/',
    'spiffe://mesh.internal//node',
    'spiffe://mesh.internal/node/..',
    'spiffe://mesh.internal/./node',
    'spiffe://mesh.internal/node/a%20b',
    'spiffe://mesh.internal/node/a?x=1',
    'spiffe://mesh.internal/node/a#x',
    'spiffe://mesh.internal:8443/node/a',
    'spiffe://user@mesh.internal/node/a',
    'spiffe://Mesh.internal/node/a',
    'spiffe://mesh/node/a',
    'spiffe://.mesh.internal/node/a',
    'spiffe://mesh..internal/node/a',
    'SPIFFE://mesh.internal/node/a',
    'https://mesh.internal/node/a',
    ' spiffe://mesh.internal/node/a',
    'spiffe://mesh.internal/node/a\n',
    `spiffe://mesh.internal/${'a'.repeat(2048)}`,
    '',
  ])('refuse %j', (uri) => {
    expect(parseSpiffeId(uri)).toBeUndefined();
  });

  it('are not made of what they would not be read from', () => {
    expect(() => spiffeUri('mesh.internal', 'node', '..')).toThrow(RangeError);
    expect(() => spiffeUri('mesh', 'node', 'a')).toThrow(RangeError);
  });

  it('know a trust domain', () => {
    expect(isTrustDomain('mesh.internal')).toBe(true);
    for (const text of ['mesh', 'Mesh.internal', '-a.b', 'a-.b', 'a.b.', `${'a.'.repeat(127)}bc`]) {
      expect(isTrustDomain(text)).toBe(false);
    }
  });
});

describe('IP addresses', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['10.1.2.3', '0a010203'],
    ['::', '00'.repeat(16)],
    ['::1', `${'00'.repeat(15)}01`],
    ['1::', `0001${'00'.repeat(14)}`],
    ['fd00::1:2', 'fd0000000000000000000000000' + '10002'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
  ])('read and write %s', (text, hex) => {
    const address = Uint8Array.from(Buffer.from(hex, 'hex'));
    expect(parseIp(text)).toEqual(address);
    expect(formatIp(address)).toBe(text);
  });

  it.each([
    ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
    ['FD00::1', 'fd000000000000000000000000000001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['0:0::', '00'.repeat(16)],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
  ])('read %s', (text, hex) => {
    expect(parseIp(text)).toEqual(Uint8Array.from(Buffer.from(hex, 'hex')));
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.1.1.1',
    '1.1.1.1 ',
    '0x1.1.1.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    'g::1',
    '12345::',
    '::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    '[::1]',
  ])('refuse %j', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });
});
