import {
  equalBytes,
  err,
  fault,
  ok,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import {
  applyCrl,
  judgeCertificate,
  makeTrustBundle,
  parseIpAddress,
  RevocationState,
  type TrustBundle,
} from '../../trust/index.ts';
import {
  issuerOf,
  lintCertificate,
  parseCertificate,
  parseCrl,
  type Certificate,
  type CertificateList,
} from '../../x509/index.ts';
import { checkPermitted } from '../permitted-names.ts';
import type { AuthorityProfiles } from '../profiles.ts';

/** Certificates and CRLs that are looked at in one go. */
export const MAX_IMPORTED = 16;

/** What the root has made, in any order. */
export interface ImportedFiles {
  /** DER. */
  readonly certificates: readonly Uint8Array[];
  /** DER. */
  readonly crls: readonly Uint8Array[];
}

/** For whom it has to be. */
export interface ImportTarget {
  readonly trustDomain: string;
  /** Of the issuing key of the home. */
  readonly issuingSpki: Uint8Array;
  /** DNS names and addresses of the CA's URLs, which it will certify for its own server. */
  readonly hosts: readonly string[];
}

/** A root, an issuing CA and a CRL that fit together and to their target. */
export interface CheckedImport {
  readonly root: Certificate;
  readonly issuing: Certificate;
  readonly crl: CertificateList;
}

interface Checker {
  readonly crypto: CryptoPort;
  readonly profiles: AuthorityProfiles;
}

/**
 * Judges what came from the root as every relying party will, and then some: a CA that began with what nobody accepts
 * would have to begin again.
 *
 * Errors: LS_CEREMONY_FILES, LS_CA_KEY_MISMATCH, LS_CEREMONY_HIERARCHY (the reason as cause where there is one); those
 * of parsing, LS_TRUST_*, LS_CRL_*, LS_X509_LINT, LS_SAN_NOT_PERMITTED.
 */
export function checkImport(
  checker: Checker,
  target: ImportTarget,
  files: ImportedFiles,
  now: UnixMs,
): Result<CheckedImport, Fault> {
  const sorted = sortFiles(files);
  if (!sorted.ok) return sorted;
  const { root, issuing, crl } = sorted.value;
  if (!equalBytes(issuing.spki, target.issuingSpki)) {
    const detail = `certificate ${issuing.serialHex} is not for the issuing key of this home`;
    return err(fault('LS_CA_KEY_MISMATCH', detail));
  }
  const bundle = makeTrustBundle(target.trustDomain, [root.der], checker.crypto);
  if (!bundle.ok) return err(withCause(bundle.error));
  const judged = judgeIssuing(checker, bundle.value, sorted.value, now);
  if (judged !== undefined) return err(judged);
  const refused =
    checkForm(checker, root, issuing) ?? checkLimits(root, issuing, target) ?? checkHosts(issuing, target);
  return refused === undefined ? ok({ root, issuing, crl }) : err(refused);
}

/** A self-signed certificate, another one and a CRL, and no more; the same file twice counts once. */
function sortFiles(files: ImportedFiles): Result<CheckedImport, Fault> {
  if (files.certificates.length + files.crls.length > MAX_IMPORTED) {
    return err(fault('LS_CEREMONY_FILES', `more than ${MAX_IMPORTED} certificates and CRLs`));
  }
  const certificates: Certificate[] = [];
  for (const der of withoutRepeats(files.certificates)) {
    const parsed = parseCertificate(der);
    if (!parsed.ok) return parsed;
    certificates.push(parsed.value);
  }
  const crls = withoutRepeats(files.crls);
  const [root, ...otherRoots] = certificates.filter(isSelfIssued);
  const [issuing, ...others] = certificates.filter((each) => !isSelfIssued(each));
  const [crlDer, ...otherCrls] = crls;
  const isMore = otherRoots.length + others.length + otherCrls.length > 0;
  if (root === undefined || issuing === undefined || crlDer === undefined || isMore) {
    const found = `${otherRoots.length + Number(root !== undefined)} self-signed and ${others.length + Number(issuing !== undefined)} other certificates, ${crls.length} CRLs`;
    return err(fault('LS_CEREMONY_FILES', `one of each is wanted; there are ${found}`));
  }
  const crl = parseCrl(crlDer);
  return crl.ok ? ok({ root, issuing, crl: crl.value }) : crl;
}

/** Path, role, status and freshness: the verdict of a relying party that knows nothing but the root. */
function judgeIssuing(
  { crypto }: Checker,
  bundle: TrustBundle,
  { root, issuing, crl }: CheckedImport,
  now: UnixMs,
): Fault | undefined {
  if (!equalBytes(crl.issuer, root.subject)) return fault('LS_CRL_ISSUER', 'the CRL is not that of the root');
  const applied = applyCrl(RevocationState.empty(), crl.der, [], bundle, crypto, now);
  if (!applied.ok) return applied.error;
  const revocation = applied.value.state;
  const material = { bundle, revocation, crypto, onStale: 'deny', graceMs: 0 } as const;
  const judged = judgeCertificate(material, [issuing.der], 'issuer', now);
  return judged.ok ? undefined : judged.error;
}

function checkForm({ profiles }: Checker, root: Certificate, issuing: Certificate): Fault | undefined {
  const issuer = issuerOf(root);
  if (!issuer.ok) return issuer.error;
  const [finding] = lintCertificate(profiles.issuing, issuing.der, issuer.value);
  if (finding === undefined) return undefined;
  return fault('LS_X509_LINT', `issuing certificate, rule ${finding.rule}: ${finding.detail}`);
}

/** What would make the certificates of this CA refused later on, one level below. */
function checkLimits(
  root: Certificate,
  issuing: Certificate,
  { trustDomain }: ImportTarget,
): Fault | undefined {
  const refuse = (detail: string): Fault => fault('LS_CEREMONY_HIERARCHY', detail);
  if (root.extensions.basicConstraints?.value.pathLen === 0) return refuse('this root allows no CA below it');
  if (root.extensions.nameConstraints !== undefined) return refuse('this root has name constraints');
  const { permitted = [], excluded = [] } = issuing.extensions.nameConstraints?.value ?? {};
  if (excluded.length > 0) return refuse('the issuing CA has names that are excluded');
  const domains = permitted.flatMap((base) => (base.kind === 'uri' ? [base.value] : []));
  // None at all limits none.
  const ranges = permitted.flatMap((base) => (base.kind === 'ip-range' ? [base.mask] : []));
  const whole = ranges.filter((mask) => mask.every((byte) => byte === 0));
  if (ranges.length > 0 && whole.length !== 2)
    return refuse('the issuing CA may not certify every address, IPv4 and IPv6');
  if (domains.length === 1 && domains[0] === trustDomain) return undefined;
  return refuse(`the issuing CA is for trust domain ${domains.join(' and ')}, this home for ${trustDomain}`);
}

/** The CA could not certify its own server. */
function checkHosts(issuing: Certificate, { hosts }: ImportTarget): Fault | undefined {
  const dns = hosts.filter((host) => parseIpAddress(host) === undefined);
  return checkPermitted(issuing, { dns, ip: [] });
}

/** The reason in words: nobody has looked at these files before. */
function withCause({ code, detail, cause }: Fault): Fault {
  return cause === undefined ? fault(code, detail) : fault(code, `${detail}: ${cause.detail}`, cause);
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return equalBytes(issuer, subject);
}

function withoutRepeats(ders: readonly Uint8Array[]): readonly Uint8Array[] {
  return ders.filter((der, at) => !ders.slice(0, at).some((other) => equalBytes(other, der)));
}
