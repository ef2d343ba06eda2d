import { encodePem, decodePem } from '../../../src/codec/index.ts';
import { equalBytes, fromUtf8, utf8, type Fault, type Result } from '../../../src/std/index.ts';
import { applyCrl, judgeCertificate, makeTrustBundle, RevocationState } from '../../../src/trust/index.ts';
import {
  encodeName,
  parseCertificate,
  parseCrl,
  parseCsr,
  signCsr,
  subjectKeyOf,
  verifyCsr,
} from '../../../src/x509/index.ts';
import { testCrypto, testKey } from '../crypto.ts';
import { crlDistributionPoints, issuingDistributionPoint, uri } from '../forge/extensions.ts';
import {
  deltaSpec,
  forgeCertificate,
  forgeCrl,
  issuing,
  issuingCrlSpec,
  node,
  nodeSpec,
  NOW,
  root,
  rootCrlSpec,
  serialHexOf,
  TRUST_DOMAIN,
} from '../forge/pki.ts';
import { withExtensions } from '../forge/certificate.ts';
import { codeOf, valueOf } from '../result.ts';
import type { FuzzTarget } from './run.ts';

const bundle = valueOf(makeTrustBundle(TRUST_DOMAIN, [root], testCrypto));
const POINT = uri('http://ca.mesh.internal/issuing.crl');
const pointed = forgeCertificate(withExtensions(nodeSpec, { points: crlDistributionPoints(POINT) }));
const revoked = [
  { serialHex: '40000000000000000000000000000001', revokedAt: NOW - 5000, reason: 'keyCompromise' as const },
  {
    serialHex: '40000000000000000000000000000002',
    revokedAt: NOW - 4000,
    reason: 'certificateHold' as const,
  },
  { serialHex: '40000000000000000000000000000003', revokedAt: NOW - 3000 },
];
const full = forgeCrl(issuingCrlSpec(5, revoked));
const scoped = issuingCrlSpec(6, revoked);
const scopedFull = forgeCrl({
  ...scoped,
  extensions: { ...scoped.extensions, scope: issuingDistributionPoint(POINT) },
});
const delta = forgeCrl(deltaSpec(6, 5, [{ serialHex: serialHexOf(nodeSpec), revokedAt: NOW - 1000 }]));
const csr = signCsr({ subject: encodeName({ commonName: 'alpha' }), challengePassword: 'x' }, testKey());
const holding = [full, forgeCrl(rootCrlSpec(1))].reduce(
  (state, crl) => valueOf(applyCrl(state, crl, [issuing], bundle, testCrypto, NOW)).state,
  RevocationState.empty(),
);

/** Certificates, requests and CRLs: parsed, and judged as a relying party would. */
export const x509Targets: readonly FuzzTarget[] = [
  {
    name: 'certificate',
    seeds: [root, issuing, node, pointed],
    decode: (input) => parsed(parseCertificate, input),
  },
  { name: 'certificate judged', seeds: [node], decode: judgedNode },
  { name: 'CSR', seeds: [csr], decode: provenCsr },
  {
    name: 'public key',
    seeds: [nodeSpec.key.spki],
    decode: (input) => codeOf(subjectKeyOf(input, testCrypto)),
  },
  { name: 'CRL', seeds: [full, scopedFull, delta], decode: walkedCrl },
  {
    name: 'full CRL applied',
    seeds: [full, scopedFull],
    decode: (input) => appliedCrl(RevocationState.empty(), input),
  },
  { name: 'delta CRL applied', seeds: [delta], decode: (input) => appliedCrl(holding, input) },
  { name: 'PEM', seeds: [utf8(encodePem('CERTIFICATE', node) + encodePem('X509 CRL', full))], decode: pem },
];

const signedParts = [root, issuing, node, full, scopedFull, delta].map(tbsOf);

function parsed<T extends { readonly der: Uint8Array }>(
  parse: (der: Uint8Array) => Result<T, Fault>,
  input: Uint8Array,
): string | undefined {
  const result = parse(input);
  if (result.ok && !equalBytes(result.value.der, input)) throw new Error('the bytes kept are others');
  return codeOf(result);
}

function judgedNode(input: Uint8Array): string | undefined {
  const material = { bundle, revocation: holding, crypto: testCrypto, onStale: 'deny', graceMs: 0 } as const;
  const verdict = judgeCertificate(material, [input, issuing], 'node', NOW);
  if (verdict.ok) mustBeSigned(input);
  return codeOf(verdict);
}

function provenCsr(input: Uint8Array): string | undefined {
  const request = parseCsr(input);
  if (!request.ok) return request.error.code;
  const proven = verifyCsr(request.value, testCrypto);
  if (proven.ok && !equalBytes(request.value.tbs, tbsOf(csr)))
    throw new Error('a forged proof of possession');
  return undefined;
}

function walkedCrl(input: Uint8Array): string | undefined {
  const list = parseCrl(input);
  if (!list.ok) return list.error.code;
  const { entries } = list.value;
  const all = [...entries];
  if (all.length !== entries.size) throw new Error(`${entries.size} entries, ${all.length} walked`);
  for (const { serialHex } of all.slice(0, 16)) {
    if (entries.find(serialHex)?.serialHex !== serialHex)
      throw new Error(`${serialHex} is listed, not found`);
  }
  return undefined;
}

function appliedCrl(state: RevocationState, input: Uint8Array): string | undefined {
  const applied = applyCrl(state, input, [issuing], bundle, testCrypto, NOW);
  if (applied.ok) mustBeSigned(input);
  return codeOf(applied);
}

function pem(input: Uint8Array): string | undefined {
  const text = fromUtf8(input);
  return text === undefined ? 'no text' : codeOf(decodePem(text));
}

function mustBeSigned(input: Uint8Array): void {
  const tbs = tbsOf(input);
  if (!signedParts.some((signed) => equalBytes(signed, tbs))) throw new Error('accepted what nobody signed');
}

function tbsOf(der: Uint8Array): Uint8Array {
  const certificate = parseCertificate(der);
  if (certificate.ok) return certificate.value.tbs;
  const list = parseCrl(der);
  return list.ok ? list.value.tbs : valueOf(parseCsr(der)).tbs;
}
