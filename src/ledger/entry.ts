import type { NodeId } from '../std/index.ts';

/** What a ledger holds, one leaf each. Records are complete COSE_Sign1 bytes as they were on the wire. */
export type LedgerEntry =
  | RecordEntry
  | { readonly type: 'down-certificate'; readonly certificate: Uint8Array }
  /** A CRL or delta CRL that came into force. */
  | { readonly type: 'crl'; readonly der: Uint8Array }
  /** Something happened to a certificate: `event` is a word such as `issued` or `renewed`. */
  | { readonly type: 'certificate-event'; readonly event: string; readonly der: Uint8Array }
  /** An expected heartbeat did not come. */
  | { readonly type: 'miss'; readonly nodeId: NodeId; readonly epoch: number; readonly lastSeq: number }
  | {
      readonly type: 'state-change';
      readonly nodeId: NodeId;
      readonly epoch: number;
      readonly from: string;
      readonly to: string;
      readonly reason: string;
    }
  /** Records that should be here were lost. */
  | { readonly type: 'gap'; readonly count: number; readonly reason: string }
  /** A checkpoint note that another log published. */
  | { readonly type: 'checkpoint-received'; readonly nodeId: NodeId; readonly note: Uint8Array };

/** Entries that are one signed record and nothing else. */
export type RecordEntryType =
  | 'epoch-start'
  | 'key-change'
  | 'heartbeat-sent'
  | 'heartbeat-received'
  | 'leave'
  | 'accusation'
  | 'roster'
  | 'successor'
  | 'log-key';

type RecordEntry = {
  [T in RecordEntryType]: { readonly type: T; readonly record: Uint8Array };
}[RecordEntryType];

export type LedgerEntryType = LedgerEntry['type'];
