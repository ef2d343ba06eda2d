import type { NodeId, SerialNumber, UnixMs } from '../../std/index.ts';
import type { LedgerSource } from '../source.ts';

/** A CA's ledger and store as the audit reads them, all of one moment. Everything in it is hostile. */
export interface CaSource extends Pick<LedgerSource, 'name' | 'place' | 'tile'> {
  /** Read before the rows, so that it is of no later moment; undefined when there is none. */
  readonly checkpoint: { readonly file: string; readonly bytes: Uint8Array } | undefined;
  /** All rows in order, one batch in memory at a time. */
  rows(): AsyncIterable<readonly { readonly index: number; readonly body: Uint8Array }[]>;
  readonly tables: CaTables;
}

/** The part of a store's reader that the audit compares with the ledger. */
export interface CaTables {
  genesis(): Promise<{ readonly issuing: Uint8Array } | null>;
  certificates(query: CertificatePage): Promise<readonly CertificateInStore[]>;
  /** Every entry revoked at or after `since`. */
  revocationsFrom(since: UnixMs): Promise<readonly RevocationInStore[]>;
  /** Every identity with a certificate that expires at or after `now`, ended ones included. */
  rosterNodes(now: UnixMs): Promise<readonly NodeInStore[]>;
  tokens(): Promise<readonly { readonly tokenId: string; readonly name: string }[]>;
  requests(): Promise<readonly RequestInStore[]>;
  newestCrl(): Promise<CrlInStore | null>;
  newestFullCrl(): Promise<CrlInStore | null>;
  newestRootCrl(generation: number): Promise<CrlInStore | null>;
  crlBytes(crl: CrlKeyInStore): Promise<Uint8Array | null>;
  roots(): Promise<readonly RootInStore[]>;
  issuers(): Promise<readonly IssuerInStore[]>;
  newestRoster(): Promise<{ readonly number: number; readonly structureHash: Uint8Array } | null>;
  rosterRecord(number: number): Promise<Uint8Array | null>;
}

export type CrlIssuerName = 'issuing' | 'root';

export interface CrlKeyInStore {
  readonly issuer: CrlIssuerName;
  /** Of the issuing CA, or of the root. */
  readonly generation: number;
  readonly number: number;
}

export interface RootInStore {
  readonly generation: number;
  /** DER. */
  readonly certificate: Uint8Array;
}

export interface IssuerInStore {
  readonly generation: number;
  readonly state: string;
  /** DER. */
  readonly certificate: Uint8Array;
}

export interface CertificatePage {
  readonly notAfterFrom?: UnixMs;
  readonly notAfterTo?: UnixMs;
}

export interface CertificateInStore {
  readonly serial: SerialNumber;
  readonly role: string;
  readonly name: string;
  readonly nodeId: NodeId | null;
  readonly der: Uint8Array | null;
}

export interface RevocationInStore {
  readonly serial: SerialNumber;
  readonly reason: string;
  readonly revokedAt: UnixMs;
  readonly crlNumber: number;
}

export interface NodeInStore {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly state: string;
}

export interface RequestInStore {
  readonly tokenId: string;
  readonly name: string;
  readonly spkiSha256: Uint8Array;
  readonly decision: { readonly verdict: string; readonly by: string; readonly reason: string | null } | null;
}

export interface CrlInStore {
  readonly generation: number;
  readonly number: number;
  readonly sha256: Uint8Array;
}
