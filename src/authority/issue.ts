import { equalBytes, err, fault, ok, serialNumberOf, type SerialNumber } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { prepareCertificate, signCertificate, type CertificateOrder } from './certify.ts';
import type { AuthorityContext } from './context.ts';
import type { IssuedCertificate } from './facts.ts';
import { certificateEvent, journal, type JournalWord } from './journal.ts';
import type { CertificateRow } from './rows.ts';
import type { StoreTransaction } from './store.ts';

const SERIAL_BYTES = 16;

/** What an issuance is for beside the certificate's own content. */
export interface Purpose {
  readonly order: Omit<CertificateOrder, 'serial'>;
  readonly predecessor: SerialNumber | null;
}

/**
 * First half of an issuance, in the transaction that decides it: makes and lints the TBSCertificate and records
 * it before anything is signed. Whatever happens then, the serial is on record and can be revoked.
 */
export async function recordIntent(
  context: AuthorityContext,
  tx: StoreTransaction,
  { order, predecessor }: Purpose,
  now: UnixMs,
): Promise<Result<CertificateRow, Fault>> {
  const { crypto } = context.deps;
  const serial = newSerial(context);
  const prepared = prepareCertificate(context, { ...order, serial });
  if (!prepared.ok) return prepared;
  const { tbs, notBefore, notAfter } = prepared.value;
  const row: CertificateRow = {
    serial,
    role: order.role,
    name: order.name,
    nodeId: order.nodeId,
    spkiSha256: crypto.sha256(order.spki),
    notBefore,
    notAfter,
    issuedAt: now,
    tbs,
    der: null,
    predecessor,
    confirmedAt: null,
    revocation: null,
  };
  await tx.insertCertificate(row);
  return ok(row);
}

/**
 * Second half, in a later transaction: signs the recorded TBSCertificate, unless it is signed already, and keeps
 * the certificate with its ledger row. Requires: the order is the one of the intent.
 */
export async function completeIntent(
  context: AuthorityContext,
  tx: StoreTransaction,
  intent: CertificateRow,
  order: CertificateOrder,
  word: JournalWord,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  if (intent.der !== null) return ok(issuedOf(context, intent, intent.der));
  const prepared = prepareCertificate(context, order);
  if (!prepared.ok) return prepared;
  if (!equalBytes(prepared.value.tbs, intent.tbs)) {
    return err(fault('LS_CA_INTENT', `certificate ${intent.serial} would differ from what was recorded`));
  }
  const signed = signCertificate(context, prepared.value);
  if (!signed.ok) return signed;
  await tx.completeCertificate(intent.serial, signed.value);
  await journal(tx, [certificateEvent(word, [intent.name, intent.serial], signed.value)], now);
  return ok(issuedOf(context, intent, signed.value));
}

function issuedOf(context: AuthorityContext, row: CertificateRow, der: Uint8Array): IssuedCertificate {
  return {
    serial: row.serial,
    notBefore: row.notBefore,
    notAfter: row.notAfter,
    chain: [der, context.genesis.issuing],
  };
}

/** 16 CSPRNG bytes with the top bits 01: positive, of fixed length, 126 bits that nobody can guess. */
function newSerial(context: AuthorityContext): SerialNumber {
  const bytes = new Uint8Array(context.deps.random.bytes(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  const serial = serialNumberOf(bytes);
  if (serial === undefined) throw new RangeError('the random port gave a wrong number of bytes');
  return serial;
}
