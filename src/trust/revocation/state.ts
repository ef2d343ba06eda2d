import { toHex, unixMs, type Brand, type UnixMs } from '../../std/index.ts';
import type { Certificate, CertificateList, CrlEntry } from '../../x509/index.ts';

/** CRL issuers held at once: roots and issuing CAs, each twice while they overlap, and room. */
export const MAX_CRL_ISSUERS = 16;

/** A CRL issuer: its Name and its key identifier, so that a re-keyed CA of the same name is another issuer. */
export type IssuerKey = Brand<string, 'IssuerKey'>;

/** Each verdict on a peer asks for the key of its issuer, of which there are few. */
const knownKeys = new WeakMap<Certificate, IssuerKey>();

/** The key under which the CRL of `issuer` is held; undefined for a CA without subjectKeyIdentifier. */
export function issuerKeyOf(issuer: Certificate): IssuerKey | undefined {
  const known = knownKeys.get(issuer);
  if (known !== undefined) return known;
  const keyId = issuer.extensions.subjectKeyId?.value;
  if (keyId === undefined) return undefined;
  const key = issuerKey(issuer.subject, keyId);
  knownKeys.set(issuer, key);
  return key;
}

/** The key of the issuer a CRL claims to come from; undefined without authorityKeyIdentifier. */
export function issuerKeyOfCrl(list: Pick<CertificateList, 'issuer' | 'extensions'>): IssuerKey | undefined {
  const keyId = list.extensions.authorityKeyId?.value.keyId;
  return keyId === undefined ? undefined : issuerKey(list.issuer, keyId);
}

function issuerKey(name: Uint8Array, keyId: Uint8Array): IssuerKey {
  return `${toHex(name)}:${toHex(keyId)}` as IssuerKey;
}

/** A CRL and what is needed to verify it again. */
export interface HeldCrl {
  readonly der: Uint8Array;
  /** DER of the issuer's certificate and of those above it, without root; empty when a root signed the CRL. */
  readonly issuerChain: readonly Uint8Array[];
}

/** A full CRL, and the newest delta on top of it. */
export interface HeldLists {
  readonly full: CertificateList;
  readonly fullNumber: number;
  readonly delta: CertificateList | undefined;
  /** Serials of holds in the full CRL that a release in the delta ended. */
  readonly released: ReadonlySet<string>;
  /** Of the newest CRL held, as the two below. */
  readonly crlNumber: number;
  readonly thisUpdate: UnixMs;
  readonly nextUpdate: UnixMs;
}

/** What is held of one CRL issuer. Only `applyCrl` makes one, so all of it was verified. */
export type IssuerRevocation = Brand<
  HeldLists & { readonly key: IssuerKey; readonly issuerChain: readonly Uint8Array[] },
  'IssuerRevocation'
>;

/**
 * The entry that revokes `serialHex`, newest first. A delta that takes one out of the full CRL does so by a verified
 * release alone. O(1) once the CRL's index is built.
 */
export function findEntry(held: HeldLists, serialHex: string): CrlEntry | undefined {
  const changed = held.delta?.entries.find(serialHex);
  if (changed !== undefined && changed.reason !== 'removeFromCRL') return changed;
  return held.released.has(serialHex) ? undefined : held.full.entries.find(serialHex);
}

/** All that is known to be revoked, per CRL issuer. An immutable value: `applyCrl` returns the next one. */
export class RevocationState {
  readonly #byIssuer: ReadonlyMap<IssuerKey, IssuerRevocation>;
  /** thisUpdate of the newest CRL that was ever part of this state: evidence for the present time. */
  readonly newestThisUpdate: UnixMs | undefined;

  private constructor(
    byIssuer: ReadonlyMap<IssuerKey, IssuerRevocation>,
    newestThisUpdate: UnixMs | undefined,
  ) {
    this.#byIssuer = byIssuer;
    this.newestThisUpdate = newestThisUpdate;
  }

  /** Knows of no CRL, so no certificate is judged good by it. */
  static empty(): RevocationState {
    return new RevocationState(new Map(), undefined);
  }

  get issuerCount(): number {
    return this.#byIssuer.size;
  }

  issuer(key: IssuerKey): IssuerRevocation | undefined {
    return this.#byIssuer.get(key);
  }

  /** Every CRL this state stands on, each full one before its delta: enough to build it again. */
  crls(): readonly HeldCrl[] {
    return [...this.#byIssuer.values()].flatMap(({ full, delta, issuerChain }) =>
      [full, ...(delta === undefined ? [] : [delta])].map(({ der }) => ({ der, issuerChain })),
    );
  }

  /** Forgets what is held of one issuer. Requires: no path leads through it any more, or everything below it is refused. */
  without(key: IssuerKey): RevocationState {
    const byIssuer = new Map(this.#byIssuer);
    byIssuer.delete(key);
    return new RevocationState(byIssuer, this.newestThisUpdate);
  }

  /** The state with `next` in the place of what was held of its issuer. */
  replacing(next: IssuerRevocation): RevocationState {
    const byIssuer = new Map(this.#byIssuer).set(next.key, next);
    return new RevocationState(
      byIssuer,
      unixMs(Math.max(next.thisUpdate, this.newestThisUpdate ?? next.thisUpdate)),
    );
  }
}
