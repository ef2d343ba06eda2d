import type { EnrollmentToken } from '../../authority/index.ts';
import type { EnrollmentAnswer } from '../../io/ca-client/index.ts';
import { nodeCrypto } from '../../io/crypto/index.ts';
import { decodeRoster, verifyRoster } from '../../membership/index.ts';
import { equalBytes, fault, LsError, type Fault, type Result, type UnixMs } from '../../std/index.ts';
import {
  acceptRootsWith,
  applyCrlFrom,
  judgeCertificate,
  makeTrustBundle,
  RevocationState,
  type TrustBundle,
  type TrustMaterial,
  type VerifiedPeer,
} from '../../trust/index.ts';
import { issuerChainsOf } from '../node/trust-files.ts';

export interface VerifiedEnrollment {
  readonly certificate: VerifiedPeer;
  readonly bundle: TrustBundle;
}

const GRACE_MS = 24 * 60 * 60 * 1_000;

/**
 * Believes nothing the CA's server said because it said so: the root is the pinned one, certificate and CRLs hold by
 * the same rules as every peer's, they are for our key and the name of the token, and the issuing CA has signed a
 * roster with us in it. Throws LS_ENROLL_ANSWER with the reason as its cause.
 */
export function verifyEnrollment(
  answer: EnrollmentAnswer,
  token: EnrollmentToken,
  spki: Uint8Array,
  now: UnixMs,
): VerifiedEnrollment {
  const [root] = answer.roots;
  if (root === undefined || !equalBytes(nodeCrypto.sha256(root), token.rootSha256)) {
    throw refusal('the root is not the one of the token');
  }
  const genesis = valueOf(makeTrustBundle(answer.trustDomain, [root], nodeCrypto), 'the trust domain');
  const material = materialOf(answer, genesis, now);
  const { bundle } = material;
  const certificate = valueOf(judgeCertificate(material, answer.chain, 'node', now), 'the certificate');
  if (certificate.name !== token.name) throw refusal(`the certificate is for ${certificate.name}`);
  if (
    certificate.nodeId !== answer.nodeId ||
    certificate.serial !== answer.serial ||
    answer.name !== token.name
  ) {
    throw refusal('the certificate is not the one announced');
  }
  if (!equalBytes(certificate.key.spki, spki)) throw refusal('the certificate is for another key');
  checkRoster(answer, certificate, material, now);
  return { certificate, bundle };
}

/**
 * CRLs of the roots, of which the one of the token vouches for the others, and of every issuing CA that is in use: each
 * certified by a root, as its chain shows.
 */
function materialOf(answer: EnrollmentAnswer, genesis: TrustBundle, now: UnixMs): TrustMaterial {
  const judging = { crypto: nodeCrypto, onStale: 'deny', graceMs: GRACE_MS } as const;
  const before = { ...judging, bundle: genesis, revocation: RevocationState.empty() };
  const accepted = acceptRootsWith(before, answer, answer.crls, now);
  const { bundle } = accepted;
  let { revocation } = accepted;
  if (bundle.anchors.length < answer.roots.length) {
    const [reason] = accepted.refused.filter(({ code }) => code === 'LS_TRUST_NEW_ROOT');
    throw refusal('no root that the token vouches for has certified the others', reason);
  }
  const chains = issuerChainsOf(answer.chain, answer.issuing);
  for (const der of answer.crls) {
    const applied = applyCrlFrom(revocation, der, chains, bundle, nodeCrypto, now);
    revocation = valueOf(applied, 'a CRL').state;
  }
  return { ...judging, bundle, revocation };
}

/** Signed by the issuing CA of the certificate, or by another one that is in use: the answer may be to an old request. */
function checkRoster(
  answer: EnrollmentAnswer,
  certificate: VerifiedPeer,
  material: TrustMaterial,
  now: UnixMs,
): void {
  const record = valueOf(decodeRoster(answer.roster), 'the roster');
  const issuers = issuerChainsOf(answer.chain, answer.issuing).map((chain) =>
    judgeCertificate(material, chain, 'issuer', now),
  );
  const signer = issuers.find((judged) => judged.ok && judged.value.key.certId === record.body.certId);
  if (signer?.ok !== true) throw refusal('the roster is signed by an issuing CA that does not count');
  const { domainId } = material.bundle;
  const roster = valueOf(verifyRoster(nodeCrypto, domainId, record, signer.value.key), 'the roster').body;
  const self = roster.members.find(({ nodeId }) => nodeId === certificate.nodeId);
  if (self?.name !== certificate.name || (self.state !== 'enrolled' && self.state !== 'active')) {
    throw refusal('the roster does not name this node as a member');
  }
}

function valueOf<T>(result: Result<T, Fault>, what: string): T {
  if (result.ok) return result.value;
  throw refusal(`${what} does not hold (${result.error.code}: ${result.error.detail})`, result.error);
}

function refusal(why: string, cause?: Fault): LsError {
  return new LsError(fault('LS_ENROLL_ANSWER', `the CA answered wrongly: ${why}`, cause));
}
