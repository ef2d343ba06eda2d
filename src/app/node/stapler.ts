import { nodeCrypto } from '../../io/crypto/index.ts';
import { readFileCapped, writeFileDurably } from '../../io/files/index.ts';
import { equalBytes, fault, LsError, type Fault, type UnixMs } from '../../std/index.ts';
import {
  encodeOcspRequest,
  MAX_OCSP_RESPONSE_BYTES,
  ocspCertId,
  ocspIssuerOf,
  parseCertificate,
  verifyOcspResponse,
  type Certificate,
  type VerifiedOcspAnswer,
} from '../../x509/index.ts';
import { schedule } from '../ca/schedule.ts';
import type { Log } from '../log.ts';
import { ocspUrlOf } from '../ocsp-url.ts';

/** An answer is replaced after this share of its time, up to {@link JITTER} later: the CA signs anew at half. */
const REFRESH_SHARE = 0.5;
const JITTER = 0.25;
/** Between two questions at least, however short the answers hold. */
const MIN_PAUSE_MS = 60_000;
const RETRY_MS = 5 * 60_000;
const PUBLIC_FILE = 0o644;

export interface StaplerOptions {
  /** Where the newest answer is kept, for a start while the CA is away. */
  readonly file: string;
  /** Sends an OCSP request to a URL; what comes back is not looked at yet. Throws LsError. */
  readonly ask: (url: string, request: Uint8Array) => Promise<Uint8Array>;
  readonly now: () => UnixMs;
  /** A share in [0, 1) for jitter. */
  readonly share: () => number;
  readonly log: Log;
}

interface Subject {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly url: string;
}

interface Held {
  readonly response: Uint8Array;
  readonly answer: VerifiedOcspAnswer;
}

/**
 * Keeps the CA's OCSP answer about the node's own certificate, for TLS callers that ask for it in the handshake. Peers
 * of the mesh do not: they go by CRLs. So a node without an answer is worse off only with stock TLS clients, and
 * nothing here ends or delays it.
 */
export class Stapler {
  readonly #options: StaplerOptions;
  #subject: Subject | undefined;
  #held: Held | undefined;
  #stop: () => void = () => undefined;
  #lastReason: string | undefined;

  constructor(options: StaplerOptions) {
    this.#options = options;
  }

  /** Follows the certificate at the head of `chain` (DER, its issuer next) from now on. */
  present(chain: readonly Uint8Array[]): void {
    this.#stop();
    this.#held = undefined;
    const subject = subjectOf(chain);
    this.#subject = subject;
    if (subject !== undefined) this.#follow(subject, () => this.#begin(subject));
  }

  /** Drops what is held, since the certificate was revoked, and asks anew. */
  revoked(): void {
    if (this.#subject === undefined) return;
    this.#stop();
    this.#held = undefined;
    const subject = this.#subject;
    this.#follow(subject, () => this.#renew(subject));
  }

  close(): void {
    this.#stop();
    this.#subject = undefined;
  }

  /** The DER OCSPResponse to send with this certificate (DER), while it holds. */
  readonly stapleFor = (certificate: Uint8Array): Uint8Array | undefined => {
    const [subject, held] = [this.#subject, this.#held];
    if (subject === undefined || held === undefined) return undefined;
    if (!equalBytes(subject.certificate.der, certificate)) return undefined;
    return this.#options.now() <= held.answer.nextUpdate ? held.response : undefined;
  };

  #follow(subject: Subject, begin: () => Promise<number>): void {
    const { now } = this.#options;
    let run = begin;
    const work = {
      run: () => {
        const next = run();
        run = () => this.#renew(subject);
        return next;
      },
      onError: (cause: unknown) => {
        this.#tell(cause);
      },
      retryMs: RETRY_MS * (1 + this.#options.share()),
    };
    this.#stop = schedule(work, now(), now);
  }

  async #begin(subject: Subject): Promise<number> {
    const kept = await this.#kept(subject);
    const dueAt = kept === undefined ? 0 : this.#take(subject, kept);
    return dueAt > this.#options.now() ? dueAt : this.#renew(subject);
  }

  /** Answers when to ask again. */
  async #renew(subject: Subject): Promise<number> {
    const fresh = await this.#ask(subject);
    const dueAt = this.#take(subject, fresh);
    if (this.#subject === subject) {
      await writeFileDurably(this.#options.file, fresh.response, { mode: PUBLIC_FILE });
    }
    return Math.max(dueAt, this.#options.now() + MIN_PAUSE_MS);
  }

  /** What an earlier life of the node left, if it says that this certificate is good and still holds. */
  async #kept(subject: Subject): Promise<Held | undefined> {
    const response = await readFileCapped(this.#options.file, MAX_OCSP_RESPONSE_BYTES).catch(() => undefined);
    const kept = response === undefined ? undefined : this.#verify(subject, response);
    return kept?.ok === true && kept.value.answer.certStatus.status === 'good' ? kept.value : undefined;
  }

  async #ask(subject: Subject): Promise<Held> {
    const issuer = ocspIssuerOf(subject.issuer, nodeCrypto);
    if (!issuer.ok) throw new LsError(issuer.error);
    // Stock clients know an answer by the SHA-1 of names and keys (RFC 9919 §3.1.1).
    const certId = ocspCertId(issuer.value, 'SHA-1', subject.certificate.serialHex);
    const response = await this.#options.ask(
      subject.url,
      encodeOcspRequest({ certIds: [certId], nonce: undefined }),
    );
    const verified = this.#verify(subject, response);
    if (!verified.ok) throw new LsError(verified.error);
    return verified.value;
  }

  #verify({ certificate, issuer }: Subject, response: Uint8Array) {
    const now = this.#options.now();
    const answer = verifyOcspResponse({ response, certificate, issuer, crypto: nodeCrypto, now });
    return answer.ok ? { ok: true as const, value: { response, answer: answer.value } } : answer;
  }

  /** Answers when it is to be replaced. */
  #take(subject: Subject, held: Held): number {
    if (this.#subject !== subject) return Number.POSITIVE_INFINITY;
    this.#held = held;
    this.#lastReason = undefined;
    const { certStatus, nextUpdate } = held.answer;
    this.#options.log.debug(
      { event: 'ocsp-staple', status: certStatus.status, until: new Date(nextUpdate).toISOString() },
      'OCSP answer to staple',
    );
    return this.#dueAt(held);
  }

  #dueAt({ answer: { thisUpdate, nextUpdate } }: Held): number {
    return thisUpdate + (nextUpdate - thisUpdate) * (REFRESH_SHARE + JITTER * this.#options.share());
  }

  /** Each reason once: the feed says at warn that the CA is away. */
  #tell(cause: unknown): void {
    const reason: Fault = cause instanceof LsError ? cause.fault : fault('LS_NODE_INTERNAL', String(cause));
    const level = reason.code === this.#lastReason ? 'debug' : 'info';
    this.#lastReason = reason.code;
    this.#options.log[level](
      { event: 'ocsp-staple', code: reason.code, detail: reason.detail },
      'no new OCSP answer to staple; asking again later',
    );
  }
}

/** Undefined when the certificate names no responder. */
function subjectOf([leaf, next]: readonly Uint8Array[]): Subject | undefined {
  if (leaf === undefined || next === undefined) return undefined;
  const [certificate, issuer] = [parseCertificate(leaf), parseCertificate(next)];
  if (!certificate.ok || !issuer.ok) return undefined;
  const url = ocspUrlOf(certificate.value);
  return url?.startsWith('http://') === true
    ? { certificate: certificate.value, issuer: issuer.value, url }
    : undefined;
}
