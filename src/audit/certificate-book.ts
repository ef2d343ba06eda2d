import { err, fault, ok, toHex, unixMs } from '../std/index.ts';
import type { CertId, CryptoPort, Fault, NodeId, NodeName, Result, UnixMs } from '../std/index.ts';
import type { RecordKey, SigningKey } from '../heartbeat/index.ts';
import { judgePast, type PastCertificate, type TrustBundle } from '../trust/index.ts';
import { certIdOfCertificate, parseCertificate, type Certificate } from '../x509/index.ts';

/** Certificates, CA certificates included, that one audit keeps. */
export const MAX_TRACKED_CERTIFICATES = 65_536;

/** A node's certificate that leads to the pinned root. */
export interface KnownCertificate {
  readonly key: RecordKey;
  readonly name: NodeName;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

/** An issuing CA that leads to the pinned root, for rosters and CRLs. */
export interface KnownIssuer {
  readonly key: SigningKey;
  readonly certificate: Certificate;
  /** DER, the CA first, without the root. */
  readonly chain: readonly Uint8Array[];
}

/**
 * The certificates that the logs bring along, in epoch-starts and key-changes of any home. Only what leads to the
 * pinned root gets in, so that a forged chain can't stand in the way of the real one.
 */
export class CertificateBook {
  readonly #bundle: TrustBundle;
  readonly #crypto: CryptoPort;
  readonly #verdicts = new Map<string, Result<KnownCertificate, Fault>>();
  readonly #nodes = new Map<CertId, KnownCertificate>();
  readonly #issuers = new Map<CertId, KnownIssuer>();
  readonly #names = new Map<NodeId, NodeName>();

  constructor(bundle: TrustBundle, crypto: CryptoPort) {
    this.#bundle = bundle;
    this.#crypto = crypto;
  }

  get full(): boolean {
    return this.#verdicts.size >= MAX_TRACKED_CERTIFICATES;
  }

  /**
   * The verdict on a node's chain (DER, leaf first), the same one each time it is asked for. `at` is moved into the
   * leaf's own validity: whether a record was signed in time is asked of each record.
   */
  judge(chain: readonly Uint8Array[], at: UnixMs): Result<KnownCertificate, Fault> {
    const id = toHex(this.#crypto.sha256(...chain));
    const known = this.#verdicts.get(id);
    if (known !== undefined) return known;
    if (this.full)
      return err(fault('LS_AUDIT_LIMIT', `more than ${String(MAX_TRACKED_CERTIFICATES)} certificates`));
    const verdict = this.#judge(chain, at);
    this.#verdicts.set(id, verdict);
    if (verdict.ok && !this.#nodes.has(verdict.value.key.certId))
      this.#enter(verdict.value, chain.slice(1), at);
    return verdict;
  }

  node(certId: CertId): KnownCertificate | undefined {
    return this.#nodes.get(certId);
  }

  issuer(certId: CertId): KnownIssuer | undefined {
    return this.#issuers.get(certId);
  }

  get nodes(): Iterable<KnownCertificate> {
    return this.#nodes.values();
  }

  get issuers(): Iterable<KnownIssuer> {
    return this.#issuers.values();
  }

  /** How reports name a node. */
  nameOf(nodeId: NodeId): string {
    return this.#names.get(nodeId) ?? nodeId;
  }

  #judge(chain: readonly Uint8Array[], at: UnixMs): Result<KnownCertificate, Fault> {
    const past = this.#judgeAs('node', chain, at);
    if (!past.ok) return past;
    const { identity, key, certificate, path } = past.value;
    const [, issuer] = path;
    if (issuer === undefined) return err(fault('LS_TRUST_CHAIN_LENGTH', 'a certificate without issuer'));
    return ok({ key: { ...key, nodeId: identity.nodeId }, name: identity.name, certificate, issuer });
  }

  #judgeAs<R extends 'node' | 'issuer'>(
    role: R,
    chain: readonly Uint8Array[],
    at: UnixMs,
  ): Result<PastCertificate<R>, Fault> {
    const [leafDer] = chain;
    if (leafDer === undefined) return err(fault('LS_TRUST_CHAIN_LENGTH', 'an empty chain'));
    const leaf = parseCertificate(leafDer);
    if (!leaf.ok) return leaf;
    const { notBefore, notAfter } = leaf.value;
    const within = unixMs(Math.min(Math.max(at, notBefore), notAfter));
    return judgePast(this.#bundle, chain, role, within, this.#crypto);
  }

  #enter(known: KnownCertificate, issuerChain: readonly Uint8Array[], at: UnixMs): void {
    this.#nodes.set(known.key.certId, known);
    this.#names.set(known.key.nodeId, known.name);
    const issuerId = certIdOfCertificate(known.issuer, this.#crypto);
    if (this.#issuers.has(issuerId)) return;
    const issuer = this.#judgeAs('issuer', issuerChain, at);
    if (!issuer.ok) return;
    const { key, certificate } = issuer.value;
    this.#issuers.set(issuerId, { key, certificate, chain: issuerChain });
  }
}
