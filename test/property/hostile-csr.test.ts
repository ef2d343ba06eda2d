import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeToken, shippedProfiles, tokenBinding, type Authority } from '../../src/authority/index.ts';
import type { SignatureAlgorithm } from '../../src/std/index.ts';
import {
  encodeName,
  keyIdOf,
  keyPurposes,
  lintCertificate,
  parseCertificate,
  parseCsr,
  parseIp,
  verifyCsr,
} from '../../src/x509/index.ts';
import { CA_NOW, makeTestCa, peerOf } from '../support/ca.ts';
import { testCrypto } from '../support/crypto.ts';
import { hostileCsr, type HostileCsr } from '../support/hostile-csr.ts';
import { valueOf } from '../support/result.ts';

const RUNS = 250;
const MAX_LIFE_MS = (7 * 24 * 60 + 5) * 60_000;
const GRANTS = [
  { dns: [], ip: [] },
  { dns: ['a.example.test'], ip: [] },
  { dns: ['a.example.test', 'b.example.test'], ip: ['10.0.0.1', '::1'] },
] as const;

type Grant = (typeof GRANTS)[number];

describe('no request, however odd,', () => {
  it('yields a certificate outside of its profile and grant', async () => {
    const { authority } = await makeTestCa();
    let tried = 0;
    let issued = 0;
    const codes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(hostileCsr, fc.constantFrom(...GRANTS), async (request, grant) => {
        tried += 1;
        const code = await tryToEnroll(authority, `node-${tried}`, request, grant);
        if (code === undefined) issued += 1;
        else codes.add(code);
      }),
      { numRuns: RUNS },
    );
    // Otherwise the property holds of nothing.
    expect(issued).toBeGreaterThan(RUNS / 25);
    expect([...codes].filter((code) => !/^LS_(CSR|TOKEN)_/.test(code))).toEqual([]);
    expect(codes.size).toBeGreaterThan(2);
  }, 60_000);
});

/** The code of the refusal; undefined when a certificate was issued, which is then exactly what was granted. */
async function tryToEnroll(
  authority: Authority,
  name: string,
  { key, build }: HostileCsr,
  grant: Grant,
): Promise<string | undefined> {
  const { token } = valueOf(await authority.createToken({ name, ...grant }, CA_NOW));
  const { tokenId, secret } = valueOf(decodeToken(token));
  const csr = build(name, tokenBinding(testCrypto, secret, key.spki));
  const enrolled = await authority.enroll({ tokenId, secret, csr }, CA_NOW);
  if (!enrolled.ok) return enrolled.error.code;

  const { spki } = valueOf(verifyCsr(valueOf(parseCsr(csr)), testCrypto));
  const [leaf = new Uint8Array()] = enrolled.value.chain;
  const { nodeId } = enrolled.value;
  const names = [
    { kind: 'uri', value: `spiffe://mesh.internal/node/${name}` },
    ...grant.dns.map((value) => ({ kind: 'dns', value })),
    ...grant.ip.map((text) => ({ kind: 'ip', address: parseIp(text) })),
  ];
  const certificate = valueOf(parseCertificate(leaf));
  expect(certificate).toMatchObject({
    version: 3,
    spki,
    subject: encodeName({ commonName: name, serialNumber: nodeId }),
  });
  expect<SignatureAlgorithm[]>(['ES256', 'Ed25519']).toContain(certificate.keyAlgorithm);
  expect(certificate.serial).toBeDefined();
  expect(certificate.notAfter - certificate.notBefore).toBeLessThanOrEqual(MAX_LIFE_MS);
  const { extensions } = certificate;
  expect(extensions.subjectAltName?.value).toEqual(names);
  expect(extensions.basicConstraints?.value.ca ?? false).toBe(false);
  expect([...(extensions.keyUsage?.value ?? [])]).toEqual(['digitalSignature']);
  expect(extensions.extendedKeyUsage?.value).toEqual([keyPurposes.serverAuth, keyPurposes.clientAuth]);
  expect(extensions.subjectKeyId?.value).toEqual(valueOf(keyIdOf(spki, testCrypto)));
  const { issuerAltName, nameConstraints, crlDistributionPoints, freshestCrl, policy, unknown } = extensions;
  expect([issuerAltName, nameConstraints, crlDistributionPoints, freshestCrl]).toEqual(
    Array(4).fill(undefined),
  );
  expect([...policy, ...unknown]).toEqual([]);
  expect(lintCertificate(shippedProfiles().node, leaf)).toEqual([]);
  expect(await peerOf(authority, enrolled.value.chain)).toMatchObject({ nodeId, name });
  return undefined;
}
