import type { Message } from '../link/index.ts';
import { equalBytes, err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import {
  applyCrl,
  issuerKeyOf,
  type AppliedCrl,
  type IssuerKey,
  type TrustBundle,
  type TrustMaterial,
} from '../trust/index.ts';
import { parseCertificate, type Certificate } from '../x509/index.ts';

/** A CRL that counts now; `own`: of a root or of the issuing CA that certified this node. */
export interface TakenCrl extends AppliedCrl {
  readonly own: boolean;
}

/** The relying party's data of one node, replaced as CRLs arrive. */
export class TrustState {
  /** Of the other issuing CAs of the domain, judged by the directory before they come here. */
  readonly #otherChains: (readonly Uint8Array[])[] = [];
  #issuerChain: readonly Uint8Array[];
  #issuerKey: IssuerKey | undefined;
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

  /** Takes a CRL from anyone: only its issuer's signature counts. */
  take(der: Uint8Array, now: UnixMs): Result<TakenCrl, Fault> {
    const { revocation, bundle, crypto } = this.#material;
    const apply = (chain: readonly Uint8Array[]): Result<AppliedCrl, Fault> =>
      applyCrl(revocation, der, chain, bundle, crypto, now);
    let applied = apply(this.#issuerChain);
    const own = applied.ok || applied.error.code !== 'LS_CRL_ISSUER';
    for (const chain of this.#otherChains) {
      if (applied.ok || applied.error.code !== 'LS_CRL_ISSUER') break;
      applied = apply(chain);
    }
    if (!applied.ok) return applied;
    this.#material = { ...this.#material, revocation: applied.value.state };
    return ok({ ...applied.value, own });
  }

  /** Whether that issuing CA certified this node too: only then do two CRL numbers compare. */
  certifiedBy(issuer: Certificate | undefined): boolean {
    return issuer !== undefined && sameIssuer([issuer.der], this.#issuerChain);
  }

  /** CRLs of the issuing CA with this chain count from now on. Requires: the chain was judged good as an issuer's. */
  addIssuer(chain: readonly Uint8Array[]): void {
    if (!sameIssuer(chain, this.#issuerChain)) this.#otherChains.push(chain);
  }

  /** Forgets how to verify CRLs of this issuing CA; those that were taken stay in force. */
  dropIssuer(chain: readonly Uint8Array[]): void {
    const at = this.#otherChains.findIndex((other) => sameIssuer(other, chain));
    if (at >= 0) this.#otherChains.splice(at, 1);
  }

  /** This node is certified by the issuing CA of `chain` now: its CRL is the one that is numbered in heartbeats. */
  follow(chain: readonly Uint8Array[]): boolean {
    if (sameIssuer(chain, this.#issuerChain)) return false;
    this.dropIssuer(chain);
    this.#otherChains.push(this.#issuerChain);
    this.#issuerChain = chain;
    this.#issuerKey = keyOf(chain[0]);
    return true;
  }

  /** What a peer that enforces `crlNumber` needs to catch up: the delta alone when it holds the full CRL below it. */
  crlsSince(crlNumber: number): readonly Message<'crl'>[] {
    const held = this.#issuing;
    if (held === undefined || crlNumber >= held.crlNumber) return [];
    const full: Message<'crl'> = { kind: 'crl', delta: false, der: held.full.der };
    if (held.delta === undefined) return [full];
    const delta: Message<'crl'> = { kind: 'crl', delta: true, der: held.delta.der };
    return crlNumber >= held.fullNumber ? [delta] : [full, delta];
  }

  get #issuing(): ReturnType<TrustMaterial['revocation']['issuer']> {
    return this.#issuerKey === undefined ? undefined : this.#material.revocation.issuer(this.#issuerKey);
  }
}

function sameIssuer([a]: readonly Uint8Array[], [b]: readonly Uint8Array[]): boolean {
  return a !== undefined && b !== undefined && equalBytes(a, b);
}

function keyOf(issuerDer: Uint8Array | undefined): IssuerKey | undefined {
  const parsed =
    issuerDer === undefined ? err(fault('LS_CRL_ISSUER', 'no issuer')) : parseCertificate(issuerDer);
  return parsed.ok ? issuerKeyOf(parsed.value) : undefined;
}
