import {
  decodeEntry,
  decodeLogKey,
  peekEntryType,
  signLogKey,
  verifyLogKey,
  type LedgerEntry,
} from '../ledger/index.ts';
import { equalBytes, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commitAlways, type AuthorityContext } from './context.ts';
import { journal } from './journal.ts';
import { ledgerBatches } from './ledger-rows.ts';
import type { LedgerRow } from './rows.ts';

/** The entry that says with which key the checkpoints of this CA's ledger are signed. */
export function logKeyEntry(context: AuthorityContext, logKey: Uint8Array, now: UnixMs): LedgerEntry {
  const { keys, crypto } = context.deps;
  const body = { certId: context.issuingCertId, logKey, tMs: now, ext: new Map() };
  const { bytes } = signLogKey(body, keys.issuing, context.trust.domainId, crypto);
  return { type: 'log-key', record: bytes };
}

/** Writes the binding unless the ledger has it; answers the index of its row. */
export async function bindLogKey(
  context: AuthorityContext,
  logKey: Uint8Array,
  now: UnixMs,
): Promise<Result<number, Fault>> {
  const found = await findBinding(context, logKey);
  if (!found.ok || found.value !== null) return found.ok ? ok(found.value ?? 0) : found;
  return commitAlways(context, async (tx) => {
    const index = await tx.ledgerSize();
    await journal(tx, [logKeyEntry(context, logKey, now)], now);
    return ok({ answer: index });
  });
}

/** A CA made with its log key has the binding in row 0; only one that got it later is searched any further. */
async function findBinding(
  context: AuthorityContext,
  logKey: Uint8Array,
): Promise<Result<number | null, Fault>> {
  const { store } = context.deps;
  let failure: Fault | undefined;
  const read = async (from: number, limit: number): Promise<readonly LedgerRow[]> => {
    const rows = await store.read(async (tx) => ok(await tx.ledger(from, limit)));
    if (rows.ok) return rows.value;
    failure = rows.error;
    return [];
  };
  for await (const rows of ledgerBatches(read, 0)) {
    const row = rows.find(({ body }) => isBinding(context, body, logKey));
    if (row !== undefined) return ok(row.index);
  }
  return failure === undefined ? ok(null) : { ok: false, error: failure };
}

function isBinding(
  { deps: { crypto }, trust, issuing, issuingCertId }: AuthorityContext,
  body: Uint8Array,
  logKey: Uint8Array,
): boolean {
  if (peekEntryType(body) !== 'log-key') return false;
  const entry = decodeEntry(body);
  if (!entry.ok || entry.value.entry.type !== 'log-key') return false;
  const record = decodeLogKey(entry.value.entry.record);
  if (!record.ok || issuing.keyAlgorithm === null) return false;
  const issuer = { certId: issuingCertId, algorithm: issuing.keyAlgorithm, spki: issuing.spki };
  const verified = verifyLogKey(crypto, trust.domainId, record.value, issuer);
  return verified.ok && equalBytes(verified.value.body.logKey, logKey);
}
