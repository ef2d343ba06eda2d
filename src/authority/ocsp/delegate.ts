import { ok, unixMs, type Fault, type Result, type Signer, type UnixMs } from '../../std/index.ts';
import {
  ocspCertId,
  ocspHashes,
  ocspIssuerOf,
  publicKeyBits,
  signOcspResponse,
  type OcspCertId,
  type OcspCertStatus,
  type OcspIssuer,
} from '../../x509/index.ts';
import type { IssuingCa } from '../issuing-ca.ts';
import { OCSP_NEXT_UPDATE_MS } from '../limits.ts';
import { issueResponder } from '../other-roles.ts';
import { wholeSecond } from '../time.ts';
import type { HeldAnswer, OcspAnswer, OcspTimes } from './held-answers.ts';
import type { AuthorityBase } from '../standing.ts';

/** A key that may answer for an issuing CA, with its certificate. The key lives in this process's memory only. */
export interface Delegate {
  /** Generation of the issuing CA. */
  readonly generation: number;
  /** DER of the issuing CA's certificate. */
  readonly issuing: Uint8Array;
  /** That CA as requests name it. */
  readonly issuer: OcspIssuer;
  readonly signer: Signer;
  /** DER. */
  readonly certificate: Uint8Array;
  /** SHA-1 of the public key bits. */
  readonly keyHash: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
}

/** What is to be said of one certificate. */
export interface Statement {
  readonly certId: OcspCertId;
  readonly certStatus: OcspCertStatus;
}

const USED_UP = 2 / 3;

/** Has the CA certify a fresh key as its responder. Errors: LS_CA_STORE_*, LS_X509_*. */
export async function newDelegate(
  base: AuthorityBase,
  { generation, certificate: issuing }: IssuingCa,
  signer: Signer,
  now: UnixMs,
): Promise<Result<Delegate, Fault>> {
  const issuer = ocspIssuerOf(issuing, base.deps.crypto);
  if (!issuer.ok) return issuer;
  const bits = publicKeyBits(signer.spki);
  if (!bits.ok) return bits;
  const issued = await issueResponder(base, generation, signer.spki, now);
  if (!issued.ok) return issued;
  const { chain, notBefore, notAfter } = issued.value;
  const [certificate = new Uint8Array()] = chain;
  const keyHash = base.deps.crypto.sha1(bits.value);
  return ok({
    generation,
    issuing: issuing.der,
    issuer: issuer.value,
    signer,
    certificate,
    keyHash,
    notBefore,
    notAfter,
  });
}

/** True once two thirds of its time have passed: long before an answer could outlive its signer. */
export function isUsedUp({ notBefore, notAfter }: Delegate, now: UnixMs): boolean {
  return now >= notBefore + (notAfter - notBefore) * USED_UP;
}

/** The answers about one certificate that everybody may have. */
export function signHeld(
  delegate: Delegate,
  { serial, certStatus }: { readonly serial: string; readonly certStatus: OcspCertStatus },
  now: UnixMs,
): HeldAnswer {
  const times = timesAt(delegate, now);
  const [sha1, sha256] = ocspHashes.map((hash): OcspAnswer => {
    const certId = ocspCertId(delegate.issuer, hash, serial);
    return { der: sign(delegate, [{ certId, certStatus }], times, undefined), times };
  });
  if (sha1 === undefined || sha256 === undefined) throw new RangeError('an answer for each hash');
  return { generation: delegate.generation, certStatus, times, byHash: { 'SHA-1': sha1, 'SHA-256': sha256 } };
}

/** The answer to one request alone. */
export function signOwn(
  delegate: Delegate,
  statements: readonly Statement[],
  nonce: Uint8Array | undefined,
  now: UnixMs,
): OcspAnswer {
  return { der: sign(delegate, statements, timesAt(delegate, now), nonce), times: null };
}

function sign(
  { signer, certificate, keyHash }: Delegate,
  statements: readonly Statement[],
  times: OcspTimes,
  nonce: Uint8Array | undefined,
): Uint8Array {
  return signOcspResponse(
    {
      responderKeyHash: keyHash,
      producedAt: times.thisUpdate,
      responses: statements.map((statement) => ({ ...statement, ...times })),
      nonce,
      certificates: [certificate],
    },
    signer,
  );
}

/** No answer outlives the certificate of its signer. */
function timesAt({ notAfter }: Delegate, now: UnixMs): OcspTimes {
  const thisUpdate = wholeSecond(now);
  return { thisUpdate, nextUpdate: unixMs(Math.min(thisUpdate + OCSP_NEXT_UPDATE_MS, notAfter)) };
}
