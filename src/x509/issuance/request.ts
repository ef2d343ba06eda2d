import {
  err,
  fault,
  ok,
  unixMs,
  type Fault,
  type Result,
  type SerialNumber,
  type SignatureAlgorithm,
  type UnixMs,
} from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import type { NameConstraints } from '../extensions.ts';
import type { Profile } from '../profiles/profile.ts';
import type { SubjectKey } from '../public-key.ts';

/** What the certificate says of its subject: decided by the CA, never taken from a request. */
export interface Grant {
  readonly trustDomain: string;
  readonly commonName: string;
  readonly organizationName?: string | undefined;
  /** X.520 serialNumber: the nodeId of a node. */
  readonly serialNumber?: string | undefined;
  readonly dns?: readonly string[] | undefined;
  /** As text. */
  readonly ip?: readonly string[] | undefined;
  readonly nameConstraints?: NameConstraints | undefined;
  /** `http://` URLs of the issuer's full CRL, and of its delta CRL. */
  readonly crlUrls?: readonly string[] | undefined;
  readonly deltaCrlUrls?: readonly string[] | undefined;
  /** `http://` URLs of the OCSP responder. */
  readonly ocspUrls?: readonly string[] | undefined;
}

/** The CA that signs. Only {@link issuerOf} makes one from a certificate. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly keyId: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
}

/** Both inclusive, whole seconds. */
export interface Validity {
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

export interface IssuanceRequest {
  readonly profile: Profile;
  readonly grant: Grant;
  readonly subjectKey: SubjectKey;
  /** `self` for a self-signed root. */
  readonly issuer: Issuer | 'self';
  readonly validity: Validity;
  readonly serial: SerialNumber;
}

/** Errors: LS_X509_GRANT when the certificate is no CA with a key identifier and a key that lifesign signs with. */
export function issuerOf(certificate: Certificate): Result<Issuer, Fault> {
  const { basicConstraints, keyUsage, subjectKeyId } = certificate.extensions;
  const maySign = basicConstraints?.value.ca === true && keyUsage?.value.has('keyCertSign') === true;
  if (!maySign || subjectKeyId === undefined || certificate.keyAlgorithm === null) {
    return err(fault('LS_X509_GRANT', `certificate ${certificate.serialHex} is no CA that can issue`));
  }
  return ok({ certificate, keyId: subjectKeyId.value, algorithm: certificate.keyAlgorithm });
}

/**
 * The validity of a certificate issued at `now`: the profile's lifetime, back-dated, and nowhere outside of the
 * issuer's. Errors: LS_X509_VALIDITY when the issuer is not valid at `now`.
 */
export function validityOf(profile: Profile, issuer: Issuer | 'self', now: UnixMs): Result<Validity, Fault> {
  const bounds = issuer === 'self' ? undefined : issuer.certificate;
  if (bounds !== undefined && (now < bounds.notBefore || now >= bounds.notAfter)) {
    return err(fault('LS_X509_VALIDITY', `the issuing certificate ${bounds.serialHex} is not valid now`));
  }
  const notBefore = Math.max(now - profile.backdateMs, bounds?.notBefore ?? Number.NEGATIVE_INFINITY);
  const notAfter = Math.min(now + profile.lifetimeMs, bounds?.notAfter ?? Number.POSITIVE_INFINITY);
  return ok({ notBefore: wholeSecond(notBefore), notAfter: wholeSecond(notAfter) });
}

function wholeSecond(time: number): UnixMs {
  return unixMs(Math.floor(time / 1000) * 1000);
}
