import { MAX_CRL_MESSAGE_BYTES, type Message } from '../link/index.ts';
import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import {
  applyCrl,
  beginCrlCheck,
  issuerKeyOf,
  type AppliedCrl,
  type BegunCheck,
  type CheckedCrl,
  type IssuerKey,
  type TrustBundle,
  type TrustMaterial,
} from '../trust/index.ts';
import { parseCertificate } from '../x509/index.ts';

/** The relying party's data of one node, replaced as CRLs arrive. */
export class TrustState {
  readonly #issuerChain: readonly Uint8Array[];
  readonly #issuerKey: IssuerKey | undefined;
  #material: TrustMaterial;

  /** `issuerChain`: DER of the issuing CA's certificate and those above it; its CRL is the one that is numbered in heartbeats. */
  constructor(material: TrustMaterial, issuerChain: readonly Uint8Array[]) {
    this.#material = material;
    this.#issuerChain = issuerChain;
    this.#issuerKey = keyOf(issuerChain[0]);
  }

  get material(): TrustMaterial {
    return this.#material;
  }

  get bundle(): TrustBundle {
    return this.#material.bundle;
  }

  get newestThisUpdate(): UnixMs | undefined {
    return this.#material.revocation.newestThisUpdate;
  }

  /** Number of the issuing CA's newest CRL that is enforced; 0 without one. */
  get crlNumber(): number {
    return this.#issuing?.crlNumber ?? 0;
  }

  /** When the issuing CA's newest CRL should have been replaced. */
  get nextUpdate(): UnixMs | undefined {
    return this.#issuing?.nextUpdate;
  }

  /** What is to be found out of a large CRL before {@link take}. */
  beginCheck(der: Uint8Array): Result<BegunCheck, Fault> {
    const { revocation, bundle } = this.#material;
    return beginCrlCheck(revocation, der, this.#issuerChain.slice(0, 1), bundle);
  }

  /** Takes a CRL from anyone: only its issuer's signature counts. */
  take(der: Uint8Array | CheckedCrl, now: UnixMs): Result<AppliedCrl, Fault> {
    const { revocation, bundle, crypto } = this.#material;
    const applied = applyCrl(revocation, der, this.#issuerChain, bundle, crypto, now);
    if (!applied.ok) return applied;
    this.#material = { ...this.#material, revocation: applied.value.state };
    return ok(applied.value);
  }

  /**
   * What a peer that enforces `crlNumber` needs to catch up: the delta alone when it holds the full CRL below it. Nothing
   * when it lacks a full CRL that is too long for a link: that one the CA alone delivers.
   */
  crlsSince(crlNumber: number): readonly Message<'crl'>[] {
    const held = this.#issuing;
    if (held === undefined || crlNumber >= held.crlNumber) return [];
    const full: Message<'crl'> = { kind: 'crl', delta: false, der: held.full.der };
    const delta: Message<'crl'> | undefined = held.delta && { kind: 'crl', delta: true, der: held.delta.der };
    const needed = crlNumber >= held.fullNumber ? [delta] : [full, delta];
    const messages = needed.filter((message) => message !== undefined);
    return messages.every(({ der }) => der.length <= MAX_CRL_MESSAGE_BYTES) ? messages : [];
  }

  get #issuing(): ReturnType<TrustMaterial['revocation']['issuer']> {
    return this.#issuerKey === undefined ? undefined : this.#material.revocation.issuer(this.#issuerKey);
  }
}

function keyOf(issuerDer: Uint8Array | undefined): IssuerKey | undefined {
  const parsed =
    issuerDer === undefined ? err(fault('LS_CRL_ISSUER', 'no issuer')) : parseCertificate(issuerDer);
  return parsed.ok ? issuerKeyOf(parsed.value) : undefined;
}
