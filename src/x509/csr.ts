import type { Brand, SignatureAlgorithm } from '../std/index.ts';
import type { CertificateExtensions } from './extensions.ts';
import type { DistinguishedName } from './name.ts';
import type { SignedObject } from './signed.ts';

/** A well-formed PKCS#10 request whose proof of possession nobody has checked. Source: RFC 2986 §4. */
export interface CertificationRequest extends SignedObject {
  readonly der: Uint8Array;
  readonly subject: Uint8Array;
  readonly subjectName: DistinguishedName;
  readonly spki: Uint8Array;
  readonly keyAlgorithm: SignatureAlgorithm;
  /** PKCS#9 challengePassword. Source: RFC 2985 §5.4.1. */
  readonly challengePassword: string | undefined;
  /** PKCS#9 extensionRequest: wishes, never grants. Source: RFC 2985 §5.4.2. */
  readonly extensionRequest: CertificateExtensions | undefined;
}

/** A request signed by the very key it asks a certificate for. Only `verifyCsr` makes one. */
export type ProvenCsr = Brand<CertificationRequest, 'ProvenCsr'>;
