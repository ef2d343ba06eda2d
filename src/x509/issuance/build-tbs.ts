import { err, fault, ok, type Fault, type Result } from '../../std/index.ts';
import { encodeTbsCertificate } from '../certificate-write.ts';
import {
  authorityKeyIdExtension,
  basicConstraintsExtension,
  crlDistributionPointsExtension,
  extendedKeyUsageExtension,
  freshestCrlExtension,
  keyUsageExtension,
  nameConstraintsExtension,
  ocspAccessExtension,
  ocspNoCheckExtension,
  subjectAltNameExtension,
  subjectKeyIdExtension,
} from '../extensions-write.ts';
import type { GeneralName } from '../general-name.ts';
import { parseIp } from '../ip.ts';
import { encodeName } from '../name-write.ts';
import { keyPurposes } from '../oids.ts';
import { isResponderProfile, type EndEntityProfile, type Profile } from '../profiles/profile.ts';
import { isTrustDomain, spiffeUri } from '../spiffe.ts';
import type { Grant, IssuanceRequest, Issuer } from './request.ts';

const NAME = /^[\p{L}\p{N}:][\p{L}\p{N} .,:'()/_-]{0,63}$/u;
const PRINTABLE_NAME = /^[A-Za-z0-9][A-Za-z0-9 .,:'()/-]{0,63}$/;
const HOST = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const HTTP_URL = /^http:\/\/[!-~]{1,500}$/;
const SPIFFE_SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * DER TBSCertificate of what the profile and the grant say; the same request gives the same bytes.
 * Errors: LS_X509_GRANT when the grant lacks something the profile asks for, or has something it forbids.
 * Source: RFC 5280 §4.
 */
export function buildTbs(request: IssuanceRequest): Result<Uint8Array, Fault> {
  const problem = problemOf(request);
  if (problem !== undefined)
    return err(fault('LS_X509_GRANT', `profile "${request.profile.name}": ${problem}`));
  const { issuer, subjectKey, validity, serial } = request;
  const subject = encodeName(pickSubject(request));
  return ok(
    encodeTbsCertificate({
      serialHex: serial,
      algorithm: issuer === 'self' ? subjectKey.algorithm : issuer.algorithm,
      issuer: issuer === 'self' ? subject : issuer.certificate.subject,
      ...validity,
      subject,
      spki: subjectKey.spki,
      extensions: extensionsOf(request),
    }),
  );
}

function problemOf(request: IssuanceRequest): string | undefined {
  const { profile, grant, issuer } = request;
  if (!isTrustDomain(grant.trustDomain)) return 'the trust domain is not a dotted lower-case name';
  const selfSigned = profile.kind === 'authority' && profile.selfSigned;
  if (selfSigned !== (issuer === 'self')) return 'only a self-signed profile goes without an issuer';
  const { crlUrls = [], deltaCrlUrls = [], ocspUrls = [] } = grant;
  const badUrl = [...crlUrls, ...deltaCrlUrls, ...ocspUrls].find((url) => !HTTP_URL.test(url));
  if (badUrl !== undefined) return `${JSON.stringify(badUrl.slice(0, 80))} is no http URL`;
  return problemOfSubject(request) ?? problemOfNames(request);
}

function problemOfSubject({ profile, grant, subjectKey }: IssuanceRequest): string | undefined {
  if (!profile.keyAlgorithms.includes(subjectKey.algorithm))
    return `does not take ${subjectKey.algorithm} keys`;
  for (const attribute of ['organizationName', 'commonName', 'serialNumber'] as const) {
    const value = grant[attribute];
    const wanted = profile.subject.includes(attribute);
    if (wanted !== (value !== undefined) && attribute !== 'commonName') {
      return wanted ? `the grant has no ${attribute}` : `the grant must not have a ${attribute}`;
    }
    const form = attribute === 'serialNumber' ? PRINTABLE_NAME : NAME;
    if (value !== undefined && !form.test(value)) return `${attribute} is not a name of 1 to 64 characters`;
  }
  return undefined;
}

function problemOfNames({ profile, grant }: IssuanceRequest): string | undefined {
  const dns = grant.dns ?? [];
  const ip = grant.ip ?? [];
  if (profile.kind === 'authority') {
    if (dns.length + ip.length > 0) return 'an authority has no host names';
    const constrained = grant.nameConstraints !== undefined;
    return constrained === profile.nameConstraints
      ? undefined
      : 'name constraints are not as the profile says';
  }
  if (grant.nameConstraints !== undefined) return 'an end entity has no name constraints';
  if (profile.hosts === 'none' && dns.length + ip.length > 0) return 'hosts are not granted';
  if (profile.hosts === 'required' && dns.length + ip.length === 0)
    return 'at least one host must be granted';
  if (profile.spiffeSegment !== undefined && !SPIFFE_SEGMENT.test(grant.commonName)) {
    return 'commonName cannot stand in a SPIFFE id';
  }
  const badDns = dns.find((name) => name.length > 253 || !HOST.test(name));
  if (badDns !== undefined) return `${JSON.stringify(badDns.slice(0, 80))} is not a host name`;
  const badIp = ip.find((address) => parseIp(address) === undefined);
  return badIp === undefined ? undefined : `${JSON.stringify(badIp.slice(0, 80))} is not an IP address`;
}

function pickSubject({ grant }: IssuanceRequest) {
  const { organizationName, commonName, serialNumber } = grant;
  return { organizationName, commonName, serialNumber };
}

function extensionsOf({ profile, grant, subjectKey, issuer }: IssuanceRequest): readonly Uint8Array[] {
  const { purpose, status } = sharedExtensions(profile, grant, issuer);
  const extensions = [subjectKeyIdExtension(subjectKey.keyId), ...purpose];
  if (profile.kind === 'authority') {
    if (grant.nameConstraints !== undefined) extensions.push(nameConstraintsExtension(grant.nameConstraints));
  } else if (!isResponderProfile(profile)) {
    extensions.push(subjectAltNameExtension(alternativeNames(profile, grant)));
  }
  return [...extensions, ...status];
}

/** The extensions that all certificates of a profile, an issuer and its URLs have, in their two runs. */
interface SharedExtensions {
  readonly issuer: Issuer | 'self';
  readonly urls: string;
  readonly purpose: readonly Uint8Array[];
  readonly status: readonly Uint8Array[];
}

/** Those written last for each profile: writing them was half of what a certificate costs. */
const written = new WeakMap<Profile, SharedExtensions>();

function sharedExtensions(profile: Profile, grant: Grant, issuer: Issuer | 'self'): SharedExtensions {
  const { crlUrls = [], deltaCrlUrls = [], ocspUrls = [] } = grant;
  // No URL has a blank in it.
  const urls = [crlUrls, deltaCrlUrls, ocspUrls].map((each) => each.join(' ')).join('\n');
  const known = written.get(profile);
  if (known?.issuer === issuer && known.urls === urls) return known;
  const shared = {
    issuer,
    urls,
    purpose: purposeExtensions(profile, issuer),
    status: [
      ...(crlUrls.length > 0 ? [crlDistributionPointsExtension(crlUrls)] : []),
      ...(deltaCrlUrls.length > 0 ? [freshestCrlExtension(deltaCrlUrls)] : []),
      ...(ocspUrls.length > 0 ? [ocspAccessExtension(ocspUrls)] : []),
    ],
  };
  written.set(profile, shared);
  return shared;
}

function purposeExtensions(profile: Profile, issuer: Issuer | 'self'): readonly Uint8Array[] {
  const extensions = issuer === 'self' ? [] : [authorityKeyIdExtension(issuer.keyId)];
  if (profile.kind === 'authority') {
    extensions.push(basicConstraintsExtension({ ca: true, pathLen: profile.pathLen }));
    return [...extensions, keyUsageExtension(profile.keyUsage)];
  }
  extensions.push(keyUsageExtension(profile.keyUsage));
  extensions.push(extendedKeyUsageExtension(profile.purposes.map((purpose) => keyPurposes[purpose])));
  return isResponderProfile(profile) ? [...extensions, ocspNoCheckExtension()] : extensions;
}

/** The SPIFFE id first, then DNS names, then addresses, each as granted. */
function alternativeNames(profile: EndEntityProfile, grant: Grant): readonly GeneralName[] {
  const names: GeneralName[] = [];
  if (profile.spiffeSegment !== undefined) {
    names.push({ kind: 'uri', value: spiffeUri(grant.trustDomain, profile.spiffeSegment, grant.commonName) });
  }
  for (const value of grant.dns ?? []) names.push({ kind: 'dns', value });
  for (const text of grant.ip ?? []) {
    const address = parseIp(text);
    if (address !== undefined) names.push({ kind: 'ip', address });
  }
  return names;
}
