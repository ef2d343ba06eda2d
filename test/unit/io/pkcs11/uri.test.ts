import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatKeyUri,
  MAX_URI_CHARACTERS,
  parseKeyUri,
  parseTokenUri,
} from '../../../../src/io/pkcs11/index.ts';
import { valueOf } from '../../../support/result.ts';

const LIB = 'module-path=/usr/lib/softhsm/libsofthsm2.so';

describe('the URI of a token', () => {
  it('is read with all that is understood', () => {
    const path = 'pkcs11:token=The%20Token;serial=ab12;manufacturer=M%26M;model=X;object=mesh';
    expect(valueOf(parseTokenUri(`${path}?${LIB}&pin-source=file:/etc/p%69n`))).toEqual({
      modulePath: '/usr/lib/softhsm/libsofthsm2.so',
      token: 'The Token',
      serial: 'ab12',
      manufacturer: 'M&M',
      model: 'X',
      object: 'mesh',
      pinSource: '/etc/pin',
    });
  });

  it.each(['file:/etc/pin', 'file:///etc/pin', '/etc/pin'])('takes %s for the place of the PIN', (source) => {
    expect(valueOf(parseTokenUri(`pkcs11:token=t?${LIB}&pin-source=${source}`)).pinSource).toBe('/etc/pin');
  });

  it.each([
    ['another scheme', `pkcs12:token=t?${LIB}`],
    ['no library', 'pkcs11:token=t'],
    ['a library by its name only', 'pkcs11:token=t?module-name=softhsm2'],
    ['a relative library', 'pkcs11:token=t?module-path=lib.so'],
    ['an empty library', 'pkcs11:token=t?module-path='],
    ['no token', `pkcs11:object=x?${LIB}`],
    ['nothing', `pkcs11:?${LIB}`],
    ['the PIN itself', `pkcs11:token=t?${LIB}&pin-value=1234`],
    ['a command for the PIN', `pkcs11:token=t?${LIB}&pin-source=|/bin/pin`],
    ['a relative PIN file', `pkcs11:token=t?${LIB}&pin-source=file:pin`],
    ['a PIN file of another host', `pkcs11:token=t?${LIB}&pin-source=file://host/pin`],
    ['a token twice', `pkcs11:token=t;token=u?${LIB}`],
    ['a library twice', `pkcs11:token=t?${LIB}&${LIB}`],
    ['an attribute that would be ignored', `pkcs11:token=t;slot-id=1?${LIB}`],
    ['a key by its id', `pkcs11:token=t;id=%01?${LIB}`],
    ['a vendor attribute', `pkcs11:token=t;x-who=me?${LIB}`],
    ['a property of objects', `pkcs11:token=t;constructor=x?${LIB}`],
    ['two queries', `pkcs11:token=t?${LIB}?${LIB}`],
    ['a broken escape', `pkcs11:token=%4?${LIB}`],
    ['an escape of no hex', `pkcs11:token=%4g?${LIB}`],
    ['a blank that is not escaped', `pkcs11:token=a b?${LIB}`],
    ['bytes that are no text', `pkcs11:token=%ff?${LIB}`],
    ['a NUL', `pkcs11:token=a%00b?${LIB}`],
    ['a label longer than tokens have', `pkcs11:token=${'a'.repeat(33)}?${LIB}`],
    ['a serial longer than tokens have', `pkcs11:serial=${'a'.repeat(17)}?${LIB}`],
    ['more than is read', `pkcs11:token=t?module-path=/${'a'.repeat(MAX_URI_CHARACTERS)}`],
  ])('is refused with %s, and never shown', (_, uri) => {
    const read = parseTokenUri(uri);
    expect(read).toMatchObject({ ok: false, error: { code: 'LS_CONFIG_KEY_STORE' } });
    expect(JSON.stringify(read)).not.toContain('1234');
  });
});

describe('the URI of a key', () => {
  it('reads back as it was written, for every label and id', () => {
    const label = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 24 })
      .filter((text) => text.isWellFormed());
    const id = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(label, id, (object, bytes) => {
        const text = formatKeyUri({ object, id: bytes });
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(valueOf(parseKeyUri(text))).toEqual({ object, id: bytes });
      }),
    );
  });

  it.each([
    'pkcs11:object=x;id=%01',
    'pkcs11:object=x;type=private',
    'pkcs11:id=%01;type=private',
    'pkcs11:object=x;id=%01;type=public',
    'pkcs11:object=x;id=%01;type=private;token=t',
    'pkcs11:object=%ff;id=%01;type=private',
    'pkcs11:object=x;id=%01;type=private?module-path=/evil.so',
    `pkcs11:object=x;id=${'%01'.repeat(65)};type=private`,
    'object=x;id=%01;type=private',
  ])('%s is refused', (text) => {
    expect(parseKeyUri(text)).toMatchObject({ ok: false, error: { code: 'LS_CONFIG_KEY_STORE' } });
  });

  it('never makes the reader fail, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        for (const read of [parseKeyUri(`pkcs11:${text}`), parseTokenUri(`pkcs11:${text}`)])
          expect(typeof read.ok).toBe('boolean');
      }),
    );
  });
});
