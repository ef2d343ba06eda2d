import { equalBytes, err, fault, ok, type SerialNumber } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { issue, type IssuanceToken } from '../x509/index.ts';
import { prepareCertificate, type CertificateOrder } from './certify.ts';
import type { AuthorityContext } from './context.ts';
import type { IssuedCertificate } from './facts.ts';
import { certificateEvent, journal, type JournalWord } from './journal.ts';
import type { CertificateRow } from './rows.ts';
import { newSerial } from './serial.ts';
import type { StoreTransaction } from './store.ts';

/*
 * An issuance has three steps. A first transaction decides it and records its intent: what will be signed. Then it
 * is signed, in no transaction. A second transaction keeps the certificate, and only then it leaves the authority.
 * So every serial that was ever signed is on record and can be revoked, and an interrupted issuance can be taken
 * up again by whoever has the same key.
 */

export interface Intent {
  readonly row: CertificateRow;
  readonly order: CertificateOrder;
  /** The right to sign; undefined when the intent was recorded by an earlier, interrupted issuance. */
  readonly token: IssuanceToken | undefined;
}

/** First step, in the transaction that decides: lints what will be signed and records it. */
export async function recordIntent(
  context: AuthorityContext,
  tx: StoreTransaction,
  wanted: Omit<CertificateOrder, 'serial'>,
  predecessor: SerialNumber | null,
): Promise<Result<Intent, Fault>> {
  const order = { ...wanted, serial: newSerial(context.deps.random) };
  const prepared = prepareCertificate(context, order);
  if (!prepared.ok) return prepared;
  const { tbs, notBefore, notAfter } = prepared.value;
  const row: CertificateRow = {
    serial: order.serial,
    role: order.role,
    name: order.name,
    nodeId: order.nodeId,
    spkiSha256: context.deps.crypto.sha256(order.spki),
    notBefore,
    notAfter,
    issuedAt: order.issuedAt,
    tbs,
    der: null,
    predecessor,
    confirmedAt: null,
    revocation: null,
  };
  await tx.insertCertificate(row);
  return ok({ row, order, token: prepared.value });
}

/**
 * Second step: the DER certificate. Errors: LS_CA_INTENT when a profile was changed since the intent was recorded;
 * LS_X509_*.
 */
export function signIntent(context: AuthorityContext, intent: Intent): Result<Uint8Array, Fault> {
  const { row, order } = intent;
  if (row.der !== null) return ok(row.der);
  const token = intent.token === undefined ? prepareCertificate(context, order) : ok(intent.token);
  if (!token.ok) return token;
  if (!equalBytes(token.value.tbs, row.tbs)) {
    return err(fault('LS_CA_INTENT', `certificate ${row.serial} would differ from what was recorded`));
  }
  return issue(token.value, context.deps.keys.issuing);
}

/** Third step: keeps the certificate with its ledger row, unless another try was faster; then that one counts. */
export async function keepCertificate(
  context: AuthorityContext,
  tx: StoreTransaction,
  row: CertificateRow,
  der: Uint8Array,
  word: JournalWord,
  now: UnixMs,
): Promise<IssuedCertificate> {
  if (row.der === null) {
    await tx.completeCertificate(row.serial, der);
    await journal(tx, [certificateEvent(word, [row.name, row.serial], der)], now);
  }
  const { serial, notBefore, notAfter } = row;
  return { serial, notBefore, notAfter, chain: [row.der ?? der, context.genesis.issuing] };
}
