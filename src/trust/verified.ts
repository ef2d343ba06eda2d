import type {
  Brand,
  CertId,
  NodeId,
  NodeName,
  SerialNumber,
  SignatureAlgorithm,
  UnixMs,
} from '../std/index.ts';
import type { Certificate } from '../x509/index.ts';
import type { IdentityOf, Role } from './roles/identity.ts';

/** The key a judged certificate speaks with. */
export interface CertifiedKey {
  readonly certId: CertId;
  readonly algorithm: SignatureAlgorithm;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/** What is known of every certificate that was judged good. */
export interface Judgement {
  readonly serial: SerialNumber;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** The certificate, then its issuers, without root. */
  readonly chain: readonly Certificate[];
  /** The pinned root at the end of the chain. */
  readonly anchor: Certificate;
  /** When it was judged: never before the newest verified thisUpdate. */
  readonly judgedAt: UnixMs;
  /** Number of the CRL of its issuer that it was judged by. */
  readonly crlNumber: number;
  /** Revocation data was outdated and the operator chose to go on (`onStale: warn`). */
  readonly staleRevocation: boolean;
}

/**
 * A node whose certificate had a valid path and fresh good status when it was judged. Only `judgeCertificate`
 * and `recheck` make one: who holds a value of this type need not ask again what `alive` may count.
 */
export type VerifiedPeer = Verified<{
  readonly role: 'node';
  readonly nodeId: NodeId;
  readonly name: NodeName;
  readonly key: CertifiedKey & { readonly nodeId: NodeId };
}>;
/** A person who may administer the CA; never a mesh peer. */
export type VerifiedOperator = Verified<{
  readonly role: 'operator';
  readonly name: NodeName;
  readonly key: CertifiedKey;
}>;
/** A CA's HTTPS server; which host it is remains to be checked. */
export type VerifiedServer = Verified<{ readonly role: 'server'; readonly key: CertifiedKey }>;
/** An issuing CA, for what it signs beside certificates and CRLs. */
export type VerifiedIssuer = Verified<{ readonly role: 'issuer'; readonly key: CertifiedKey }>;

export type VerifiedCertificate = VerifiedPeer | VerifiedOperator | VerifiedServer | VerifiedIssuer;
export type VerifiedOf<R extends Role> = Extract<VerifiedCertificate, { readonly role: R }>;

type Verified<T> = Brand<Judgement & T, 'VerifiedCertificate'>;

/** Not exported from the folder: `judgeCertificate` calls it when every check has passed, and nobody else. */
export function mintVerified<R extends Role>(
  judgement: Judgement,
  identity: IdentityOf<R>,
  key: CertifiedKey,
): VerifiedOf<R> {
  const owner = 'nodeId' in identity ? { ...key, nodeId: identity.nodeId } : key;
  return { ...judgement, ...identity, key: owner } as unknown as VerifiedOf<R>;
}

/** The same verdict, found again later. */
export function renewVerified<T extends VerifiedCertificate>(
  verified: T,
  found: Pick<Judgement, 'judgedAt' | 'crlNumber' | 'staleRevocation'>,
): T {
  return { ...verified, ...found };
}
