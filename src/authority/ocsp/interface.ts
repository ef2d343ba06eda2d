import type { Fault, Instant, Result, Signer, UnixMs } from '../../std/index.ts';
import type { OcspRequest } from '../../x509/index.ts';
import type { SignatureRate } from './budget.ts';
import type { OcspAnswer } from './held-answers.ts';

export interface ResponderOptions {
  /** A fresh private key of this process. */
  readonly newKey: () => Signer;
  /** Lets others have their turn between two batches of signatures. */
  readonly pause: () => Promise<void>;
  /** Default MAX_HELD_ANSWERS. */
  readonly maxHeld?: number;
  /** Default OCSP_OWN_ANSWERS_PER_SECOND and OCSP_OWN_ANSWERS_BURST. */
  readonly ownAnswers?: SignatureRate;
}

export interface OcspHealth {
  /** Certificates whose answers are signed and at hand. */
  readonly held: number;
  /** When the first of these answers lapses. */
  readonly freshUntil: UnixMs | null;
  /** The first notAfter of the responder's certificates. */
  readonly signerUntil: UnixMs;
}

/**
 * Answers for every issuing CA that has not ended, with a key of its own for each. Whatever is signed in advance is dropped in the same turn in
 * which a revocation is published, that is before anybody hears that it is durable: no later answer says `good`.
 */
export interface OcspResponder {
  /** Always an OCSPResponse, whatever came in. At once where the answer is at hand. */
  answer(request: Uint8Array, now: Instant): OcspAnswer | Promise<OcspAnswer>;
  /** The same for a request that was parsed before. */
  answerTo(request: OcspRequest, now: Instant): OcspAnswer | Promise<OcspAnswer>;
  /**
   * Renews the responder's certificates, follows which issuing CAs there are, catches up with revocations of other processes, and signs for every live
   * certificate whose answer is missing or old. Answers how many it signed for. Errors: LS_CA_STORE_*, LS_X509_*.
   */
  refresh(now: UnixMs): Promise<Result<number, Fault>>;
  health(): OcspHealth;
  /** Stops listening to the authority. */
  close(): void;
}
