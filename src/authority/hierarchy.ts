import { ok, type Fault, type Result, type Signer, type UnixMs } from '../std/index.ts';
import {
  issue,
  issuerOf,
  parseCertificate,
  prepare,
  subjectKeyOf,
  validityOf,
  type Grant,
  type Issuer,
  type NameConstraints,
  type Profile,
} from '../x509/index.ts';
import { rootCrlUrl } from './certify.ts';
import type { AuthorityDeps, AuthorityKeys, InitialiseRequest } from './deps.ts';
import { shippedProfiles } from './profiles.ts';
import { newSerial } from './serial.ts';

const MAX_COMMON_NAME = 64;

export interface Hierarchy {
  /** DER. */
  readonly root: Uint8Array;
  /** DER. */
  readonly issuing: Uint8Array;
}

type Ceremony = AuthorityDeps & { readonly keys: Required<AuthorityKeys> };

/** A self-signed root, and the issuing CA under it. Errors: LS_X509_*. */
export function makeHierarchy(
  deps: Ceremony,
  request: InitialiseRequest,
  now: UnixMs,
): Result<Hierarchy, Fault> {
  const { root: rootProfile, issuing: issuingProfile } = deps.profiles ?? shippedProfiles();
  const { trustDomain, crlUrl } = request;
  const rootGrant = { trustDomain, commonName: nameOf(trustDomain, 'root CA') };
  const root = certify(
    deps,
    { profile: rootProfile, grant: rootGrant, subject: deps.keys.root, issuer: 'self' },
    now,
  );
  if (!root.ok) return root;
  const issuer = readIssuer(root.value);
  if (!issuer.ok) return issuer;
  const grant: Grant = {
    trustDomain,
    commonName: nameOf(trustDomain, 'issuing CA'),
    nameConstraints: constraintsFor(request),
    ...(crlUrl === undefined ? {} : { crlUrls: [rootCrlUrl(crlUrl)] }),
  };
  const order = { profile: issuingProfile, grant, subject: deps.keys.issuing, issuer: issuer.value };
  const issuing = certify(deps, order, now);
  return issuing.ok ? ok({ root: root.value, issuing: issuing.value }) : issuing;
}

interface CaOrder {
  readonly profile: Profile;
  readonly grant: Grant;
  readonly subject: Signer;
  readonly issuer: Issuer | 'self';
}

/** Both certificates are signed with the root's key. */
function certify(deps: Ceremony, order: CaOrder, now: UnixMs): Result<Uint8Array, Fault> {
  const { profile, grant, subject, issuer } = order;
  const subjectKey = subjectKeyOf(subject.spki, deps.crypto);
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
  return prepared.ok ? issue(prepared.value, deps.keys.root) : prepared;
}

function readIssuer(der: Uint8Array): Result<Issuer, Fault> {
  const certificate = parseCertificate(der);
  return certificate.ok ? issuerOf(certificate.value) : certificate;
}

/** Names under the trust domain and the permitted suffixes; every address. Source: RFC 5280 §4.2.1.10. */
function constraintsFor({ trustDomain, permittedDns }: InitialiseRequest): NameConstraints {
  const suffixes = [...new Set([trustDomain, ...permittedDns])];
  return {
    permitted: [
      { kind: 'uri', value: trustDomain },
      ...suffixes.map((value) => ({ kind: 'dns', value }) as const),
      { kind: 'ip-range', address: new Uint8Array(4), mask: new Uint8Array(4) },
      { kind: 'ip-range', address: new Uint8Array(16), mask: new Uint8Array(16) },
    ],
    excluded: [],
  };
}

function nameOf(trustDomain: string, what: string): string {
  const name = `${trustDomain} ${what}`;
  return name.length > MAX_COMMON_NAME ? `lifesign ${what}` : name;
}
