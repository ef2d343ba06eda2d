import { equalBytes, fault, LsError, toHex, type Fault, type Signer } from '../std/index.ts';
import { MAX_ANCHORS } from '../trust/index.ts';
import { parseCertificate, type Certificate } from '../x509/index.ts';
import type { RootRow } from './rows.ts';
import type { StoreReader } from './store.ts';

/** Roots of a domain in its whole life: what every relying party has room for. */
export const MAX_ROOTS = MAX_ANCHORS;

/** A root of the domain, as a transaction finds it. */
export interface RootCa {
  /** 1 is the genesis root, which names the domain. */
  readonly generation: number;
  readonly certificate: Certificate;
  /** DER: by which an earlier root vouches for this one; null for the genesis root. */
  readonly cross: Uint8Array | null;
  /** Undefined where its key is elsewhere. */
  readonly signer: Signer | undefined;
}

/** A root and its key, wherever that is. */
export interface RootAtHand {
  readonly certificate: Certificate;
  readonly signer: Signer;
}

/** Which roots there are is looked up in each transaction; their certificates are read once. */
export class RootCas {
  readonly #signers = new Map<string, Signer>();
  readonly #parsed = new Map<number, Parsed>();

  constructor(signers: readonly Signer[]) {
    for (const signer of signers) this.take(signer);
  }

  /** Has a further key at hand from now on. */
  take(signer: Signer): void {
    this.#signers.set(toHex(signer.spki), signer);
  }

  /** By generation. Throws LS_CA_STORE_CORRUPT. */
  async read(tx: Pick<StoreReader, 'roots'>): Promise<readonly RootCa[]> {
    return (await tx.roots()).map((row) => this.of(row));
  }

  /** Throws LS_CA_STORE_CORRUPT for a row whose certificate does not parse. */
  of({ generation, certificate: der, cross }: RootRow): RootCa {
    const known = this.#parsed.get(generation);
    const isSame = known !== undefined && equalBytes(known.certificate.der, der);
    const parsed = isSame ? known : { certificate: parseRoot(der), cross };
    if (!isSame) this.#parsed.set(generation, parsed);
    return { generation, ...parsed, signer: this.#signers.get(toHex(parsed.certificate.spki)) };
  }
}

type Parsed = Pick<RootCa, 'certificate' | 'cross'>;

function parseRoot(der: Uint8Array): Certificate {
  const parsed = parseCertificate(der);
  if (parsed.ok) return parsed.value;
  throw new LsError(fault('LS_CA_STORE_CORRUPT', 'the certificate of the root in the store is damaged'));
}

/** The one that certified a CA, or signed a CRL: `issuer` is the DER of the Name that these bear. */
export function rootNamed(roots: readonly RootCa[], issuer: Uint8Array): RootCa | undefined {
  return roots.find(({ certificate }) => equalBytes(certificate.subject, issuer));
}

/** The one that certifies whatever comes next. */
export function newestRoot(roots: readonly RootCa[]): RootCa {
  const newest = roots.at(-1);
  if (newest === undefined) throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA yet'));
  return newest;
}

/** LS_ROLLOVER_ROOT_ABSENT: what has to be signed with its key can't be here. */
export function rootAbsent({ generation }: RootCa): Fault {
  const which = generation === 1 ? 'the root' : `root ${generation}`;
  return fault('LS_ROLLOVER_ROOT_ABSENT', `the key of ${which} is not here`);
}

/** The root with its key, if that is here. */
export function atHand({ certificate, signer }: RootCa): RootAtHand | undefined {
  return signer === undefined ? undefined : { certificate, signer };
}
