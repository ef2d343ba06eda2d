import { equalBytes, err, fault, LsError, ok, toHex } from '../std/index.ts';
import type { CertId, CryptoPort, Fault, Result, Signer } from '../std/index.ts';
import {
  certIdOfCertificate,
  issuerOf,
  parseCertificate,
  type Certificate,
  type Issuer,
} from '../x509/index.ts';
import type { IssuerRow, IssuingState } from './rows.ts';
import type { StoreReader } from './store.ts';

/** Issuing CAs of a domain that have not ended, at a time: what every relying party has room for. */
export const MAX_LIVING_ISSUERS = 8;

/** An issuing CA of the domain, as a transaction finds it. */
export interface IssuingCa {
  readonly row: IssuerRow;
  readonly generation: number;
  readonly certificate: Certificate;
  readonly issuer: Issuer;
  readonly certId: CertId;
  /** Undefined where this process has not its key. */
  readonly signer: Signer | undefined;
}

/** One that signs, with a key that is at hand. */
export interface LivingCa extends IssuingCa {
  readonly signer: Signer;
}

type Parsed = Omit<IssuingCa, 'row' | 'signer'>;

/** Whether nothing is signed by it any more. */
export function hasEnded({ state }: { readonly state: IssuingState }): boolean {
  return state === 'retired' || state === 'revoked';
}

/**
 * The issuing CAs of one store as this process sees them: reads their certificates once, and knows the keys that are
 * at hand. Which of them there are, and where each stands, is looked up in each transaction.
 */
export class IssuingCas {
  readonly #crypto: CryptoPort;
  readonly #signers = new Map<string, Signer>();
  readonly #parsed = new Map<number, Parsed>();

  constructor(crypto: CryptoPort, signers: readonly Signer[]) {
    this.#crypto = crypto;
    for (const signer of signers) this.take(signer);
  }

  /** Has a further key at hand from now on. */
  take(signer: Signer): void {
    this.#signers.set(toHex(signer.spki), signer);
  }

  /** By generation. Throws LS_CA_STORE_CORRUPT. */
  async read(tx: Pick<StoreReader, 'issuers'>): Promise<readonly IssuingCa[]> {
    return (await tx.issuers()).map((row) => this.of(row));
  }

  /** Throws LS_CA_STORE_CORRUPT for a row whose certificate is none of a CA. */
  of(row: IssuerRow): IssuingCa {
    const known = this.#parsed.get(row.generation);
    const isSame = known !== undefined && equalBytes(known.certificate.der, row.certificate);
    const parsed = isSame ? known : this.#parse(row);
    if (!isSame) this.#parsed.set(row.generation, parsed);
    return { ...parsed, row, signer: this.#signers.get(toHex(parsed.certificate.spki)) };
  }

  #parse({ generation, certificate: der }: IssuerRow): Parsed {
    const certificate = parseCertificate(der);
    const issuer = certificate.ok ? issuerOf(certificate.value) : certificate;
    if (!certificate.ok || !issuer.ok) {
      const detail = `the certificate of issuing CA ${generation} in the store is damaged`;
      throw new LsError(fault('LS_CA_STORE_CORRUPT', detail));
    }
    const certId = certIdOfCertificate(certificate.value, this.#crypto);
    return { generation, certificate: certificate.value, issuer: issuer.value, certId };
  }
}

/** The one that is active, or was the last to be. `cas`: by generation. Throws LS_CA_NOT_INITIALISED where there is none. */
export function lastActive(cas: readonly IssuingCa[]): IssuingCa {
  const active = cas.find(({ row }) => row.state === 'active');
  // They follow each other in the order of their generations.
  const newest = active ?? cas.findLast(({ row }) => row.activatedAt !== null);
  if (newest === undefined) throw new LsError(fault('LS_CA_NOT_INITIALISED', 'the store holds no CA yet'));
  return newest;
}

/** All that sign, by generation. LS_CA_KEY_MISMATCH when the key of one is not at hand. */
export function livingOf(cas: readonly IssuingCa[]): Result<readonly LivingCa[], Fault> {
  const living: LivingCa[] = [];
  for (const ca of cas) {
    if (hasEnded(ca.row)) continue;
    const { signer } = ca;
    if (signer === undefined) return err(keyMissing(ca));
    living.push({ ...ca, signer });
  }
  return ok(living);
}

function keyMissing({ generation }: IssuingCa): Fault {
  const which = generation === 1 ? 'issuing' : `issuing-${generation}`;
  const detail = `the ${which} key is not that of the issuing certificate in the store`;
  return fault('LS_CA_KEY_MISMATCH', detail);
}
