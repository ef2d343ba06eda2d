import { err, fault, ok, type Fault, type Result } from '../std/index.ts';
import { parseProfile, type Profile } from '../x509/index.ts';
import { quote } from './names.ts';

/** The kinds of certificate that an authority issues, by the names of their profiles. */
export const PROFILE_NAMES = ['root', 'cross', 'issuing', 'node', 'operator', 'server', 'ocsp'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export type AuthorityProfiles = Readonly<Record<ProfileName, Profile>>;

/**
 * Profiles from what the files `ca/profiles/NAME.yaml` hold. Errors: LS_X509_PROFILE_INVALID, also where a profile
 * has another name than its file or one is missing, and LS_X509_PROFILE_KEY.
 */
export function parseProfiles(raw: Readonly<Record<string, unknown>>): Result<AuthorityProfiles, Fault> {
  const root = parseNamed('root', raw);
  if (!root.ok) return root;
  const cross = parseNamed('cross', raw);
  if (!cross.ok) return cross;
  const issuing = parseNamed('issuing', raw);
  if (!issuing.ok) return issuing;
  const node = parseNamed('node', raw);
  if (!node.ok) return node;
  const operator = parseNamed('operator', raw);
  if (!operator.ok) return operator;
  const server = parseNamed('server', raw);
  if (!server.ok) return server;
  const ocsp = parseNamed('ocsp', raw);
  if (!ocsp.ok) return ocsp;
  return ok({
    root: root.value,
    cross: cross.value,
    issuing: issuing.value,
    node: node.value,
    operator: operator.value,
    server: server.value,
    ocsp: ocsp.value,
  });
}

/**
 * The shipped profiles with some of them replaced, each as a whole, by what a CA's own files say.
 * Errors: as parseProfiles; LS_X509_PROFILE_INVALID too for the name of no profile.
 */
export function profilesWith(own: Readonly<Record<string, unknown>>): Result<AuthorityProfiles, Fault> {
  const stranger = Object.keys(own).find((name) => !PROFILE_NAMES.some((known) => known === name));
  if (stranger !== undefined) {
    const known = PROFILE_NAMES.join(', ');
    return err(fault('LS_X509_PROFILE_INVALID', `there is no profile ${quote(stranger)}, only ${known}`));
  }
  return parseProfiles({ ...SHIPPED, ...own });
}

/** The profiles that ship with the product: what `ca/profiles/*.yaml` say. */
export function shippedProfiles(): AuthorityProfiles {
  const profiles = parseProfiles(SHIPPED);
  if (!profiles.ok) throw new RangeError(`shipped profiles: ${profiles.error.detail}`);
  return profiles.value;
}

const CA_KEY_USAGE = { key_usage: ['keyCertSign', 'cRLSign'], backdate_minutes: 5, subject: ['commonName'] };
const END_ENTITY = {
  certificate_authority: false,
  key_algorithms: ['ES256', 'Ed25519'],
  key_usage: ['digitalSignature'],
  backdate_minutes: 5,
};
const SHIPPED: Readonly<Record<ProfileName, unknown>> = {
  root: {
    ...CA_KEY_USAGE,
    name: 'root',
    certificate_authority: true,
    self_signed: true,
    name_constraints: false,
    key_algorithms: ['ES256', 'ES384', 'Ed25519'],
    lifetime_days: 3650,
  },
  cross: {
    ...CA_KEY_USAGE,
    name: 'cross',
    certificate_authority: true,
    self_signed: false,
    name_constraints: false,
    key_algorithms: ['ES256', 'ES384', 'Ed25519'],
    lifetime_days: 3650,
  },
  issuing: {
    ...CA_KEY_USAGE,
    name: 'issuing',
    certificate_authority: true,
    self_signed: false,
    path_length: 0,
    name_constraints: true,
    key_algorithms: ['ES256', 'Ed25519'],
    lifetime_days: 730,
  },
  node: {
    ...END_ENTITY,
    name: 'node',
    subject: ['commonName', 'serialNumber'],
    spiffe_segment: 'node',
    hosts: 'optional',
    lifetime_days: 7,
    extended_key_usage: ['serverAuth', 'clientAuth'],
  },
  operator: {
    ...END_ENTITY,
    name: 'operator',
    subject: ['commonName'],
    spiffe_segment: 'operator',
    hosts: 'none',
    lifetime_hours: 8,
    extended_key_usage: ['clientAuth', 'lifesignOperator'],
  },
  server: {
    ...END_ENTITY,
    name: 'server',
    subject: ['commonName'],
    hosts: 'required',
    lifetime_days: 90,
    extended_key_usage: ['serverAuth'],
  },
  ocsp: {
    ...END_ENTITY,
    name: 'ocsp',
    subject: ['commonName'],
    hosts: 'none',
    lifetime_days: 7,
    extended_key_usage: ['ocspSigning'],
  },
};

function parseNamed(name: ProfileName, raw: Readonly<Record<string, unknown>>): Result<Profile, Fault> {
  const profile = parseProfile(raw[name]);
  if (!profile.ok || profile.value.name === name) return profile;
  return err(fault('LS_X509_PROFILE_INVALID', `the profile ${name} names itself ${profile.value.name}`));
}
