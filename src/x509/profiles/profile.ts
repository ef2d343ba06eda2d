import type { SignatureAlgorithm } from '../../std/index.ts';
import type { KeyUsage } from '../extensions.ts';
import type { KeyPurpose } from '../oids.ts';

/** Subject attributes that a profile can ask for, in the order in which they are written. */
export const subjectAttributes = ['organizationName', 'commonName', 'serialNumber'] as const;
export type SubjectAttribute = (typeof subjectAttributes)[number];

/** `optional`: granted names are written; `required`: there must be one; `none`: granting one is an error. */
export type HostPolicy = 'none' | 'optional' | 'required';

interface ProfileBase {
  /** `root`, `issuing`, `node`, `operator`, `server` … : one lower-case word. */
  readonly name: string;
  readonly keyAlgorithms: readonly SignatureAlgorithm[];
  readonly subject: readonly SubjectAttribute[];
  /** From the moment of issuance to notAfter; the issuer's notAfter may end it earlier. */
  readonly lifetimeMs: number;
  /** From notBefore to the moment of issuance. */
  readonly backdateMs: number;
  readonly keyUsage: readonly KeyUsage[];
}

export interface AuthorityProfile extends ProfileBase {
  readonly kind: 'authority';
  readonly selfSigned: boolean;
  readonly pathLen: number | undefined;
  /** Whether nameConstraints must or must not be there. */
  readonly nameConstraints: boolean;
}

export interface EndEntityProfile extends ProfileBase {
  readonly kind: 'end-entity';
  readonly purposes: readonly KeyPurpose[];
  /** First path segment of the SPIFFE id, the second is the commonName; undefined for certificates without one. */
  readonly spiffeSegment: string | undefined;
  readonly hosts: HostPolicy;
}

/** True for the profile of OCSP responders: no names, and id-pkix-ocsp-nocheck. */
export function isResponderProfile(profile: Profile): boolean {
  return profile.kind === 'end-entity' && profile.purposes.includes('ocspSigning');
}

/** What a certificate of one kind looks like: validated, frozen. Only `parseProfile` makes one. */
export type Profile = AuthorityProfile | EndEntityProfile;
