import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { auditCa, type CaAudit, type CaSource } from '../audit/index.ts';
import { ledgerBatches } from '../authority/index.ts';
import { nodeCrypto } from '../io/crypto/index.ts';
import { LedgerDirectory } from '../io/ledger/index.ts';
import { LsError, ok } from '../std/index.ts';
import type { TrustBundle } from '../trust/index.ts';
import { readCaConfig } from './ca/config.ts';
import { caHome } from './ca/home.ts';
import { openCaStoreReadOnly, storePlace } from './ca/store.ts';

/** Whether this is the home of a CA. */
export function isCaHome(home: string): boolean {
  return existsSync(caHome(home).config);
}

/** What one CA home says: the verdict on it, and what it adds to the audit of nodes. */
export interface AuditedCa extends CaAudit {
  /** DER; the newest of each kind. */
  readonly crls: readonly Uint8Array[];
}

/** The ledger of a CA home as an auditor reads it. */
export function caLedger(home: string): LedgerDirectory {
  return new LedgerDirectory(caHome(home).ledger, basename(home));
}

/**
 * Audits a CA's home, of one moment, while a server may go on with it. `number`: which of the audited homes it is.
 * Throws LS_CA_STORE_*, LS_LEDGER_IO.
 */
export async function auditCaHome(home: string, number: number, bundle: TrustBundle): Promise<AuditedCa> {
  const paths = caHome(home);
  const ledger = caLedger(home);
  const checkpoint = await ledger.checkpoint();
  const { store: choice } = await readCaConfig(home);
  const store = await openCaStoreReadOnly(paths, choice);
  const place = await storePlace(paths, choice);
  try {
    const audited = await store.read(async (tx) => {
      const source: CaSource = {
        name: ledger.name,
        place,
        checkpoint,
        tile: (level, index) => ledger.tile(level, index),
        rows: () => ledgerBatches((from, limit) => tx.ledger(from, limit), 0),
        tables: tx,
      };
      const audit = await auditCa(source, { bundle, crypto: nodeCrypto, home: number });
      const [newest, full] = [await tx.newestCrl(), await tx.newestFullCrl()];
      const crls: Uint8Array[] = [];
      for (const { generation } of await tx.issuers()) {
        for (const head of newest?.number === full?.number ? [full] : [full, newest]) {
          const der = head === null ? null : await tx.crlBytes({ ...head, generation });
          if (der !== null) crls.push(der);
        }
      }
      return ok({ ...audit, crls });
    });
    if (audited.ok) return audited.value;
    throw new LsError(audited.error);
  } finally {
    await store.close();
  }
}
