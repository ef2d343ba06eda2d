import { err, fault, ok, type CryptoPort, type Fault, type Result, type Signer } from '../../std/index.ts';
import {
  basicConstraintsExtension,
  crlDistributionPointsExtension,
  encodeName,
  keyUsageExtension,
  nameConstraintsExtension,
  signCsr,
  subjectKeyIdExtension,
  subjectKeyOf,
  type CertificateExtensions,
  type NameConstraints,
  type ProvenCsr,
} from '../../x509/index.ts';
import { checkCsr } from '../csr.ts';
import type { InitialiseRequest } from '../deps.ts';
import { generationOfName, issuingWish, nameOfIssuing, type IssuingWish } from '../hierarchy.ts';
import { checkRequest, MAX_PERMITTED_DNS } from '../initialise.ts';
import { isDnsName, quote } from '../names.ts';
import { shippedProfiles, type AuthorityProfiles } from '../profiles.ts';

/** One for the trust domain, the permitted suffixes, and both kinds of address. */
const MAX_BASES = MAX_PERMITTED_DNS + 4;
const MAX_CRL_URLS = 4;

/**
 * DER PKCS#10 by which an issuing CA asks a root for its certificate, with all that the certificate is to say, so that
 * stock tools can copy it. Errors: LS_CA_REQUEST.
 */
export function makeIssuingRequest(
  { crypto, profiles }: { readonly crypto: CryptoPort; readonly profiles?: AuthorityProfiles },
  request: InitialiseRequest,
  key: Signer,
  generation = 1,
  rootGeneration = 1,
): Result<Uint8Array, Fault> {
  const refused = checkRequest(request);
  if (refused !== undefined) return err(refused);
  const subjectKey = subjectKeyOf(key.spki, crypto);
  if (!subjectKey.ok) return subjectKey;
  const { issuing } = profiles ?? shippedProfiles();
  const pathLen = issuing.kind === 'authority' ? issuing.pathLen : 0;
  const { trustDomain, nameConstraints, crlUrls } = issuingWish(
    request,
    key.spki,
    generation,
    rootGeneration,
  );
  const extensions = [
    subjectKeyIdExtension(subjectKey.value.keyId),
    basicConstraintsExtension({ ca: true, pathLen }),
    keyUsageExtension(issuing.keyUsage),
    nameConstraintsExtension(nameConstraints),
    ...(crlUrls.length === 0 ? [] : [crlDistributionPointsExtension(crlUrls)]),
  ];
  return ok(
    signCsr({ subject: encodeName({ commonName: nameOfIssuing(trustDomain, generation) }), extensions }, key),
  );
}

/**
 * What a request asks of the root of `trustDomain`. Only the key, the names and the generation count; what else the certificate says is
 * for the root's profile. Errors: LS_CSR_*; LS_CEREMONY_REQUEST for one of another domain, or of no issuing CA.
 */
export function readIssuingRequest(
  der: Uint8Array,
  trustDomain: string,
  crypto: CryptoPort,
): Result<IssuingWish, Fault> {
  const checked = checkCsr(der, crypto);
  if (!checked.ok) return checked;
  const { csr, commonName = '' } = checked.value;
  const wanted = constraintsOf(csr, trustDomain);
  if (!wanted.ok) return wanted;
  const crlUrls = crlUrlsOf(csr.extensionRequest);
  if (!crlUrls.ok) return crlUrls;
  const generation = generationOfName(commonName);
  return ok({
    trustDomain,
    spki: csr.spki,
    nameConstraints: wanted.value,
    crlUrls: crlUrls.value,
    generation,
  });
}

function constraintsOf({ extensionRequest }: ProvenCsr, trustDomain: string): Result<NameConstraints, Fault> {
  if (extensionRequest?.basicConstraints?.value.ca !== true) return refuse('it is not for a CA');
  const wanted = extensionRequest.nameConstraints?.value;
  if (wanted === undefined) return refuse('it asks for no name constraints');
  const problem = problemOf(wanted, trustDomain);
  return problem === undefined ? ok(wanted) : refuse(problem);
}

/** The bases that {@link issuingWish} makes, and no others. */
function problemOf({ permitted, excluded }: NameConstraints, trustDomain: string): string | undefined {
  if (excluded.length > 0 || permitted.length > MAX_BASES) return 'its name constraints are of another form';
  const domains = permitted.flatMap((base) => (base.kind === 'uri' ? [base.value] : []));
  const [domain = '', ...others] = domains;
  if (domain !== trustDomain || others.length > 0) {
    return `it is for trust domain ${quote(domains.join(' '))}, and this root for ${trustDomain}`;
  }
  for (const base of permitted) {
    if (base.kind === 'uri' || base.kind === 'ip-range') continue;
    if (base.kind !== 'dns') return `it asks for names of kind ${base.kind}`;
    if (!isDnsName(base.value)) return `${quote(base.value)} is not a DNS name`;
  }
  return undefined;
}

function crlUrlsOf(extensions: CertificateExtensions | undefined): Result<readonly string[], Fault> {
  const urls: string[] = [];
  for (const point of extensions?.crlDistributionPoints?.value ?? []) {
    for (const name of point.fullName) {
      if (name.kind !== 'uri') return refuse('it names a place for CRLs that is no URL');
      urls.push(name.value);
    }
  }
  return urls.length <= MAX_CRL_URLS ? ok(urls) : refuse(`it names ${urls.length} places for CRLs`);
}

function refuse(detail: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('LS_CEREMONY_REQUEST', detail));
}
