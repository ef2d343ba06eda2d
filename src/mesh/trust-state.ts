import type { Message } from '../link/index.ts';
import { ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import {
  applyCrlFrom,
  type AppliedCrl,
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

  /** Takes a CRL from anyone: only the signature of a root, or of an issuing CA with one of these chains, counts. */
  take(
    der: Uint8Array,
    issuerChains: readonly (readonly Uint8Array[])[],
    now: UnixMs,
  ): Result<AppliedCrl, Fault> {
    const { revocation, bundle, crypto } = this.#material;
    const applied = applyCrlFrom(revocation, der, issuerChains, bundle, crypto, now);
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

/** What somebody who enforces `crlNumber` lacks of one issuer: the delta alone when he holds the full CRL below it. */
export function crlsSince(held: IssuerRevocation | undefined, crlNumber: number): readonly Message<'crl'>[] {
  if (held === undefined || crlNumber >= held.crlNumber) return [];
  const full: Message<'crl'> = { kind: 'crl', delta: false, der: held.full.der };
  if (held.delta === undefined) return [full];
  const delta: Message<'crl'> = { kind: 'crl', delta: true, der: held.delta.der };
  return crlNumber >= held.fullNumber ? [delta] : [full, delta];
}
