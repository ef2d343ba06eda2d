import type { Fault, NodeId, Result, SerialNumber, UnixMs } from '../std/index.ts';
import {
  prepare,
  signCrl as writeCrl,
  subjectKeyOf,
  validityOf,
  type CrlEntry,
  type CrlReason,
  type Grant,
  type IssuanceToken,
} from '../x509/index.ts';
import type { CertificateRole } from './facts.ts';
import type { IssuingCa, LivingCa } from './issuing-ca.ts';
import type { ReleaseRow, RevocationRow } from './rows.ts';
import type { AuthorityBase } from './standing.ts';

/** A certificate to issue, decided in every field. */
export interface CertificateOrder {
  readonly role: CertificateRole;
  readonly name: string;
  /** Null for all but nodes. */
  readonly nodeId: NodeId | null;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly spki: Uint8Array;
  readonly serial: SerialNumber;
  readonly issuedAt: UnixMs;
}

export interface CrlContent {
  readonly number: number;
  readonly base: number | null;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
}

const MAX_COMMON_NAME = 64;
/**
 * The commonName where a host name is too long for one (RFC 5280 appendix A.1, ub-common-name), and where there are
 * addresses only: OpenSSL would take an address for a DNS name and hold it against the name constraints.
 */
const NAMELESS_SERVER = 'CA server';

function commonNameFor({ role, name, dns }: CertificateOrder): string {
  if (role !== 'server') return name;
  return name.length <= MAX_COMMON_NAME && dns.includes(name) ? name : NAMELESS_SERVER;
}

/**
 * The right to sign the certificate of an order once, after its content passed every lint. The same order gives
 * the same TBSCertificate. Errors: LS_CSR_KEY, LS_X509_GRANT, LS_X509_LINT, LS_X509_VALIDITY.
 */
export function prepareCertificate(
  { deps, profiles, genesis }: AuthorityBase,
  { issuer, generation }: Pick<IssuingCa, 'issuer' | 'generation'>,
  order: CertificateOrder,
): Result<IssuanceToken, Fault> {
  const profile = profiles[order.role];
  const subjectKey = subjectKeyOf(order.spki, deps.crypto);
  if (!subjectKey.ok) return subjectKey;
  const validity = validityOf(profile, issuer, order.issuedAt);
  if (!validity.ok) return validity;
  const grant: Grant = {
    trustDomain: genesis.trustDomain,
    commonName: commonNameFor(order),
    serialNumber: order.nodeId ?? undefined,
    dns: order.dns,
    ip: order.ip,
    ...(order.role === 'ocsp' ? {} : statusUrls(genesis.crlUrl, generation)),
  };
  return prepare({
    profile,
    grant,
    subjectKey: subjectKey.value,
    issuer,
    validity: validity.value,
    serial: order.serial,
  });
}

/** Where to ask about a certificate. A responder's own is not asked about (RFC 6960 §4.2.2.2.1). */
function statusUrls(
  crlUrl: string | null,
  generation: number,
): Pick<Grant, 'crlUrls' | 'deltaCrlUrls' | 'ocspUrls'> {
  if (crlUrl === null) return {};
  return {
    crlUrls: [issuingCrlUrl(crlUrl, generation)],
    deltaCrlUrls: [deltaCrlUrl(crlUrl, generation)],
    ocspUrls: [`${crlUrl}/ocsp`],
  };
}

/** DER of a CRL of an issuing CA. */
export function signCrl(
  { genesis }: AuthorityBase,
  { certificate, signer, generation }: LivingCa,
  content: CrlContent,
  revocations: readonly RevocationRow[],
  releases: readonly ReleaseRow[] = [],
): Uint8Array {
  const { number, base, thisUpdate, nextUpdate } = content;
  const listed = revocations.map(({ serial, revokedAt, reason }) => entryOf(serial, revokedAt, reason));
  return writeCrl(
    {
      issuer: certificate.subject,
      issuerKeyId: certificate.extensions.subjectKeyId?.value ?? new Uint8Array(),
      thisUpdate,
      nextUpdate,
      crlNumber: number,
      baseCrlNumber: base ?? undefined,
      entries: base === null ? listed : [...listed, ...removals(revocations, releases, thisUpdate)],
      releases: releases.map(({ record }) => record),
      ...distributionPoints(genesis.crlUrl, generation, content),
    },
    signer,
  );
}

/**
 * A delta takes out what was released since its base, whether the base listed it or another delta did, and what is
 * listed again is not taken out. Source: RFC 5280 §5.2.4, §5.3.1.
 */
function removals(
  revocations: readonly RevocationRow[],
  releases: readonly ReleaseRow[],
  at: UnixMs,
): readonly CrlEntry[] {
  const listed = new Set(revocations.map(({ serial }) => serial));
  const released = new Set(releases.map(({ serial }) => serial));
  return [...released]
    .filter((serial) => !listed.has(serial))
    .map((serial) => entryOf(serial, at, 'removeFromCRL'));
}

function entryOf(serialHex: string, revokedAt: UnixMs, reason: CrlReason): CrlEntry {
  return { serialHex, revokedAt, reason, invalidityDate: undefined };
}

/** Both kinds of CRL name the same point, as RFC 5280 §6.3.3 (c) demands. Source: RFC 5280 §5.2.5, §5.2.6. */
function distributionPoints(crlUrl: string | null, generation: number, { base }: CrlContent) {
  if (crlUrl === null) return {};
  const distributionPoint = [issuingCrlUrl(crlUrl, generation)];
  return base === null
    ? { distributionPoint, freshestCrl: [deltaCrlUrl(crlUrl, generation)] }
    : { distributionPoint };
}

export function rootCrlUrl(crlUrl: string, generation = 1): string {
  return `${crlUrl}/crl/${rootCrlName(generation)}.crl`;
}

/** What the CRL of a root is called, without its ending. */
export function rootCrlName(generation: number): string {
  return generation === 1 ? 'root' : `root-${generation}`;
}

function issuingCrlUrl(crlUrl: string, generation: number): string {
  return `${crlUrl}/crl/${issuingCrlName(generation)}.crl`;
}

function deltaCrlUrl(crlUrl: string, generation: number): string {
  return `${crlUrl}/crl/${issuingCrlName(generation)}-delta.crl`;
}

/** What the CRLs of an issuing CA are called, without their ending: each has its own place, as each has its own name. */
export function issuingCrlName(generation: number): string {
  return generation === 1 ? 'issuing' : `issuing-${generation}`;
}
