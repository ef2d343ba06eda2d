import { compareBytes, err, fault, ok, toHex } from '../std/index.ts';
import type { CertId, CryptoPort, Fault, Result, UnixMs } from '../std/index.ts';
import { judgePastCrl, type PastCrl, type TrustBundle } from '../trust/index.ts';
import type { CertificateBook, KnownCertificate } from './certificate-book.ts';

/** Different CRLs that one audit verifies. */
export const MAX_TRACKED_CRLS = 65_536;

interface Mention {
  readonly crlNumber: number;
  /** Undefined when the CRL releases the certificate. */
  readonly revokedAt: UnixMs | undefined;
}

/** What the CRLs in the logs say of the certificates in the book; the CRL with the highest number has the last word. */
export class RevocationBook {
  readonly #bundle: TrustBundle;
  readonly #crypto: CryptoPort;
  readonly #certificates: CertificateBook;
  readonly #verdicts = new Map<string, Result<void, Fault>>();
  readonly #mentions = new Map<CertId, Mention>();
  /** SubjectPublicKeyInfo, in hexadecimal, of every CA that a CRL of was verified. */
  readonly #heardOf = new Set<string>();

  constructor(bundle: TrustBundle, certificates: CertificateBook, crypto: CryptoPort) {
    this.#bundle = bundle;
    this.#certificates = certificates;
    this.#crypto = crypto;
  }

  /** Verifies a CRL and takes in what it says; the same verdict each time it is asked for. */
  take(der: Uint8Array): Result<void, Fault> {
    const id = toHex(this.#crypto.sha256(der));
    const known = this.#verdicts.get(id);
    if (known !== undefined) return known;
    if (this.#verdicts.size >= MAX_TRACKED_CRLS) {
      return err(fault('LS_AUDIT_LIMIT', `more than ${String(MAX_TRACKED_CRLS)} CRLs`));
    }
    const judged = this.#judge(der);
    if (judged.ok) this.#enter(judged.value);
    const verdict = judged.ok ? ok(undefined) : judged;
    this.#verdicts.set(id, verdict);
    return verdict;
  }

  revokedAt(certId: CertId): UnixMs | undefined {
    return this.#mentions.get(certId)?.revokedAt;
  }

  /** True when a CRL of the certificate's issuer was verified. */
  covers({ issuer }: KnownCertificate): boolean {
    return this.#heardOf.has(toHex(issuer.spki));
  }

  /** The CRL against each CA that it can be of: the roots, and every issuing CA in the book. */
  #judge(der: Uint8Array): Result<PastCrl, Fault> {
    let verdict = judgePastCrl(der, [], this.#bundle, this.#crypto);
    for (const { chain } of this.#certificates.issuers) {
      if (verdict.ok) return verdict;
      const next = judgePastCrl(der, chain, this.#bundle, this.#crypto);
      if (next.ok || next.error.code !== 'LS_CRL_ISSUER') verdict = next;
    }
    return verdict;
  }

  #enter({ list, crlNumber, issuer }: PastCrl): void {
    this.#heardOf.add(toHex(issuer.spki));
    for (const { key, certificate, issuer: own } of this.#certificates.nodes) {
      if (compareBytes(own.spki, issuer.spki) !== 0) continue;
      const entry = list.entries.find(certificate.serialHex);
      const held = this.#mentions.get(key.certId);
      if (entry === undefined || (held !== undefined && held.crlNumber >= crlNumber)) continue;
      const revokedAt = entry.reason === 'removeFromCRL' ? undefined : entry.revokedAt;
      this.#mentions.set(key.certId, { crlNumber, revokedAt });
    }
  }
}
