import { equalBytes, err, fault, ok, type SerialNumber } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import { issue, type IssuanceToken } from '../x509/index.ts';
import { prepareCertificate, type CertificateOrder } from './certify.ts';
import type { IssuedCertificate } from './facts.ts';
import type { LivingCa } from './issuing-ca.ts';
import { certificateEvent, journal, type JournalWord } from './journal.ts';
import type { CertificateRow } from './rows.ts';
import { newSerial } from './serial.ts';
import type { StoreTransaction } from './store.ts';
import { livingCa, type AuthorityBase, type AuthorityContext } from './standing.ts';

/*
 * An issuance has three steps. A first transaction decides it and records its intent: what will be signed. Then it
 * is signed, in no transaction. A second transaction keeps the certificate, and only then it leaves the authority.
 * So every serial that was ever signed is on record and can be revoked, and an interrupted issuance can be taken
 * up again by whoever has the same key.
 */

export interface Intent {
  readonly row: CertificateRow;
  readonly order: CertificateOrder;
  /** Who signs it. */
  readonly ca: LivingCa;
  /** The right to sign; undefined when the intent was recorded by an earlier, interrupted issuance. */
  readonly token: IssuanceToken | undefined;
}

/** First step, in the transaction that decides: lints what will be signed and records it. */
export async function recordIntent(
  context: AuthorityContext,
  tx: StoreTransaction,
  wanted: Omit<CertificateOrder, 'serial'>,
  predecessor: SerialNumber | null,
  ca: LivingCa = context.issuing,
): Promise<Result<Intent, Fault>> {
  const order = { ...wanted, serial: newSerial(context.deps.random) };
  const prepared = prepareCertificate(context, ca, order);
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
    issuer: ca.generation,
    tbs,
    der: null,
    predecessor,
    confirmedAt: null,
    revocation: null,
  };
  await tx.insertCertificate(row);
  return ok({ row, order, ca, token: prepared.value });
}

/** An intent that an earlier, interrupted issuance has recorded. LS_CA_INTENT when its issuing CA has ended since. */
export function recordedIntent(
  context: AuthorityContext,
  row: CertificateRow,
  order: CertificateOrder,
): Result<Intent, Fault> {
  const ca = livingCa(context, row.issuer);
  return ca === undefined ? err(issuerEnded(row)) : ok({ row, order, ca, token: undefined });
}

function issuerEnded({ serial, issuer }: CertificateRow): Fault {
  const detail = `certificate ${serial} was to be one of issuing CA ${issuer}, which has ended`;
  return fault('LS_CA_INTENT', detail);
}

/**
 * Second step: the DER certificate. Errors: LS_CA_INTENT when a profile was changed since the intent was recorded;
 * LS_X509_*.
 */
export function signIntent(base: AuthorityBase, intent: Intent): Result<Uint8Array, Fault> {
  const { row, order, ca } = intent;
  if (row.der !== null) return ok(row.der);
  const token = intent.token === undefined ? prepareCertificate(base, ca, order) : ok(intent.token);
  if (!token.ok) return token;
  if (!equalBytes(token.value.tbs, row.tbs)) {
    return err(fault('LS_CA_INTENT', `certificate ${row.serial} would differ from what was recorded`));
  }
  return issue(token.value, ca.signer);
}

/**
 * Third step: keeps the certificate with its ledger row, unless another try was faster; then that one counts.
 * LS_CA_INTENT when its issuing CA has ended since the second step.
 */
export async function keepCertificate(
  context: AuthorityContext,
  tx: StoreTransaction,
  row: CertificateRow,
  der: Uint8Array,
  word: JournalWord,
  now: UnixMs,
): Promise<Result<IssuedCertificate, Fault>> {
  const ca = livingCa(context, row.issuer);
  if (ca === undefined) return err(issuerEnded(row));
  if (row.der === null) {
    await tx.completeCertificate(row.serial, der);
    await journal(tx, [certificateEvent(word, [row.name, row.serial], der)], now);
  }
  const { serial, notBefore, notAfter } = row;
  return ok({ serial, notBefore, notAfter, chain: [row.der ?? der, ca.certificate.der] });
}
