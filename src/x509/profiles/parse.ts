import { err, fault, ok, type Fault, type Result, type SignatureAlgorithm } from '../../std/index.ts';
import { keyUsageBits } from '../extension-values.ts';
import { keyPurposes, type KeyPurpose } from '../oids.ts';
import { FieldReader, ProfileRefusal } from './fields.ts';
import {
  subjectAttributes,
  type AuthorityProfile,
  type EndEntityProfile,
  type HostPolicy,
  type Profile,
} from './profile.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Longest lifetimes a profile may set; relying parties refuse end entities that live longer than 398 days. */
const MAX_AUTHORITY_LIFETIME_MS = 7305 * 24 * HOUR_MS;
const MAX_END_ENTITY_LIFETIME_MS = 397 * 24 * HOUR_MS;
const MAX_BACKDATE_MINUTES = 60;
const MAX_PATH_LENGTH = 3;

const ALGORITHMS: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'Ed25519'];
const HOST_POLICIES: readonly HostPolicy[] = ['none', 'optional', 'required'];
const PURPOSES = (Object.keys(keyPurposes) as KeyPurpose[]).filter(
  (purpose) => purpose !== 'anyExtendedKeyUsage',
);
const WORD = /^[a-z][a-z0-9-]{0,31}$/;
const CA_USAGES: readonly string[] = ['keyCertSign', 'cRLSign'];

/**
 * A profile from the object that a `ca/profiles/*.yaml` file holds. What the certificate may contain beside
 * these fields is not for a profile to say: no other extension is ever written.
 * Errors: LS_X509_PROFILE_KEY for an unknown key (it names the nearest known one), LS_X509_PROFILE_INVALID
 * for a missing or wrong value, or values that contradict each other.
 */
export function parseProfile(raw: unknown): Result<Profile, Fault> {
  try {
    const profile = readProfile(new FieldReader(raw));
    return ok(deepFreeze(profile));
  } catch (error) {
    if (error instanceof ProfileRefusal) return err(fault(error.code, error.message));
    throw error;
  }
}

function readProfile(fields: FieldReader): Profile {
  const authority = fields.boolean('certificate_authority');
  const base = {
    name: fields.word('name', WORD),
    keyAlgorithms: fields.choices('key_algorithms', ALGORITHMS, 1),
    subject: subjectAttributes.filter((attribute) =>
      fields.choices('subject', subjectAttributes, 1).includes(attribute),
    ),
    lifetimeMs: readLifetime(fields, authority ? MAX_AUTHORITY_LIFETIME_MS : MAX_END_ENTITY_LIFETIME_MS),
    backdateMs: fields.integer('backdate_minutes', 0, MAX_BACKDATE_MINUTES) * MINUTE_MS,
    keyUsage: fields.choices('key_usage', keyUsageBits, 1),
  };
  if (!base.subject.includes('commonName')) fields.refuse('subject', 'must include commonName');
  const profile = authority ? readAuthority(fields, base) : readEndEntity(fields, base);
  fields.finish();
  return profile;
}

type Base = Pick<Profile, 'name' | 'keyAlgorithms' | 'subject' | 'lifetimeMs' | 'backdateMs' | 'keyUsage'>;

function readAuthority(fields: FieldReader, base: Base): AuthorityProfile {
  if (!base.keyUsage.includes('keyCertSign'))
    fields.refuse('key_usage', 'of an authority must include keyCertSign');
  return {
    kind: 'authority',
    ...base,
    selfSigned: fields.boolean('self_signed'),
    pathLen: fields.has('path_length') ? fields.integer('path_length', 0, MAX_PATH_LENGTH) : undefined,
    nameConstraints: fields.boolean('name_constraints'),
  };
}

function readEndEntity(fields: FieldReader, base: Base): EndEntityProfile {
  if (base.keyUsage.some((usage) => CA_USAGES.includes(usage))) {
    fields.refuse('key_usage', 'of an end entity must not include keyCertSign or cRLSign');
  }
  const spiffeSegment = fields.has('spiffe_segment') ? fields.word('spiffe_segment', WORD) : undefined;
  const hosts = fields.choice('hosts', HOST_POLICIES);
  const purposes = fields.choices('extended_key_usage', PURPOSES, 1);
  const isResponder = purposes.includes('ocspSigning');
  if (isResponder && (purposes.length > 1 || spiffeSegment !== undefined || hosts !== 'none')) {
    fields.refuse('extended_key_usage', 'with ocspSigning goes with no other purpose and with no name');
  }
  if (!isResponder && spiffeSegment === undefined && hosts !== 'required') {
    fields.refuse('hosts', 'must be "required" where there is no spiffe_segment: a certificate needs a name');
  }
  return { kind: 'end-entity', ...base, purposes, spiffeSegment, hosts };
}

const LIFETIME_UNITS = [
  ['lifetime_days', 24 * HOUR_MS],
  ['lifetime_hours', HOUR_MS],
  ['lifetime_minutes', MINUTE_MS],
] as const;

function readLifetime(fields: FieldReader, maxMs: number): number {
  const [given, other] = LIFETIME_UNITS.filter(([key]) => fields.has(key));
  if (other !== undefined) fields.refuse(other[0], `and ${given?.[0] ?? ''} exclude each other`);
  const [key, unit] = given ?? LIFETIME_UNITS[0];
  return fields.integer(key, 1, maxMs / unit) * unit;
}

function deepFreeze(profile: Profile): Profile {
  for (const value of Object.values(profile)) Object.freeze(value);
  return Object.freeze(profile);
}
