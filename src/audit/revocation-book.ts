import { compareBytes, err, fault, ok, toHex } from '../std/index.ts';
import type { CertId, CryptoPort, Fault, Result, UnixMs } from '../std/index.ts';
import {
  decodeRelease,
  judgePastCrl,
  verifyRelease,
  type PastCrl,
  type Release,
  type TrustBundle,
} from '../trust/index.ts';
import type { CertificateBook, KnownCertificate } from './certificate-book.ts';

/** Different CRLs that one audit verifies. */
export const MAX_TRACKED_CRLS = 65_536;

interface Mention {
  readonly crlNumber: number;
  readonly revokedAt: UnixMs;
  readonly isHold: boolean;
}

/**
 * What the CRLs in the logs say of the certificates in the book; of those that list one the CRL with the highest number has
 * the last word. A hold ends by a release that its issuer signed, whether a delta takes it out or a full CRL no longer
 * lists it; to be taken out without one changes nothing, as for nodes.
 */
export class RevocationBook {
  readonly #bundle: TrustBundle;
  readonly #crypto: CryptoPort;
  readonly #certificates: CertificateBook;
  readonly #verdicts = new Map<string, Result<void, Fault>>();
  readonly #mentions = new Map<CertId, Mention>();
  /** The holds that were released, by certificate and beginning. */
  readonly #released = new Set<string>();
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

  /** Undefined also for a certificate whose hold was released. */
  revokedAt(certId: CertId): UnixMs | undefined {
    const mention = this.#mentions.get(certId);
    if (mention === undefined) return undefined;
    const { isHold, revokedAt } = mention;
    return isHold && this.#released.has(holdKey(certId, revokedAt)) ? undefined : revokedAt;
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

  #enter(crl: PastCrl): void {
    const { list, crlNumber, issuer } = crl;
    this.#heardOf.add(toHex(issuer.spki));
    const releases = Map.groupBy(this.#releasesIn(crl), ({ serial }): string => serial);
    for (const { key, certificate, issuer: own } of this.#certificates.nodes) {
      if (compareBytes(own.spki, issuer.spki) !== 0) continue;
      for (const { heldAtMs } of releases.get(certificate.serialHex) ?? []) {
        this.#released.add(holdKey(key.certId, heldAtMs));
      }
      const entry = list.entries.find(certificate.serialHex);
      if (entry === undefined || entry.reason === 'removeFromCRL') continue;
      const known = this.#mentions.get(key.certId);
      if (known !== undefined && known.crlNumber >= crlNumber) continue;
      const isHold = entry.reason === 'certificateHold';
      this.#mentions.set(key.certId, { crlNumber, revokedAt: entry.revokedAt, isHold });
    }
  }

  /** Those that the CRL's issuer signed, and not for a later CRL than this. */
  #releasesIn({ list, crlNumber, issuer }: PastCrl): readonly Release[] {
    return (list.extensions.releases?.value ?? []).flatMap((bytes) => {
      const release = decodeRelease(bytes);
      if (!release.ok) return [];
      const verified = verifyRelease(release.value, issuer, this.#bundle.domainId, this.#crypto);
      return verified.ok && verified.value.crlNumber <= crlNumber ? [verified.value] : [];
    });
  }
}

function holdKey(certId: CertId, heldAt: UnixMs): string {
  return `${certId}/${String(heldAt)}`;
}
