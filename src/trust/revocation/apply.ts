import {
  equalBytes,
  err,
  fault,
  ok,
  unixMs,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import { parseCertificate, parseCrl, type CertificateList } from '../../x509/index.ts';
import type { TrustBundle } from '../bundle.ts';
import { releasesWithoutEffect } from './continuity.ts';
import { CheckedCrl, sharedCopy } from './crl-check.ts';
import { profileCrl, type ProfiledCrl } from './crl-form.ts';
import { verifyCrlIssuer, type CrlIssuer } from './crl-issuer.ts';
import { releasesOf } from './releases.ts';
import {
  issuerKeyOf,
  issuerKeyOfCrl,
  MAX_CRL_ISSUERS,
  type IssuerKey,
  type IssuerRevocation,
  type RevocationState,
} from './state.ts';
import { checkKnownRevocations } from './status.ts';
import { takeCrl } from './take.ts';

export interface AppliedCrl {
  readonly state: RevocationState;
  /** Whose CRL it is. */
  readonly issuer: IssuerKey;
  /** Serials that this delta releases without a release record: they stay revoked, and its CA is to be asked why. */
  readonly ignoredReleases: readonly string[];
  /** Number of the newest CRL now held of the issuer. */
  readonly crlNumber: number;
  /** The CRL was a complete one (full, in our words), not a delta. */
  readonly complete: boolean;
  /** False when the state already stood on this very CRL, or one of its number that says the same. */
  readonly news: boolean;
}

/**
 * Verifies a full or delta CRL and adds it to what is known. Revocations only ever grow: a CRL that takes one
 * back before its certificate must have expired is refused whole, and the state stays as it was. A hold ends by a
 * release record of the issuer that the CRL carries; a delta that takes out what its full CRL revokes, and brings no
 * release, has no effect on that entry, and its other entries count.
 *
 * A delta stands on a full CRL: its BaseCRLNumber must not be above the number of the full CRL held, and the
 * newest delta replaces the one before. Its cost is O(entries of the delta), that of a full CRL O(entries held).
 *
 * `crl`: its bytes, which are copied, or what came of their check in another thread. `issuerChain`: DER, the CRL issuer's certificate first, with or without the root; ignored for a root's CRL.
 *
 * Errors: LS_CRL_*; those of path validation for the issuer; LS_TRUST_REVOKED or LS_TRUST_HELD when the issuer
 * is known to be revoked; those of parsing. Source: RFC 5280 §5.2.4, §6.3.3.
 */
export function applyCrl(
  state: RevocationState,
  crl: Uint8Array | CheckedCrl,
  issuerChain: readonly Uint8Array[],
  bundle: TrustBundle,
  crypto: CryptoPort,
  now: UnixMs,
): Result<AppliedCrl, Fault> {
  return apply(state, crl, () => issuerChain, bundle, crypto, now);
}

/**
 * As {@link applyCrl}, for a CRL of a root or of one of several issuing CAs, each with its chain: the one whose name and
 * key identifier the CRL bears is asked, and no other. Error: LS_CRL_ISSUER when it is none of them.
 */
export function applyCrlFrom(
  state: RevocationState,
  crl: Uint8Array | CheckedCrl,
  issuerChains: readonly (readonly Uint8Array[])[],
  bundle: TrustBundle,
  crypto: CryptoPort,
  now: UnixMs,
): Result<AppliedCrl, Fault> {
  const chainOf = (key: IssuerKey): readonly Uint8Array[] =>
    issuerChains.find(([issuer]) => issuer !== undefined && isCalled(issuer, key)) ?? [];
  return apply(state, crl, chainOf, bundle, crypto, now);
}

function isCalled(issuerDer: Uint8Array, key: IssuerKey): boolean {
  const issuer = parseCertificate(issuerDer);
  return issuer.ok && issuerKeyOf(issuer.value) === key;
}

function apply(
  state: RevocationState,
  crl: Uint8Array | CheckedCrl,
  chainOf: (key: IssuerKey) => readonly Uint8Array[],
  bundle: TrustBundle,
  crypto: CryptoPort,
  now: UnixMs,
): Result<AppliedCrl, Fault> {
  const checked = crl instanceof CheckedCrl ? crl : undefined;
  const parsed = crl instanceof CheckedCrl ? ok(crl.list) : parseCrl(sharedCopy(crl));
  if (!parsed.ok) return parsed;
  const list = parsed.value;
  const key = issuerKeyOfCrl(list);
  if (key === undefined) return err(fault('LS_CRL_ISSUER', 'the CRL has no authorityKeyIdentifier'));
  const held = state.issuer(key);
  if (held !== undefined && isHeld(held, list.der)) return ok(nothingNew(state, held, list));

  const profiled = profileCrl(list, now);
  if (!profiled.ok) return profiled;
  const outrun = checkRoom(state, held) ?? checkNumber(profiled.value, held);
  if (outrun !== undefined) return err(outrun);
  const issuer = verifyCrlIssuer(list, chainOf(key), bundle, crypto, now, checked);
  if (!issuer.ok) return issuer;
  const revoked = checkKnownRevocations(state, issuer.value.path);
  if (revoked !== undefined) return err(revoked);

  const releases = releasesOf(list, issuer.value.certificate, bundle.domainId, crypto);
  if (!releases.ok) return releases;
  const next = takeCrl(held, profiled.value, {
    releases: releases.value,
    certifiesCas: certifiesCas(issuer.value),
    now: unixMs(Math.max(now, list.thisUpdate)),
  });
  if (!next.ok) return next;
  if (next.value === held) return ok(nothingNew(state, held, list));
  const replaced = { ...next.value, key, issuerChain: issuer.value.chain } as IssuerRevocation;
  return ok({
    state: state.replacing(replaced),
    issuer: key,
    ignoredReleases: releasesWithoutEffect(replaced, list),
    crlNumber: replaced.crlNumber,
    complete: isComplete(list),
    news: true,
  });
}

function nothingNew(state: RevocationState, held: IssuerRevocation, list: CertificateList): AppliedCrl {
  const { crlNumber, key: issuer } = held;
  return { state, issuer, ignoredReleases: [], crlNumber, complete: isComplete(list), news: false };
}

function isHeld(held: IssuerRevocation, der: Uint8Array): boolean {
  return equalBytes(held.full.der, der) || (held.delta !== undefined && equalBytes(held.delta.der, der));
}

function isComplete(list: CertificateList): boolean {
  return list.extensions.deltaCrlIndicator === undefined;
}

function checkRoom(state: RevocationState, held: IssuerRevocation | undefined): Fault | undefined {
  if (held !== undefined || state.issuerCount < MAX_CRL_ISSUERS) return undefined;
  return fault('LS_CRL_TOO_LARGE', `CRLs of ${MAX_CRL_ISSUERS} issuers are held already`);
}

function checkNumber({ crlNumber }: ProfiledCrl, held: IssuerRevocation | undefined): Fault | undefined {
  if (held === undefined || crlNumber >= held.crlNumber) return undefined;
  return fault('LS_CRL_STALE', `number ${crlNumber} is below ${held.crlNumber}, which is held`);
}

/** A root may certify CAs, and so may an issuing CA unless its certificate says pathLen 0. */
function certifiesCas({ certificate, chain }: CrlIssuer): boolean {
  return chain.length === 0 || certificate.extensions.basicConstraints?.value.pathLen !== 0;
}
