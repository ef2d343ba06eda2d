import { MAX_CRL_MESSAGE_BYTES, type Message } from '../link/index.ts';
import { ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import {
  applyCrlFrom,
  beginCrlCheck,
  type AppliedCrl,
  type BegunCheck,
  type CheckedCrl,
  type IssuerKey,
  type IssuerRevocation,
  type TrustBundle,
  type TrustMaterial,
} from '../trust/index.ts';

/** The relying party's data of one node, replaced as CRLs and roots arrive. */
export class TrustState {
  #material: TrustMaterial;

  constructor(material: TrustMaterial) {
    this.#material = material;
  }

  get material(): TrustMaterial {
    return this.#material;
  }

  /** For talking to somebody: outdated revocation data does not stop it, since newer data may come that way. */
  get lenient(): TrustMaterial {
    return { ...this.#material, onStale: 'warn' };
  }

  get bundle(): TrustBundle {
    return this.#material.bundle;
  }

  get newestThisUpdate(): UnixMs | undefined {
    return this.#material.revocation.newestThisUpdate;
  }

  /** What is to be found out of a large CRL before {@link take}. */
  beginCheck(der: Uint8Array, issuerChains: readonly (readonly Uint8Array[])[]): Result<BegunCheck, Fault> {
    const { revocation, bundle } = this.#material;
    const issuers = issuerChains.flatMap((chain) => chain.slice(0, 1));
    return beginCrlCheck(revocation, der, issuers, bundle);
  }

  /** Takes a CRL from anyone: only the signature of a root, or of an issuing CA with one of these chains, counts. */
  take(
    crl: Uint8Array | CheckedCrl,
    issuerChains: readonly (readonly Uint8Array[])[],
    now: UnixMs,
  ): Result<AppliedCrl, Fault> {
    const { revocation, bundle, crypto } = this.#material;
    const applied = applyCrlFrom(revocation, crl, issuerChains, bundle, crypto, now);
    if (!applied.ok) return applied;
    this.#material = { ...this.#material, revocation: applied.value.state };
    return ok(applied.value);
  }

  /** Requires: `bundle` is the present one with more roots, each vouched for by a pinned one. */
  pin(bundle: TrustBundle): void {
    this.#material = { ...this.#material, bundle };
  }

  /** Requires: nothing below that issuing CA counts any more, whatever its CRL says. */
  forget(issuer: IssuerKey): void {
    this.#material = { ...this.#material, revocation: this.#material.revocation.without(issuer) };
  }

  held(issuer: IssuerKey | undefined): IssuerRevocation | undefined {
    return issuer === undefined ? undefined : this.#material.revocation.issuer(issuer);
  }
}

/**
 * What somebody who enforces `crlNumber` lacks of one issuer: the delta alone when he holds the full CRL below it. Nothing
 * when he lacks a full CRL that is too long for a link: that one the CA alone delivers.
 */
export function crlsSince(held: IssuerRevocation | undefined, crlNumber: number): readonly Message<'crl'>[] {
  if (held === undefined || crlNumber >= held.crlNumber) return [];
  const full: Message<'crl'> = { kind: 'crl', delta: false, der: held.full.der };
  const delta: Message<'crl'> | undefined = held.delta && { kind: 'crl', delta: true, der: held.delta.der };
  const needed = crlNumber >= held.fullNumber ? [delta] : [full, delta];
  const messages = needed.filter((message) => message !== undefined);
  return messages.every(({ der }) => der.length <= MAX_CRL_MESSAGE_BYTES) ? messages : [];
}
