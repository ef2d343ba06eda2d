import {
  equalBytes,
  err,
  fault,
  ok,
  type Brand,
  type CryptoPort,
  type Fault,
  type Result,
} from '../../std/index.ts';
import {
  entryBytesOf,
  parseCertificate,
  parseCrl,
  parseCrlHeading,
  parseSurveyedCrl,
  surveyCrl,
  verifySigned,
  type CertificateList,
  type CrlEntries,
  type EntrySurvey,
} from '../../x509/index.ts';
import type { TrustBundle } from '../bundle.ts';
import { issuerKeyOfCrl, type RevocationState } from './state.ts';

/**
 * A CRL longer than this is gone through by another thread: up to here that takes no longer than judging a few
 * certificates does, and a thread would cost more.
 */
export const LARGE_CRL_BYTES = 256 * 1024;

/** What another thread is asked: only bytes, and the long ones in memory that both threads see, so that nothing is copied. */
export interface CrlCheck {
  readonly der: Uint8Array;
  /** DER SubjectPublicKeyInfo of everyone whose CRL it may be. */
  readonly keys: readonly Uint8Array[];
  /** Content of the entries held, which it is compared with; undefined when it does not replace any. */
  readonly held: Uint8Array | undefined;
}

/** What {@link checkCrl} found out, and nothing else makes. Its arrays may be handed over from thread to thread. */
export type CrlFindings = Brand<
  {
    readonly survey: EntrySurvey;
    /** Which of the keys has signed it. */
    readonly signedBy: number | undefined;
  },
  'CrlFindings'
>;

/** A check that has begun: what is asked, and what the asking thread keeps to go on with the answer. */
export interface BegunCheck {
  readonly check: CrlCheck;
  readonly against: CrlEntries | undefined;
}

/** A CRL whose entries were gone through and whose signature was verified elsewhere. Only {@link finishCrlCheck} makes one. */
export class CheckedCrl {
  readonly list: CertificateList;
  readonly #keys: readonly Uint8Array[];
  readonly #signedBy: Uint8Array | undefined;

  private constructor(list: CertificateList, keys: readonly Uint8Array[], signedBy: Uint8Array | undefined) {
    this.list = list;
    this.#keys = keys;
    this.#signedBy = signedBy;
  }

  static of(list: CertificateList, { keys }: CrlCheck, { signedBy }: CrlFindings): CheckedCrl {
    return new CheckedCrl(list, keys, signedBy === undefined ? undefined : keys[signedBy]);
  }

  /** Whether that key has signed it; undefined when it was not among those that were tried. */
  isSignedBy(spki: Uint8Array): boolean | undefined {
    if (this.#signedBy !== undefined && equalBytes(this.#signedBy, spki)) return true;
    return this.#keys.some((key) => equalBytes(key, spki)) ? false : undefined;
  }
}

/**
 * Prepares the check of a CRL, in O(1) but for a copy of its bytes. `issuers`: DER of certificates whose CRL it may be; the roots
 * are tried in any case. Refuses at once what needs no look at the entries.
 * Errors: LS_CRL_ISSUER for a CRL of anyone else, LS_CRL_STALE; those of parsing.
 */
export function beginCrlCheck(
  state: RevocationState,
  der: Uint8Array,
  issuers: readonly Uint8Array[],
  bundle: TrustBundle,
): Result<BegunCheck, Fault> {
  const heading = parseCrlHeading(der);
  if (!heading.ok) return heading;
  const keys = keysOf(heading.value.issuer, issuers, bundle);
  if (keys.length === 0) return err(fault('LS_CRL_ISSUER', 'the CRL is of nobody whose CRLs count here'));
  const key = issuerKeyOfCrl(heading.value);
  const held = key === undefined ? undefined : state.issuer(key);
  const { crlNumber, deltaCrlIndicator } = heading.value.extensions;
  if (held !== undefined && crlNumber !== undefined && crlNumber.value < held.crlNumber) {
    return err(fault('LS_CRL_STALE', `number ${crlNumber.value} is below ${held.crlNumber}, which is held`));
  }
  const full = deltaCrlIndicator === undefined ? held?.full : undefined;
  const check = { der: sharedCopy(der), keys, held: full === undefined ? undefined : entryBytesOf(full) };
  return ok({ check, against: full?.entries });
}

/** The part that takes long: O(bytes). Runs in any thread. Errors: those of parsing. */
export function checkCrl(check: CrlCheck, crypto: CryptoPort): Result<CrlFindings, Fault> {
  const parsed = parseCrl(check.der);
  if (!parsed.ok) return parsed;
  const list = parsed.value;
  const signer = check.keys.findIndex((key) => verifySigned(crypto, list, key));
  const signedBy = signer === -1 ? undefined : signer;
  // Nobody looks at the entries of a CRL that nobody has signed.
  const survey = surveyCrl(list, signedBy === undefined ? undefined : check.held);
  return ok({ survey, signedBy } as CrlFindings);
}

/** What `applyCrl` takes in place of the bytes. Requires: the findings are of this very check. */
export function finishCrlCheck(
  { check, against }: BegunCheck,
  findings: CrlFindings,
): Result<CheckedCrl, Fault> {
  const list = parseSurveyedCrl(check.der, findings.survey, against);
  return list.ok ? ok(CheckedCrl.of(list.value, check, findings)) : list;
}

/**
 * A copy that nobody else changes; a long one where another thread may see it. Bytes that lie there already are not copied: whoever
 * puts them there gives them away.
 */
export function sharedCopy(der: Uint8Array): Uint8Array {
  if (der.buffer instanceof SharedArrayBuffer) return der;
  if (der.length <= LARGE_CRL_BYTES) return new Uint8Array(der);
  const copy = new Uint8Array(new SharedArrayBuffer(der.length));
  copy.set(der);
  return copy;
}

function keysOf(
  name: Uint8Array,
  issuers: readonly Uint8Array[],
  bundle: TrustBundle,
): readonly Uint8Array[] {
  const others = issuers.map((der) => parseCertificate(der)).filter((parsed) => parsed.ok);
  const candidates = [...bundle.anchors, ...others.map(({ value }) => value)];
  return candidates.filter(({ subject }) => equalBytes(subject, name)).map(({ spki }) => spki);
}
