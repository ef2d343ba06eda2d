import {
  decodeEntry,
  decodeLogKey,
  peekEntryType,
  signLogKey,
  verifyLogKey,
  type LedgerEntry,
} from '../ledger/index.ts';
import { equalBytes, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commitAlways } from './context.ts';
import { hasEnded, type IssuingCa } from './issuing-ca.ts';
import { journal } from './journal.ts';
import { ledgerBatches } from './ledger-rows.ts';
import type { LedgerRow } from './rows.ts';
import { standingIn, type AuthorityBase, type AuthorityContext } from './standing.ts';

/** The entry that says with which key the checkpoints of this CA's ledger are signed. */
export function logKeyEntry(context: AuthorityContext, logKey: Uint8Array, now: UnixMs): LedgerEntry {
  const { issuing, trust, deps } = context;
  const body = { certId: issuing.certId, logKey, tMs: now, ext: new Map() };
  const { bytes } = signLogKey(body, issuing.signer, trust.domainId, deps.crypto);
  return { type: 'log-key', record: bytes };
}

/**
 * Writes the binding by the active issuing CA unless the ledger has one by an issuing CA that was not revoked; answers the index of its row. */
export async function bindLogKey(
  base: AuthorityBase,
  logKey: Uint8Array,
  now: UnixMs,
): Promise<Result<number, Fault>> {
  const found = await findBinding(base, logKey);
  if (!found.ok || found.value !== null) return found.ok ? ok(found.value ?? 0) : found;
  return commitAlways(base, async (tx, context) => {
    const index = await tx.ledgerSize();
    await journal(tx, [logKeyEntry(context, logKey, now)], now);
    return ok({ answer: index });
  });
}

/** A CA made with its log key has the binding in row 0; only one that got it later is searched any further. */
async function findBinding(base: AuthorityBase, logKey: Uint8Array): Promise<Result<number | null, Fault>> {
  const { store } = base.deps;
  const standing = await store.read(async (tx) => ok(await standingIn(base, tx)));
  if (!standing.ok) return standing;
  const { cas, issuing } = standing.value;
  // Where the root has revoked the active one there is none that could bind it anew.
  const isOver = hasEnded(issuing.row);
  const trusted = isOver ? cas : cas.filter(({ row }) => row.state !== 'revoked');
  let failure: Fault | undefined;
  const read = async (from: number, limit: number): Promise<readonly LedgerRow[]> => {
    const rows = await store.read(async (tx) => ok(await tx.ledger(from, limit)));
    if (rows.ok) return rows.value;
    failure = rows.error;
    return [];
  };
  for await (const rows of ledgerBatches(read, 0)) {
    const row = rows.find(({ body }) => isBinding(base, trusted, body, logKey));
    if (row !== undefined) return ok(row.index);
  }
  return failure === undefined ? ok(null) : { ok: false, error: failure };
}

function isBinding(
  { deps: { crypto }, trust }: AuthorityBase,
  trusted: readonly IssuingCa[],
  body: Uint8Array,
  logKey: Uint8Array,
): boolean {
  if (peekEntryType(body) !== 'log-key') return false;
  const entry = decodeEntry(body);
  if (!entry.ok || entry.value.entry.type !== 'log-key') return false;
  const record = decodeLogKey(entry.value.entry.record);
  if (!record.ok) return false;
  return trusted.some(({ certId, certificate: { keyAlgorithm: algorithm, spki } }) => {
    if (algorithm === null) return false;
    const verified = verifyLogKey(crypto, trust.domainId, record.value, { certId, algorithm, spki });
    return verified.ok && equalBytes(verified.value.body.logKey, logKey);
  });
}
