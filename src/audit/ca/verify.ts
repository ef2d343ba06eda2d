import { err, fault, LsError, ok, unixMs, toHex } from '../../std/index.ts';
import type { CryptoPort, Fault, Result, UnixMs } from '../../std/index.ts';
import { caLogOrigin, decodeEntry, openCheckpoint, parseCheckpoint, parseNote } from '../../ledger/index.ts';
import { treeHasher, type Checkpoint, type LedgerEntry } from '../../ledger/index.ts';
import { judgePast, type TrustBundle } from '../../trust/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { LogTree, wholeLog } from '../log-tree.ts';
import { reasonFor } from '../record-check.ts';
import { Findings, type AuditReport, type Place } from '../report.ts';
import { checkCrl, endOfRound } from './crls.ts';
import { checkCaRoster, checkCaSuccessor, checkLogKey } from './records.ts';
import { RecentRosters } from './recent-rosters.ts';
import type { CaSource } from './source.ts';
import { freshRoot } from './root.ts';
import { rootAbove } from './roots.ts';
import { CaState } from './state.ts';
import { compareTables } from './tables.ts';
import { checkEvent } from './words.ts';

export interface CaAuditOptions {
  readonly bundle: TrustBundle;
  readonly crypto: CryptoPort;
  /** Which of the audited homes this is, from 0. */
  readonly home: number;
}

/** The verdict on one CA, and what its ledger gives to the audit of nodes. */
export interface CaAudit {
  readonly report: AuditReport;
  /** The newest rosters, oldest first. */
  readonly rosters: readonly Uint8Array[];
  /** The roots that were pinned, and those that the ledger shows that these have vouched for. */
  readonly bundle: TrustBundle;
}

/**
 * Verifies the ledger of a CA with nothing but the pinned root: the signed checkpoint, tree and tiles; every
 * certificate, CRL, roster and statement in it; that each follows from what was said before. From that it derives which
 * certificates there are, which are revoked, and what CRLs and rosters must say, and compares all of it with the store.
 *
 * Reads the rows once, in batches. Never throws for what they say; what the source can't read rejects with its own error.
 */
export async function auditCa(source: CaSource, options: CaAuditOptions): Promise<CaAudit> {
  const audit = new CaLedgerAudit(source, options);
  await audit.run();
  return audit.result();
}

class CaLedgerAudit {
  readonly #source: CaSource;
  readonly #options: CaAuditOptions;
  readonly #findings = new Findings();
  readonly #tree: LogTree;
  readonly #claimed: Checkpoint | undefined;
  readonly #rosters = new RecentRosters();
  #state: CaState | undefined;
  #records = 0;
  #signatures = 0;
  #firstMs: UnixMs | null = null;
  #lastMs: UnixMs | null = null;

  constructor(source: CaSource, options: CaAuditOptions) {
    this.#source = source;
    this.#options = options;
    this.#tree = new LogTree(source, this.#findings, treeHasher(options.crypto));
    const note = source.checkpoint === undefined ? undefined : parseNote(source.checkpoint.bytes);
    const claimed = note?.ok === true ? parseCheckpoint(note.value.text) : undefined;
    this.#claimed = claimed?.ok === true ? claimed.value : undefined;
  }

  async run(): Promise<void> {
    try {
      this.#state = await this.#openState();
      for await (const rows of this.#source.rows()) {
        for (const row of rows) await this.#row(row.index, row.body);
      }
      this.#finishLog();
      if (this.#state !== undefined) await this.#finishState(this.#state);
    } catch (cause) {
      if (!(cause instanceof LsError) || cause.code !== 'LS_AUDIT_LIMIT') throw cause;
      this.#findings.add('LS_AUDIT_LIMIT', this.#whole(), { node: 'CA', found: cause.fault.detail });
    }
  }

  result(): CaAudit {
    const { faults, missing, unlisted } = this.#findings;
    const complete = missing.length === 0;
    const signatures = this.#signatures + (this.#state?.signatures ?? 0);
    const records = this.#records;
    const home = {
      home: this.#source.name,
      node: 'CA',
      nodeId: null,
      records,
      signatures,
      ...this.#derived(),
    };
    const ok = faults.length === 0 && complete;
    const report = { ok, complete, records, signatures, nodes: 0, faults, missing, unlisted, homes: [home] };
    const { bundle } = this.#state ?? this.#options;
    return { report, rosters: this.#rosters.all, bundle };
  }

  #derived() {
    const root = this.#tree.root();
    const state = this.#state;
    return {
      size: this.#tree.size,
      root: root === undefined ? null : toHex(root),
      firstMs: this.#firstMs,
      lastMs: this.#lastMs,
      ca: {
        certificates: state?.certificates.size ?? 0,
        revoked: state?.revocations.size ?? 0,
        crlNumber: state?.crlRound?.number ?? 0,
        rosterNumber: state?.roster?.number ?? 0,
      },
    };
  }

  /** Undefined, with a finding, when the issuing CA does not lead to the root: then nothing that it signed counts. */
  async #openState(): Promise<CaState | undefined> {
    const { bundle, crypto } = this.#options;
    const genesis = await this.#source.tables.genesis();
    const der = genesis?.issuing ?? new Uint8Array();
    const parsed = parseCertificate(der);
    const at = parsed.ok ? parsed.value.notBefore : unixMs(0);
    const judged = judgePast(bundle, [der], 'issuer', at, crypto);
    if (!judged.ok) {
      const found = genesis === null ? 'an empty store' : reasonFor(judged.error);
      this.#findings.add('LS_AUDIT_CA_ISSUER', this.#whole(), { node: 'CA', found });
      return undefined;
    }
    const { certificate, key } = judged.value;
    const above = rootAbove(bundle, certificate);
    if (above === undefined) throw new RangeError('the pinned root of a path that holds');
    const root = freshRoot(1, this.#whole(), above);
    const fresh = { newestCrl: undefined, newestFull: undefined };
    const issuer = {
      generation: 1,
      place: this.#whole(),
      certificate,
      key,
      state: 'active',
      ...fresh,
    } as const;
    return new CaState({ bundle, crypto, findings: this.#findings, issuer: { ...issuer }, root });
  }

  async #row(index: number, body: Uint8Array): Promise<void> {
    const place = this.#at(index);
    if (index !== this.#records) {
      const expected = `entry ${String(this.#records)}`;
      this.#findings.add('LS_AUDIT_CA_INDEX', place, {
        node: 'CA',
        expected,
        found: `entry ${String(index)}`,
      });
      this.#records = index;
    }
    this.#records += 1;
    await this.#tree.append(body, place);
    const entry = decodeEntry(body);
    if (!entry.ok) {
      this.#findings.add('LS_AUDIT_ENTRY', place, { node: 'CA', found: reasonFor(entry.error) });
    } else {
      this.#firstMs ??= entry.value.tMs;
      this.#lastMs = entry.value.tMs;
      if (this.#state !== undefined) this.#entry(this.#state, place, entry.value.entry, entry.value.tMs);
    }
    this.#claim();
  }

  #entry(state: CaState, place: Place, entry: LedgerEntry, at: UnixMs): void {
    switch (entry.type) {
      case 'certificate-event':
        checkEvent(state, place, entry.event, entry.der, at);
        return;
      case 'crl':
        checkCrl(state, place, entry.der);
        return;
      case 'roster':
        checkCaRoster(state, place, entry.record);
        this.#rosters.add(entry.record);
        return;
      case 'successor':
        checkCaSuccessor(state, place, entry.record);
        return;
      case 'log-key':
        checkLogKey(state, place, entry.record);
        return;
      default:
        this.#findings.add('LS_AUDIT_CA_ENTRY', place, { node: 'CA', found: entry.type });
    }
  }

  /** The checkpoint is held against the entries at its size, and opened with the key that was bound by then. */
  #claim(): void {
    const { checkpoint } = this.#source;
    const claimed = this.#claimed;
    if (claimed === undefined || checkpoint === undefined || this.#tree.size !== claimed.size) return;
    const opened = this.#open();
    if (opened?.ok !== true) return;
    const place = this.#checkpointPlace(checkpoint.file);
    this.#tree.claim({ ...claimed, place, node: 'CA', epoch: null, seq: null }, 'LS_AUDIT_ROOT');
    this.#opened = opened;
  }

  #opened: Result<Checkpoint, Fault> | undefined;

  #open(): Result<Checkpoint, Fault> | undefined {
    const { bundle, crypto } = this.#options;
    const { checkpoint } = this.#source;
    const key = this.#state?.logKey;
    if (this.#claimed === undefined) return err(fault('LS_LEDGER_CHECKPOINT', 'it is no checkpoint note'));
    if (key === undefined || checkpoint === undefined) return undefined;
    const opened = openCheckpoint(checkpoint.bytes, caLogOrigin(bundle.trustDomain), key, crypto);
    return opened.ok ? ok(opened.value) : opened;
  }

  #finishLog(): void {
    const { checkpoint } = this.#source;
    if (checkpoint === undefined) {
      this.#findings.add('LS_AUDIT_NO_CHECKPOINT', this.#whole(), { node: 'CA' });
      return;
    }
    const place = this.#checkpointPlace(checkpoint.file);
    const opened = this.#opened ?? this.#open();
    if (opened === undefined) {
      this.#findings.add('LS_AUDIT_NO_LOG_KEY', place, { node: 'CA' });
      return;
    }
    if (!opened.ok) {
      const expected = 'signed by the log key that the ledger binds';
      this.#findings.add('LS_AUDIT_CHECKPOINT', place, {
        node: 'CA',
        expected,
        found: reasonFor(opened.error),
      });
      return;
    }
    this.#signatures += 1;
    const { size } = opened.value;
    if (size <= this.#tree.size) return;
    const expected = `${String(size)} entries, as the checkpoint says`;
    const found = `${String(this.#tree.size)} entries`;
    this.#findings.add('LS_AUDIT_TRUNCATED', this.#at(this.#tree.size), { node: 'CA', expected, found });
  }

  async #finishState(state: CaState): Promise<void> {
    endOfRound(state);
    for (const { place, name, serial } of state.pending) {
      const expected = `a CRL after it that lists ${serial}`;
      this.#findings.add('LS_AUDIT_CA_CRL_CONTENT', place, { node: name, expected, found: 'none' });
    }
    await compareTables(state, this.#source.tables, this.#whole());
  }

  #at(index: number): Place {
    return { home: this.#options.home, file: this.#source.place, offset: null, index };
  }

  #whole(): Place {
    return wholeLog(this.#source, this.#options.home);
  }

  #checkpointPlace(file: string): Place {
    return { home: this.#options.home, file, offset: null, index: null };
  }
}
