import {
  equalBytes,
  err,
  fault,
  ok,
  type Brand,
  type Fault,
  type Result,
  type SerialNumber,
  type Signer,
  type UnixMs,
} from '../../std/index.ts';
import { lintCertificate } from '../lints/index.ts';
import { signedBytesOf, signObject } from '../signed.ts';
import { buildTbs } from './build-tbs.ts';
import type { IssuanceRequest } from './request.ts';

interface PreparedCertificate {
  readonly serial: SerialNumber;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** A copy of the bytes that were linted and will be signed: what a CA records before it signs. */
  readonly tbs: Uint8Array;
}

interface Pending {
  readonly tbs: Uint8Array;
  readonly signerSpki: Uint8Array;
}

/** What a token stands for is out of its holder's reach, and using it takes that out. */
class Token implements PreparedCertificate {
  readonly serial: SerialNumber;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly tbs: Uint8Array;
  #pending: Pending | undefined;

  constructor({ serial, validity }: IssuanceRequest, pending: Pending) {
    this.serial = serial;
    this.notBefore = validity.notBefore;
    this.notAfter = validity.notAfter;
    this.tbs = new Uint8Array(pending.tbs);
    this.#pending = pending;
  }

  /** Undefined for what was used before, and for what only looks like a token. */
  static use(token: PreparedCertificate): Pending | undefined {
    if (!(#pending in token)) return undefined;
    const pending = token.#pending;
    token.#pending = undefined;
    return pending;
  }
}

/** The right to sign one certificate once. Only {@link prepare} makes one, after its content passed every lint. */
export type IssuanceToken = Brand<PreparedCertificate, 'IssuanceToken'>;

/**
 * First phase: builds the TBSCertificate and lints a throw-away certificate around it, signed with a constant.
 * The same request gives the same bytes. Errors: LS_X509_GRANT, LS_X509_LINT.
 */
export function prepare(request: IssuanceRequest): Result<IssuanceToken, Fault> {
  const tbs = buildTbs(request);
  if (!tbs.ok) return tbs;
  const { issuer, profile, subjectKey } = request;
  const findings = lintCertificate(profile, throwAway(tbs.value, request), issuer);
  const [first] = findings;
  if (first !== undefined) {
    const others = findings.length > 1 ? ` and ${findings.length - 1} more` : '';
    return err(
      fault('LS_X509_LINT', `profile "${profile.name}", rule ${first.rule}: ${first.detail}${others}`),
    );
  }
  const signerSpki = issuer === 'self' ? subjectKey.spki : issuer.certificate.spki;
  return ok(new Token(request, { tbs: tbs.value, signerSpki }) as PreparedCertificate as IssuanceToken);
}

/**
 * Second phase: signs what was prepared and gives the DER certificate, after comparing the bytes inside of it
 * with those linted. The token is spent whatever happens.
 * Errors: LS_X509_ISSUANCE_TOKEN (spent before, or the signer is not the issuer), LS_X509_SIGNED_OTHER.
 */
export function issue(token: IssuanceToken, signer: Signer): Result<Uint8Array, Fault> {
  const prepared = Token.use(token);
  if (prepared === undefined) {
    return err(fault('LS_X509_ISSUANCE_TOKEN', `certificate ${token.serial}: the token was used before`));
  }
  if (!equalBytes(signer.spki, prepared.signerSpki)) {
    return err(
      fault('LS_X509_ISSUANCE_TOKEN', `certificate ${token.serial}: the key at hand is not the issuer's`),
    );
  }
  const der = signObject(prepared.tbs, signer);
  const signed = signedBytesOf(der);
  if (signed === undefined || !equalBytes(signed, prepared.tbs) || !equalBytes(prepared.tbs, token.tbs)) {
    return err(
      fault('LS_X509_SIGNED_OTHER', `certificate ${token.serial}: other bytes were signed than linted`),
    );
  }
  return ok(der);
}

/** The certificate as it will be but for its signature, which is a well-formed constant. */
function throwAway(tbs: Uint8Array, { issuer, subjectKey }: IssuanceRequest): Uint8Array {
  const algorithm = issuer === 'self' ? subjectKey.algorithm : issuer.algorithm;
  const signature = new Uint8Array(algorithm === 'ES384' ? 96 : 64).fill(1);
  return signObject(tbs, { algorithm, spki: new Uint8Array(), sign: () => signature });
}
