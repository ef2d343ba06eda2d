import { encodeBase64Url } from '../../codec/index.ts';
import { decodeToken } from '../../authority/index.ts';
import type {
  CertificateFacts,
  CreatedToken,
  Authorities,
  CurrentCrls,
  IssuingCrls,
  Enrollment,
  IssuedCertificate,
  NodeFacts,
  ReleaseFacts,
  RemovalFacts,
  RequestFacts,
  RevocationFacts,
  RootCrlFacts,
  Seed,
  TokenFacts,
} from '../../authority/index.ts';
import { toHex, type UnixMs } from '../../std/index.ts';
import type { Spread } from './spread.ts';

/** RFC 3339 in UTC with milliseconds. */
export function timeText(time: UnixMs): string {
  return new Date(time).toISOString();
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

export function issuedJson(issued: IssuedCertificate) {
  return {
    serial: issued.serial,
    notBefore: timeText(issued.notBefore),
    notAfter: timeText(issued.notAfter),
    chain: issued.chain.map(base64Of),
  };
}

export function enrollmentJson(enrollment: Enrollment) {
  return { ...enrolledJson(enrollment), ...enrolledAmongJson(enrollment) };
}

/** What an enrollment says to the one who asked for it. */
export function enrolledJson(enrollment: Enrollment) {
  return { name: enrollment.name, nodeId: enrollment.nodeId, ...issuedJson(enrollment) };
}

/** What it says to all who are enrolled at the same time. */
export function enrolledAmongJson(enrollment: Enrollment) {
  return {
    trustDomain: enrollment.trustDomain,
    roots: enrollment.roots.map(base64Of),
    crossCertificates: enrollment.crossCertificates.map(base64Of),
    issuing: enrollment.issuing.map(base64Of),
    crls: enrollment.crls.map(base64Of),
    roster: base64Of(enrollment.roster),
    seeds: enrollment.seeds.map(seedJson),
  };
}

export function seedJson({ nodeId, name, address }: Seed) {
  return { nodeId, name, address };
}

/** Which CAs lead from a root to a node now. */
export function authoritiesJson({ roots, crossCertificates, issuing, active, renewWithinMs }: Authorities) {
  return {
    roots: roots.map(base64Of),
    crossCertificates: crossCertificates.map(base64Of),
    issuing: issuing.map(base64Of),
    /** SHA-256 of the DER of the active one; null when the root has revoked it. */
    active: active === null ? null : toHex(active),
    renewWithinMs,
  };
}

export function crlsJson(crls: CurrentCrls) {
  const [first, ...others] = crls.issuing.map(issuingCrlsJson);
  const [root, ...laterRoots] = crls.roots;
  if (root === undefined) throw new RangeError('a CA has the CRL of its root');
  if (first === undefined) throw new RangeError('a CA has the CRLs of an issuing CA');
  return {
    /** Of the active issuing CA, and below those of others that have not ended. */
    ...first,
    others,
    /** Of the genesis root, and of those after it. */
    root: base64Of(root.der),
    laterRoots: laterRoots.map(({ der }) => base64Of(der)),
    /** Of the newest CRL: the delta when there is one. */
    crlNumber: crls.number,
    fullNumber: crls.fullNumber,
  };
}

function issuingCrlsJson({ generation, full, delta }: IssuingCrls) {
  return { generation, full: base64Of(full), delta: delta === null ? null : base64Of(delta) };
}

export function rootCrlJson(facts: RootCrlFacts) {
  return { ...facts, thisUpdate: timeText(facts.thisUpdate), nextUpdate: timeText(facts.nextUpdate) };
}

export function createdTokenJson({ token, facts }: CreatedToken) {
  const secret = facts.est ? decodeToken(token) : undefined;
  return {
    token,
    ...tokenJson(facts),
    /** What a client of RFC 7030 sends with HTTP Basic. */
    ...(secret?.ok === true
      ? { estUser: facts.tokenId, estPassword: encodeBase64Url(secret.value.secret) }
      : {}),
  };
}

export function tokenJson(facts: TokenFacts) {
  return {
    tokenId: facts.tokenId,
    name: facts.name,
    dns: facts.dns,
    ip: facts.ip,
    replace: facts.replace,
    approval: facts.approval,
    est: facts.est,
    createdAt: timeText(facts.createdAt),
    expiresAt: timeText(facts.expiresAt),
    status: facts.status,
    ...(facts.spentAt === null ? {} : { spentAt: timeText(facts.spentAt) }),
  };
}

export function requestJson(facts: RequestFacts) {
  return {
    requestId: facts.requestId,
    name: facts.name,
    dns: facts.dns,
    ip: facts.ip,
    replace: facts.replace,
    keySha256: toHex(facts.keySha256),
    requestedAt: timeText(facts.requestedAt),
    expiresAt: timeText(facts.expiresAt),
    status: facts.status,
    ...(facts.decidedAt === null ? {} : { decidedAt: timeText(facts.decidedAt) }),
    ...(facts.decidedBy === null ? {} : { decidedBy: facts.decidedBy }),
    ...(facts.reason === null ? {} : { reason: facts.reason }),
  };
}

export function certificateJson(facts: CertificateFacts) {
  return {
    name: facts.name,
    nodeId: facts.nodeId,
    role: facts.role,
    serial: facts.serial,
    issuer: facts.issuer,
    notBefore: timeText(facts.notBefore),
    notAfter: timeText(facts.notAfter),
    status: facts.status,
    ...(facts.reason === undefined ? {} : { reason: facts.reason }),
    ...(facts.revokedAt === undefined ? {} : { revokedAt: timeText(facts.revokedAt) }),
  };
}

export function nodeJson(facts: NodeFacts) {
  return {
    name: facts.name,
    nodeId: facts.nodeId,
    state: facts.state,
    dns: facts.dns,
    ip: facts.ip,
    address: facts.address,
    enrolledAt: timeText(facts.enrolledAt),
    activatedAt: facts.activatedAt === null ? null : timeText(facts.activatedAt),
    endedAt: facts.endedAt === null ? null : timeText(facts.endedAt),
    reason: facts.reason,
    certificates: facts.certificates.map((certificate) => ({
      ...certificateJson(certificate),
      ...(certificate.der === null ? {} : { der: base64Of(certificate.der) }),
    })),
  };
}

export function revocationJson(revoked: RevocationFacts, spread: Spread) {
  return {
    name: revoked.name,
    nodeId: revoked.nodeId,
    serials: revoked.serials,
    reason: revoked.reason,
    revokedAt: timeText(revoked.revokedAt),
    crlNumber: revoked.crlNumber,
    ...spread,
  };
}

export function releaseJson(released: ReleaseFacts, spread: Spread) {
  return {
    name: released.name,
    nodeId: released.nodeId,
    serials: released.serials,
    releasedAt: timeText(released.releasedAt),
    crlNumber: released.crlNumber,
    ...spread,
  };
}

export function removalJson(removed: RemovalFacts) {
  return {
    name: removed.name,
    nodeId: removed.nodeId,
    removedAt: timeText(removed.removedAt),
    rosterNumber: removed.rosterNumber,
  };
}

export type EnrollmentJson = ReturnType<typeof enrollmentJson>;
export type CrlsJson = ReturnType<typeof crlsJson>;
export type CreatedTokenJson = ReturnType<typeof createdTokenJson>;
export type TokenJson = ReturnType<typeof tokenJson>;
export type RequestJson = ReturnType<typeof requestJson>;
export type CertificateJson = ReturnType<typeof certificateJson>;
export type NodeJson = ReturnType<typeof nodeJson>;
export type RevocationJson = ReturnType<typeof revocationJson>;
export type ReleaseJson = ReturnType<typeof releaseJson>;
export type RemovalJson = ReturnType<typeof removalJson>;
