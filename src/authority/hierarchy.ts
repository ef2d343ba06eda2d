import {
  ok,
  type CryptoPort,
  type Fault,
  type Random,
  type Result,
  type Signer,
  type UnixMs,
} from '../std/index.ts';
import {
  commonNameOf,
  issue,
  issuerOf,
  parseCertificate,
  prepare,
  subjectKeyOf,
  validityOf,
  type Certificate,
  type Grant,
  type Issuer,
  type NameConstraints,
  type Profile,
} from '../x509/index.ts';
import { rootCrlUrl } from './certify.ts';
import type { AuthorityDeps, AuthorityKeys, InitialiseRequest } from './deps.ts';
import { shippedProfiles, type AuthorityProfiles } from './profiles.ts';
import type { RootAtHand } from './root-ca.ts';
import { newSerial } from './serial.ts';

const MAX_COMMON_NAME = 64;

export interface Hierarchy {
  /** DER. */
  readonly root: Uint8Array;
  /** DER. */
  readonly issuing: Uint8Array;
}

/** What it takes to certify a CA. */
export interface CaMaker {
  readonly crypto: CryptoPort;
  readonly random: Random;
  /** Default: the shipped ones. */
  readonly profiles?: AuthorityProfiles;
}

/** What an issuing CA is to be certified for. */
export interface IssuingWish {
  readonly trustDomain: string;
  /** DER SubjectPublicKeyInfo of a key whose holder has proved to have it. */
  readonly spki: Uint8Array;
  readonly nameConstraints: NameConstraints;
  /** Where the root's CRL is; empty for nowhere. */
  readonly crlUrls: readonly string[];
  /** Which issuing CA of the domain it is to be, from 1: its name says so. */
  readonly generation: number;
}

/** Which root another one is to vouch for. */
export interface CrossWish {
  readonly trustDomain: string;
  /** Self-signed. */
  readonly root: Certificate;
  /** Where the CRL of the root that vouches is; empty for nowhere. */
  readonly crlUrls: readonly string[];
}

type Ceremony = AuthorityDeps & { readonly keys: Required<AuthorityKeys> };

/** A self-signed root, and the issuing CA under it. Errors: LS_X509_*. */
export function makeHierarchy(
  deps: Ceremony,
  request: InitialiseRequest,
  now: UnixMs,
): Result<Hierarchy, Fault> {
  const [rootKey] = deps.keys.roots;
  if (rootKey === undefined) throw new RangeError('a CA begins with a root key');
  const root = makeRoot(deps, request.trustDomain, rootKey, now);
  if (!root.ok) return root;
  const certificate = parseCertificate(root.value);
  if (!certificate.ok) return certificate;
  const atHand = { certificate: certificate.value, signer: rootKey };
  const [issuingKey] = deps.keys.issuing;
  if (issuingKey === undefined) throw new RangeError('a CA begins with an issuing key');
  const issuing = signIssuing(deps, atHand, issuingWish(request, issuingKey.spki), now);
  return issuing.ok ? ok({ root: root.value, issuing: issuing.value }) : issuing;
}

/** DER of the self-signed certificate of a root. `now` in whole seconds. Errors: LS_X509_*. */
export function makeRoot(
  deps: CaMaker,
  trustDomain: string,
  signer: Signer,
  now: UnixMs,
  generation = 1,
): Result<Uint8Array, Fault> {
  const { root: profile } = deps.profiles ?? shippedProfiles();
  const grant = { trustDomain, commonName: nameOfRoot(trustDomain, generation) };
  return certify(deps, { profile, grant, spki: signer.spki, issuer: 'self' }, signer, now);
}

/**
 * DER of the certificate by which a root makes a key that of an issuing CA: linted, clamped to the root's own time.
 * `now` in whole seconds. Errors: LS_X509_*.
 */
export function signIssuing(
  deps: CaMaker,
  root: RootAtHand,
  { trustDomain, spki, nameConstraints, crlUrls, generation }: IssuingWish,
  now: UnixMs,
): Result<Uint8Array, Fault> {
  const { issuing: profile } = deps.profiles ?? shippedProfiles();
  const issuer = issuerOf(root.certificate);
  if (!issuer.ok) return issuer;
  const grant = { trustDomain, commonName: nameOfIssuing(trustDomain, generation), nameConstraints, crlUrls };
  return certify(deps, { profile, grant, spki, issuer: issuer.value }, root.signer, now);
}

/**
 * DER of the certificate by which a root vouches for another one: its name, its key, and no longer than both.
 * `now` in whole seconds. Errors: LS_X509_*.
 */
export function signCross(
  deps: CaMaker,
  by: RootAtHand,
  { trustDomain, root, crlUrls }: CrossWish,
  now: UnixMs,
): Result<Uint8Array, Fault> {
  const { cross: profile } = deps.profiles ?? shippedProfiles();
  const issuer = issuerOf(by.certificate);
  if (!issuer.ok) return issuer;
  const grant = { trustDomain, commonName: commonNameOf(root) ?? '', crlUrls };
  return certify(deps, { profile, grant, spki: root.spki, issuer: issuer.value }, by.signer, now);
}

/** What `pki init`, or a rollover, asks of the root for its issuing key. */
export function issuingWish(
  request: InitialiseRequest,
  spki: Uint8Array,
  generation = 1,
  rootGeneration = 1,
): IssuingWish {
  const { trustDomain, crlUrl } = request;
  const crlUrls = crlUrl === undefined ? [] : [rootCrlUrl(crlUrl, rootGeneration)];
  return { trustDomain, spki, nameConstraints: constraintsFor(request), crlUrls, generation };
}

/** The subject's commonName of an issuing CA: another for each generation, so that stock tools never mix them. */
export function nameOfIssuing(trustDomain: string, generation: number): string {
  return nameOf(trustDomain, generation === 1 ? 'issuing CA' : `issuing CA G${generation}`);
}

const LATER_GENERATION = /^.* (?:issuing|root) CA G([2-9]|[1-9][0-9]{1,5})$/;

/** The generation that {@link nameOfIssuing} or {@link nameOfRoot} has put into a name; 1 for any other name. */
export function generationOfName(commonName: string): number {
  return Number(LATER_GENERATION.exec(commonName)?.[1] ?? 1);
}

/** The subject's commonName of a root: another for each generation. */
export function nameOfRoot(trustDomain: string, generation: number): string {
  return nameOf(trustDomain, generation === 1 ? 'root CA' : `root CA G${generation}`);
}

interface CaOrder {
  readonly profile: Profile;
  readonly grant: Grant;
  readonly spki: Uint8Array;
  readonly issuer: Issuer | 'self';
}

function certify(deps: CaMaker, order: CaOrder, signer: Signer, now: UnixMs): Result<Uint8Array, Fault> {
  const { profile, grant, spki, issuer } = order;
  const subjectKey = subjectKeyOf(spki, deps.crypto);
  if (!subjectKey.ok) return subjectKey;
  const validity = validityOf(profile, issuer, now);
  if (!validity.ok) return validity;
  const prepared = prepare({
    profile,
    grant,
    subjectKey: subjectKey.value,
    issuer,
    validity: validity.value,
    serial: newSerial(deps.random),
  });
  return prepared.ok ? issue(prepared.value, signer) : prepared;
}

/**
 * Names under the trust domain and the permitted suffixes. Addresses are of no form that is named, so all are permitted;
 * to say so with ranges makes strongSwan refuse the certificate. Source: RFC 5280 §4.2.1.10.
 */
function constraintsFor({ trustDomain, permittedDns }: InitialiseRequest): NameConstraints {
  const suffixes = [...new Set([trustDomain, ...permittedDns])];
  return {
    permitted: [
      { kind: 'uri', value: trustDomain },
      ...suffixes.map((value) => ({ kind: 'dns', value }) as const),
    ],
    excluded: [],
  };
}

function nameOf(trustDomain: string, what: string): string {
  const name = `${trustDomain} ${what}`;
  return name.length > MAX_COMMON_NAME ? `lifesign ${what}` : name;
}
