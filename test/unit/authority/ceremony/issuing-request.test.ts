import { describe, expect, it } from 'vitest';
import {
  makeIssuingRequest,
  makeRoot,
  MAX_PERMITTED_DNS,
  readIssuingRequest,
  signIssuing,
} from '../../../../src/authority/index.ts';
import { systemRandom } from '../../../../src/io/index.ts';
import { wholeSecond } from '../../../../src/authority/time.ts';
import {
  basicConstraintsExtension,
  commonNameOf,
  crlDistributionPointsExtension,
  encodeName,
  nameConstraintsExtension,
  parseCertificate,
  signCsr,
  type NameConstraints,
} from '../../../../src/x509/index.ts';
import { CA_NOW } from '../../../support/ca.ts';
import { testCrypto, testKey } from '../../../support/crypto.ts';
import { codeOf, valueOf } from '../../../support/result.ts';

const key = testKey();
const maker = { crypto: testCrypto, random: systemRandom };
const wanted = {
  trustDomain: 'mesh.internal',
  permittedDns: ['example.test'],
  crlUrl: 'http://ca.example.test:8441',
};
const csr = valueOf(makeIssuingRequest(maker, wanted, key));
const NOW = wholeSecond(CA_NOW);

const anyAddress = [4, 16].map(
  (bytes) => ({ kind: 'ip-range', address: new Uint8Array(bytes), mask: new Uint8Array(bytes) }) as const,
);
const asks = (permitted: NameConstraints['permitted'], excluded: NameConstraints['excluded'] = []) =>
  signCsr(
    {
      subject: encodeName({ commonName: 'a CA' }),
      extensions: [
        basicConstraintsExtension({ ca: true, pathLen: 0 }),
        nameConstraintsExtension({ permitted: [...permitted, ...anyAddress], excluded }),
      ],
    },
    key,
  );
const domain = { kind: 'uri', value: 'mesh.internal' } as const;

describe('the request of an issuing CA', () => {
  it('comes back as a certificate of the root that says all of it', () => {
    const signer = testKey('ES384');
    const root = valueOf(parseCertificate(valueOf(makeRoot(maker, 'mesh.internal', signer, NOW))));
    const wish = valueOf(readIssuingRequest(csr, 'mesh.internal', testCrypto));
    const der = valueOf(signIssuing(maker, { certificate: root, signer }, wish, NOW));
    const { spki, extensions } = valueOf(parseCertificate(der));
    expect(spki).toEqual(key.spki);
    expect(extensions.nameConstraints?.value).toEqual(wish.nameConstraints);
    expect(extensions.basicConstraints?.value).toEqual({ ca: true, pathLen: 0 });
    expect(extensions.crlDistributionPoints?.value[0]?.fullName).toEqual([
      { kind: 'uri', value: 'http://ca.example.test:8441/crl/root.crl' },
    ]);
  });

  it.each([1, 2, 17])('says which generation it is for: %i', (generation) => {
    const signer = testKey();
    const root = valueOf(parseCertificate(valueOf(makeRoot(maker, 'mesh.internal', signer, NOW))));
    const later = valueOf(makeIssuingRequest(maker, wanted, key, generation));
    const wish = valueOf(readIssuingRequest(later, 'mesh.internal', testCrypto));
    expect(wish.generation).toBe(generation);
    const der = valueOf(signIssuing(maker, { certificate: root, signer }, wish, NOW));
    const suffix = generation === 1 ? '' : ` G${String(generation)}`;
    expect(commonNameOf(valueOf(parseCertificate(der)))).toBe(`mesh.internal issuing CA${suffix}`);
  });

  it.each([
    'G2',
    'x issuing CA G1',
    'x issuing CA G02',
    'x issuing CA G1000000',
    'x issuing CA g2',
    'x issuing CA G2 ',
  ])('is for the first by any other name: %s', (commonName) => {
    const extensions = [
      basicConstraintsExtension({ ca: true, pathLen: 0 }),
      nameConstraintsExtension({ permitted: [domain], excluded: [] }),
    ];
    const der = signCsr({ subject: encodeName({ commonName }), extensions }, key);
    expect(valueOf(readIssuingRequest(der, 'mesh.internal', testCrypto)).generation).toBe(1);
  });

  it('is not made for what initialising refuses', () => {
    expect(codeOf(makeIssuingRequest(maker, { ...wanted, trustDomain: 'mesh' }, key))).toBe('LS_CA_REQUEST');
    expect(codeOf(makeIssuingRequest(maker, { ...wanted, crlUrl: 'ftp://x' }, key))).toBe('LS_CA_REQUEST');
  });

  it('may have as many DNS suffixes as a CA, and not one more', () => {
    const suffixes = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ kind: 'dns', value: `d${n}.test` }) as const);
    const most = MAX_PERMITTED_DNS + 1;
    expect(codeOf(readIssuingRequest(asks([domain, ...suffixes(most)]), 'mesh.internal', testCrypto))).toBe(
      undefined,
    );
    const more = asks([domain, ...suffixes(most + 1)]);
    expect(codeOf(readIssuingRequest(more, 'mesh.internal', testCrypto))).toBe('LS_CEREMONY_REQUEST');
  });

  const altered = Uint8Array.from(csr);
  altered[csr.length - 1] = (altered[csr.length - 1] ?? 0) ^ 1;
  it.each([
    ['a signature by another key', 'LS_CSR_PROOF', altered],
    ['a request that is cut off', 'LS_CSR_MALFORMED', csr.subarray(0, -1)],
    ['too much', 'LS_CSR_TOO_LARGE', new Uint8Array(8 * 1024 + 1)],
    ['a key of another kind', 'LS_CSR_KEY', valueOf(makeIssuingRequest(maker, wanted, testKey('ES384')))],
    ['no extensions', 'LS_CEREMONY_REQUEST', signCsr({ subject: encodeName({ commonName: 'a' }) }, key)],
    ['another trust domain', 'LS_CEREMONY_REQUEST', asks([{ kind: 'uri', value: 'other.internal' }])],
    ['two trust domains', 'LS_CEREMONY_REQUEST', asks([domain, { kind: 'uri', value: 'other.internal' }])],
    ['no trust domain', 'LS_CEREMONY_REQUEST', asks([])],
    ['e-mail addresses', 'LS_CEREMONY_REQUEST', asks([domain, { kind: 'email', value: 'example.test' }])],
    ['a DNS name that is none', 'LS_CEREMONY_REQUEST', asks([domain, { kind: 'dns', value: '*.test' }])],
    ['excluded names', 'LS_CEREMONY_REQUEST', asks([domain], [{ kind: 'dns', value: 'a.test' }])],
    [
      'no CA',
      'LS_CEREMONY_REQUEST',
      signCsr(
        {
          subject: encodeName({ commonName: 'a' }),
          extensions: [nameConstraintsExtension({ permitted: [domain], excluded: [] })],
        },
        key,
      ),
    ],
    [
      'no name constraints',
      'LS_CEREMONY_REQUEST',
      signCsr(
        {
          subject: encodeName({ commonName: 'a' }),
          extensions: [basicConstraintsExtension({ ca: true, pathLen: 0 })],
        },
        key,
      ),
    ],
    [
      'five places for CRLs',
      'LS_CEREMONY_REQUEST',
      signCsr(
        {
          subject: encodeName({ commonName: 'a' }),
          extensions: [
            basicConstraintsExtension({ ca: true, pathLen: 0 }),
            nameConstraintsExtension({ permitted: [domain, ...anyAddress], excluded: [] }),
            crlDistributionPointsExtension(Array.from({ length: 5 }, (_, n) => `http://c${n}.test/root.crl`)),
          ],
        },
        key,
      ),
    ],
  ])('is refused with %s', (_, code, der) => {
    expect(codeOf(readIssuingRequest(der, 'mesh.internal', testCrypto))).toBe(code);
  });

  it('is refused by the root of another trust domain', () => {
    expect(codeOf(readIssuingRequest(csr, 'other.internal', testCrypto))).toBe('LS_CEREMONY_REQUEST');
  });
});
