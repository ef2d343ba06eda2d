import { onTestFinished } from 'vitest';
import {
  crlsInOrder,
  decodeToken,
  initialiseAuthority,
  openAuthority,
  tokenBinding,
  type Authority,
  type AuthorityDeps,
  type AuthorityStore,
  type Enrollment,
  type EnrollRequest,
  type InitialiseRequest,
  type TokenRequest,
} from '../../src/authority/index.ts';
import { signSuccessor } from '../../src/heartbeat/index.ts';
import { openSqliteStore, systemRandom } from '../../src/io/index.ts';
import { equalBytes, unixMs } from '../../src/std/index.ts';
import type { Fault, Result, SignatureAlgorithm, Signer, UnixMs } from '../../src/std/index.ts';
import {
  applyCrl,
  judgeCertificate,
  makeTrustBundle,
  RevocationState,
  type VerifiedPeer,
} from '../../src/trust/index.ts';
import {
  certIdOfCertificate,
  encodeName,
  parseCertificate,
  parseCrl,
  signCsr,
} from '../../src/x509/index.ts';
import { testCrypto, testKey } from './crypto.ts';
import { valueOf } from './result.ts';

export const CA_NOW = unixMs(Date.parse('2026-03-01T12:00:00.250Z'));
const GRACE_MS = 86_400_000;

export interface TestCaOptions {
  /** Default: a store in memory. */
  readonly store?: AuthorityStore;
  readonly algorithm?: SignatureAlgorithm;
  readonly request?: Partial<InitialiseRequest>;
}

/** An initialised authority over a real SQLite store, with all that made it, so that it can be opened again. */
export interface TestCa {
  readonly authority: Authority;
  readonly deps: AuthorityDeps & {
    readonly keys: { readonly issuing: readonly [Signer]; readonly roots: readonly [Signer] };
  };
}

export async function makeTestCa(options: TestCaOptions = {}): Promise<TestCa> {
  const store = options.store ?? openSqliteStore(':memory:');
  onTestFinished(() => store.close());
  const { algorithm } = options;
  const deps: TestCa['deps'] = {
    store,
    keys: { issuing: [testKey(algorithm)], roots: [testKey(algorithm)] },
    crypto: testCrypto,
    random: systemRandom,
    config: { urls: ['https://ca.mesh.internal:8440'], intervalMinMs: 100, intervalMaxMs: 10_000 },
  };
  const request = { trustDomain: 'mesh.internal', permittedDns: ['example.test'], ...options.request };
  valueOf(await initialiseAuthority(deps, request, CA_NOW));
  return { deps, authority: valueOf(await openAuthority(deps)) };
}

/** A CSR as `node enroll` makes it. */
export function testCsr(key: Signer, name: string, challengePassword?: string): Uint8Array {
  return signCsr({ subject: encodeName({ commonName: name }), challengePassword }, key);
}

/** What `node enroll` sends for a token. */
export function requestFor(token: string, key: Signer): EnrollRequest {
  const { tokenId, secret, name } = valueOf(decodeToken(token));
  return { tokenId, secret, csr: testCsr(key, name, tokenBinding(testCrypto, secret, key.spki)) };
}

export interface TestMember {
  readonly key: Signer;
  readonly enrollment: Enrollment;
}

/** Makes a token and redeems it. */
export async function enrollMember(
  authority: Authority,
  request: TokenRequest | string,
  now: UnixMs = CA_NOW,
): Promise<TestMember> {
  const asked = typeof request === 'string' ? { name: request } : request;
  const { token } = valueOf(await authority.createToken(asked, now));
  const key = testKey();
  return { key, enrollment: valueOf(await authority.enroll(requestFor(token, key), now)) };
}

/** What the CA's server makes of a member's TLS link: its own verdict on the chain. */
export async function peerOf(
  authority: Authority,
  chain: readonly Uint8Array[],
  now: UnixMs = CA_NOW,
): Promise<VerifiedPeer> {
  return valueOf(await verdictOn(authority, chain, now));
}

/** What a relying party that has all CRLs makes of a node's certificate. */
export async function verdictOn(
  authority: Authority,
  chain: readonly Uint8Array[],
  now: UnixMs = CA_NOW,
): Promise<Result<VerifiedPeer, Fault>> {
  const { trustDomain, roots, issuing } = authority.bundle();
  const bundle = valueOf(makeTrustBundle(trustDomain, roots, testCrypto));
  const crls = valueOf(await authority.currentCrls());
  let revocation = RevocationState.empty();
  for (const { der } of crls.roots) {
    revocation = valueOf(applyCrl(revocation, der, [], bundle, testCrypto, now)).state;
  }
  for (const crl of crlsInOrder(crls)) {
    const { issuer } = valueOf(parseCrl(crl));
    const chainOf = issuing.filter((der) => equalBytes(valueOf(parseCertificate(der)).subject, issuer));
    if (chainOf.length === 0) continue;
    revocation = valueOf(applyCrl(revocation, crl, chainOf, bundle, testCrypto, now)).state;
  }
  const material = { bundle, revocation, crypto: testCrypto, onStale: 'warn', graceMs: GRACE_MS } as const;
  return judgeCertificate(material, chain, 'node', now);
}

export interface Renewal {
  readonly key: Signer;
  readonly request: { readonly csr: Uint8Array; readonly successor: Uint8Array };
}

/** A new key and what a node sends to have it certified. `by`: the key that signs the successor statement. */
export function renewalFor(
  authority: Authority,
  peer: VerifiedPeer,
  by: Signer,
  now: UnixMs = CA_NOW,
  key: Signer = testKey(),
): Renewal {
  const { bytes } = signSuccessor(
    {
      certId: peer.key.certId,
      nodeId: peer.nodeId,
      oldSpkiHash: testCrypto.sha256(peer.key.spki),
      newSpki: key.spki,
      tMs: now,
      ext: new Map(),
    },
    by,
    authority.domainId,
    testCrypto,
  );
  return { key, request: { csr: testCsr(key, peer.name), successor: bytes } };
}

/** certId of a DER certificate. */
export function certIdOfDer(der: Uint8Array): string {
  return certIdOfCertificate(valueOf(parseCertificate(der)), testCrypto);
}

export function later(ms: number): UnixMs {
  return unixMs(CA_NOW + ms);
}
