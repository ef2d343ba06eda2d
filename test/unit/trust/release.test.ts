import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCbor, encodeSign1, sigStructure, type CborValue } from '../../../src/codec/index.ts';
import {
  concatBytes,
  domainIdOf,
  parseSerialNumber,
  unixMs,
  utf8,
  type Signer,
} from '../../../src/std/index.ts';
import { RELEASE_CONTEXT, signRelease, type Release } from '../../../src/trust/index.ts';
import { decodeRelease, verifyRelease } from '../../../src/trust/release.ts';
import { certIdOfCertificate, MAX_RELEASE_BYTES, parseCertificate } from '../../../src/x509/index.ts';
import { testCrypto, testKey } from '../../support/crypto.ts';
import { issuing, issuingCrlSpec, node } from '../../support/forge/pki.ts';
import { bundle } from '../../support/forge/trust.ts';
import { valuesOfEveryKind } from '../../support/raw-cbor.ts';
import { codeOf, valueOf } from '../../support/result.ts';

const issuer = valueOf(parseCertificate(issuing));
const key: Signer = issuingCrlSpec(1).signer;
const { domainId } = bundle;
const serial = parseSerialNumber('5'.repeat(32)) ?? expect.fail('a serial number');
const body: Release = {
  certId: certIdOfCertificate(issuer, testCrypto),
  tMs: unixMs(1_800_000_100_000),
  serial,
  heldAtMs: unixMs(1_800_000_000_000),
  holdNumber: 4,
  crlNumber: 5,
  ext: new Map(),
};
const id = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const fields: readonly (readonly [string, CborValue])[] = [
  ['version', 1],
  ['certId', id(body.certId)],
  ['tMs', body.tMs],
  ['serial', id(serial)],
  ['heldAtMs', body.heldAtMs],
  ['holdNumber', 4],
  ['crlNumber', 5],
  ['ext', new Map()],
];

function signed(
  payload: Uint8Array,
  context = RELEASE_CONTEXT,
  domain: Uint8Array = domainId,
  by = key,
): Uint8Array {
  const structure = sigStructure(by.algorithm, concatBytes(utf8(context), domain), payload);
  return encodeSign1({ algorithm: by.algorithm, payload, signature: by.sign(structure) });
}

function withField(at: number, value: CborValue): Uint8Array {
  return signed(encodeCbor(fields.map(([, known], index) => (index === at ? value : known))));
}

const codeOfVerifying = (bytes: Uint8Array, by = issuer): string | undefined =>
  codeOf(verifyRelease(valueOf(decodeRelease(bytes)), by, domainId, testCrypto));

describe('a release record', () => {
  it('is read and verified as it was signed', () => {
    const bytes = signRelease(body, key, domainId);
    const release = valueOf(decodeRelease(bytes));
    expect(valueOf(verifyRelease(release, issuer, domainId, testCrypto))).toEqual(body);
    expect(withField(0, 1).length).toBe(bytes.length);
  });

  it('verifies with no other key, issuer, type or domain', () => {
    const payload = encodeCbor(fields.map(([, value]) => value));
    expect(codeOfVerifying(signed(payload, RELEASE_CONTEXT, domainId, testKey()))).toBe(
      'LS_RECORD_SIGNATURE',
    );
    expect(codeOfVerifying(signed(payload, RELEASE_CONTEXT, domainId, testKey('Ed25519')))).toBe(
      'LS_RECORD_ALGORITHM',
    );
    expect(codeOfVerifying(signed(payload, 'lifesign/v1/roster'))).toBe('LS_RECORD_SIGNATURE');
    const otherDomain = domainIdOf(new Uint8Array(32)) ?? expect.fail('a domain id');
    expect(codeOfVerifying(signed(payload, RELEASE_CONTEXT, otherDomain))).toBe('LS_RECORD_SIGNATURE');
    expect(codeOfVerifying(signed(payload), valueOf(parseCertificate(node)))).toBe('LS_RECORD_WRONG_SIGNER');
  });

  it.each(fields.map(([name], at) => [name, at] as const))('refuses a %s of another kind', (name, at) => {
    const known = fields[at]?.[1];
    const expected = at === 0 ? 'LS_RECORD_VERSION' : 'LS_RECORD_MALFORMED';
    for (const [kind, value] of valuesOfEveryKind) {
      if (typeof value === 'number' ? typeof known === 'number' : kind === 'a map' && name === 'ext')
        continue;
      expect(codeOf(decodeRelease(withField(at, value))), name).toBe(expected);
    }
  });

  it.each([
    ['another version', 0, 2, 'LS_RECORD_VERSION'],
    ['a short certId', 1, id('00'), 'LS_RECORD_MALFORMED'],
    ['a time beyond the year 9999', 2, 253_402_300_800_000, 'LS_RECORD_MALFORMED'],
    ['a short serial', 3, new Uint8Array(15), 'LS_RECORD_MALFORMED'],
    ['a hold that is not in whole seconds', 4, 1_800_000_000_001, 'LS_RECORD_MALFORMED'],
    ['a hold in CRL 0', 5, 0, 'LS_RECORD_MALFORMED'],
    ['a hold released by the CRL that began it', 6, 4, 'LS_RECORD_MALFORMED'],
    ['a CRL number above 2^48', 6, 2 ** 48 + 1, 'LS_RECORD_MALFORMED'],
    ['an extension with key 0', 7, new Map([[0, 1]]), 'LS_RECORD_MALFORMED'],
    [
      'more extensions than it may have',
      7,
      new Map(Array.from({ length: 17 }, (_, n) => [n + 1, 1] as const)),
      'LS_RECORD_MALFORMED',
    ],
  ] as const)('refuses %s', (_, at, value, code) => {
    expect(codeOf(decodeRelease(withField(at, value)))).toBe(code);
  });

  it('refuses fields too few or too many, truncation, and more bytes than the bound', () => {
    const values = fields.map(([, value]) => value);
    expect(codeOf(decodeRelease(signed(encodeCbor(values.slice(0, -1)))))).toBe('LS_RECORD_MALFORMED');
    expect(codeOf(decodeRelease(signed(encodeCbor([...values, 0]))))).toBe('LS_RECORD_MALFORMED');
    expect(codeOf(decodeRelease(signed(encodeCbor('release'))))).toBe('LS_RECORD_MALFORMED');
    const bytes = signRelease(body, key, domainId);
    for (let length = 0; length < bytes.length; length += 7) {
      expect(codeOf(decodeRelease(bytes.subarray(0, length)))).toBe('LS_RECORD_MALFORMED');
    }
    expect(codeOf(decodeRelease(new Uint8Array(MAX_RELEASE_BYTES)))).toBe('LS_RECORD_MALFORMED');
    expect(codeOf(decodeRelease(new Uint8Array(MAX_RELEASE_BYTES + 1)))).toBe('LS_RECORD_TOO_LARGE');
  });

  it('never reads or verifies with a bit flipped', () => {
    const bytes = signRelease(body, key, domainId);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const altered = Uint8Array.from(bytes);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const release = decodeRelease(altered);
        return !release.ok || !verifyRelease(release.value, issuer, domainId, testCrypto).ok;
      }),
      { numRuns: 300 },
    );
  });
});
