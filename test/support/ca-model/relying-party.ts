import type { TrustFacts } from '../../../src/authority/index.ts';
import { parseSerialNumber, type CryptoPort, type UnixMs } from '../../../src/std/index.ts';
import {
  applyCrl,
  issuerKeyOf,
  judgeCertificate,
  makeTrustBundle,
  RevocationState,
  type TrustBundle,
  type VerifiedPeer,
} from '../../../src/trust/index.ts';
import { findEntry } from '../../../src/trust/revocation/state.ts';
import { parseCertificate } from '../../../src/x509/index.ts';
import { valueOf } from '../result.ts';
import { demand, Violation } from './violation.ts';

/** What a relying party is handed. */
export interface OfferedCrls {
  readonly full: Uint8Array;
  readonly delta: Uint8Array | null;
  readonly root: Uint8Array;
}

/** A relying party by the rules of src/trust: what it takes in must never be refused, but for old news. */
export class RelyingParty {
  #state = RevocationState.empty();
  readonly #bundle: TrustBundle;
  readonly #issuing: Uint8Array;
  readonly #key: NonNullable<ReturnType<typeof issuerKeyOf>>;
  readonly #crypto: CryptoPort;

  constructor({ trustDomain, roots, issuing }: TrustFacts & { issuing: Uint8Array }, crypto: CryptoPort) {
    this.#bundle = valueOf(makeTrustBundle(trustDomain, roots, crypto));
    this.#issuing = issuing;
    const key = issuerKeyOf(valueOf(parseCertificate(issuing)));
    demand(key !== undefined, 'the issuing CA has a key identifier');
    this.#key = key;
    this.#crypto = crypto;
  }

  /** Takes the delta only where one does that knows what deltas are. */
  follow({ full, delta, root }: OfferedCrls, now: UnixMs, onlyFull = false): void {
    for (const der of delta === null || onlyFull ? [root, full] : [root, full, delta]) this.#take(der, now);
  }

  /** Keeps nothing but the bytes of its CRLs. */
  restart(now: UnixMs): void {
    const crls = this.#state.crls();
    this.#state = RevocationState.empty();
    for (const { der } of crls) this.#take(der, now);
  }

  /** DER of what it holds of the issuing CA. */
  crls(): readonly Uint8Array[] {
    const ofIssuing = this.#state.crls().filter(({ issuerChain }) => issuerChain.length > 0);
    return ofIssuing.map(({ der }) => der);
  }

  /** Why it takes the serial for revoked; undefined when it does not. */
  reasonFor(serial: string): string | undefined {
    const held = this.#state.issuer(this.#key);
    const known = parseSerialNumber(serial);
    return held === undefined || known === undefined ? undefined : findEntry(held, known)?.reason;
  }

  /** The peer that has this chain; undefined when it is not to be trusted now. */
  judge(chain: readonly Uint8Array[], now: UnixMs): VerifiedPeer | undefined {
    const material = {
      bundle: this.#bundle,
      revocation: this.#state,
      crypto: this.#crypto,
      onStale: 'warn' as const,
      graceMs: 0,
    };
    const judged = judgeCertificate(material, chain, 'node', now);
    return judged.ok ? judged.value : undefined;
  }

  #take(der: Uint8Array, now: UnixMs): void {
    const applied = applyCrl(this.#state, der, [this.#issuing], this.#bundle, this.#crypto, now);
    if (applied.ok) this.#state = applied.value.state;
    // A full CRL behind the delta that is held is old news, and all that may be refused.
    else if (applied.error.code !== 'LS_CRL_STALE')
      throw new Violation(`a relying party refuses a CRL: ${applied.error.code} ${applied.error.detail}`);
  }
}
