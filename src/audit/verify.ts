import { equalBytes, err, fault, fromHex, nodeIdOf, toHex } from '../std/index.ts';
import type { CryptoPort, Fault, NodeId, Result } from '../std/index.ts';
import { decodeEpochStart, decodeKeyChange } from '../heartbeat/index.ts';
import {
  decodeEntry,
  FRAME_HEADER_BYTES,
  logOrigin,
  openCheckpoint,
  parseCheckpoint,
  parseNote,
  peekEntryType,
  type Checkpoint,
  type LedgerEntry,
} from '../ledger/index.ts';
import type { TrustBundle } from '../trust/index.ts';
import { learnRoster } from './cluster-check.ts';
import { EntryCheck } from './entry-check.ts';
import { Evidence } from './evidence.ts';
import { guessRecord } from './guess.ts';
import { HomeState } from './home-state.ts';
import { inTimeOrder, LogCursor, type LogItem } from './log-cursor.ts';
import { wholeLog } from './log-tree.ts';
import { reasonFor } from './record-check.ts';
import type { AuditReport, Place } from './report.ts';
import type { LedgerSource, SourceFile } from './source.ts';

export interface AuditOptions {
  readonly bundle: TrustBundle;
  readonly crypto: CryptoPort;
  /** CRLs (DER) from outside the logs: the CA signed them, so where they come from does not matter. */
  readonly crls?: readonly Uint8Array[];
  /** Rosters (records) from outside the logs. */
  readonly rosters?: readonly Uint8Array[];
}

/**
 * Verifies logs of one trust domain, each by itself and all against each other, with nothing but the pinned roots:
 * frames, Merkle trees and their signed checkpoints, every certificate chain at its time, every signature, every
 * node's order of records, and what the logs say of one another.
 *
 * Reads each log three times, one segment in memory at a time, and verifies every signature once. It never throws
 * for what it reads; what the source can't read rejects with the source's own error.
 */
export async function auditVerify(
  sources: readonly LedgerSource[],
  options: AuditOptions,
): Promise<AuditReport> {
  const evidence = new Evidence(options.bundle, options.crypto);
  const homes = await openHomes(sources, evidence);
  await learn(sources, ['epoch-start', 'key-change'], (entry) => {
    learnChain(evidence, entry);
  });
  for (const der of options.crls ?? []) evidence.revocations.take(der);
  await learn(sources, ['crl', 'roster'], (entry) => {
    if (entry.type === 'crl') evidence.revocations.take(entry.der);
    if (entry.type === 'roster') learnRoster(evidence, entry.record);
  });
  for (const record of options.rosters ?? []) learnRoster(evidence, record);
  await verifyEntries(homes, evidence);
  for (const home of homes) {
    home.finish();
    checkCheckpoint(home, evidence);
  }
  checkCoverage(homes, evidence);
  return reportOf(homes, evidence);
}

async function openHomes(
  sources: readonly LedgerSource[],
  evidence: Evidence,
): Promise<readonly HomeState[]> {
  const homes: HomeState[] = [];
  for (const [number, source] of sources.entries()) {
    const checkpoint = await source.checkpoint();
    const note = checkpoint === undefined ? undefined : parseNote(checkpoint.bytes);
    const claimed = note?.ok === true ? parseCheckpoint(note.value.text) : undefined;
    const claim = claimed?.ok === true ? claimed.value : undefined;
    const home = new HomeState(number, source, evidence, checkpoint, claim);
    home.owner = ownerIn(claim?.origin, evidence.bundle.trustDomain);
    homes.push(home);
  }
  return homes;
}

function ownerIn(origin: string | undefined, trustDomain: string): NodeId | undefined {
  const nodeId = nodeIdOf(fromHex(origin?.split('/').at(-1) ?? '') ?? new Uint8Array(0));
  return nodeId !== undefined && origin === logOrigin(trustDomain, nodeId) ? nodeId : undefined;
}

/** A pass over the entries of a few types, before the verdicts: what one log brings along counts for all. */
async function learn(
  sources: readonly LedgerSource[],
  types: readonly LedgerEntry['type'][],
  take: (entry: LedgerEntry) => void,
): Promise<void> {
  for (const source of sources) {
    for await (const { scan } of source.segments()) {
      for (const { body } of scan.frames) {
        const type = peekEntryType(body);
        if (type === undefined || !types.includes(type)) continue;
        const decoded = decodeEntry(body);
        if (decoded.ok) take(decoded.value.entry);
      }
    }
  }
}

function learnChain({ certificates }: Evidence, entry: LedgerEntry): void {
  if (entry.type !== 'epoch-start' && entry.type !== 'key-change') return;
  const record =
    entry.type === 'epoch-start' ? decodeEpochStart(entry.record) : decodeKeyChange(entry.record);
  if (record.ok) certificates.judge(record.value.body.chain, record.value.body.tMs);
}

async function verifyEntries(homes: readonly HomeState[], evidence: Evidence): Promise<void> {
  const owners = new Map(
    homes.flatMap((home) => (home.owner === undefined ? [] : [[home.owner, home] as const])),
  );
  const check = new EntryCheck(evidence, owners);
  const cursors = homes.map((home) => new LogCursor(home.home, home.source));
  for await (const item of inTimeOrder(cursors)) {
    const home = homes[item.place.home];
    if (home === undefined) continue;
    if (item.kind === 'break') takeBreak(home, item, evidence);
    else await takeEntry(home, item, check, evidence);
  }
}

async function takeEntry(
  home: HomeState,
  { place, body, entry }: Extract<LogItem, { kind: 'entry' }>,
  check: EntryCheck,
  evidence: Evidence,
): Promise<void> {
  home.records += 1;
  await home.tree.append(body, place);
  home.end = {
    ...place,
    offset: (place.offset ?? 0) + FRAME_HEADER_BYTES + body.length,
    index: home.tree.size,
  };
  if (!entry.ok) {
    evidence.findings.add('LS_AUDIT_ENTRY', place, { node: home.ownerName, found: reasonFor(entry.error) });
    return;
  }
  const { tMs } = entry.value;
  home.firstMs ??= tMs;
  home.lastMs = tMs;
  check.check(home, place, entry.value.entry, tMs);
  claimCheckpoint(home, evidence);
}

/** A break is a crash's work only at the end of the newest segment, and only beyond what the checkpoint covers. */
function takeBreak(home: HomeState, item: Extract<LogItem, { kind: 'break' }>, evidence: Evidence): void {
  const { place, fault, torn, remains } = item;
  const covered = home.claimed !== undefined && home.claimed.size > place.index;
  const { node, epoch, seq } = guessRecord(remains, home, evidence);
  const code = torn && !covered ? 'LS_AUDIT_TORN_TAIL' : fault.code;
  const expected = covered
    ? `an intact entry: the checkpoint covers ${String(home.claimed.size)}`
    : 'an intact entry';
  evidence.findings.add(code, place, { node, epoch, seq, expected, found: fault.detail });
  if (code === 'LS_AUDIT_TORN_TAIL') return;
  home.tree.breakOff();
  home.own.forgive();
  home.peers.lostEntries();
}

/** The root is compared the moment the log is as long as its checkpoint says. */
function claimCheckpoint(home: HomeState, evidence: Evidence): void {
  const { claimed, tree, checkpoint } = home;
  if (claimed === undefined || checkpoint === undefined || tree.size !== claimed.size) return;
  if (openOwn(home, evidence)?.ok !== true) return;
  const place = placeOfCheckpoint(home, checkpoint);
  tree.claim(
    { ...claimed, place, node: home.ownerName ?? claimed.origin, epoch: null, seq: null },
    'LS_AUDIT_ROOT',
  );
}

/** Whose checkpoint it is, and that the log is as long as it says. */
function checkCheckpoint(home: HomeState, evidence: Evidence): void {
  const { findings, hasher } = evidence;
  const { checkpoint, source, tree } = home;
  const node = home.ownerName;
  if (checkpoint === undefined) {
    const code = home.records === 0 ? 'LS_AUDIT_NO_LOG' : 'LS_AUDIT_NO_CHECKPOINT';
    findings.add(code, wholeLog(source, home.home), { node });
    return;
  }
  const place = placeOfCheckpoint(home, checkpoint);
  const opened = openOwn(home, evidence);
  if (opened === undefined) {
    findings.add('LS_AUDIT_NO_LOG_KEY', place, { node });
    return;
  }
  if (!opened.ok) {
    const expected = `signed by the log key of ${node ?? 'a node of this trust domain'}`;
    findings.add('LS_AUDIT_CHECKPOINT', place, { node, expected, found: reasonFor(opened.error) });
    return;
  }
  home.signatures += 1;
  const { size, root } = opened.value;
  if (size === 0 && !equalBytes(root, hasher.empty())) {
    findings.add('LS_AUDIT_ROOT', place, { node, expected: toHex(hasher.empty()), found: toHex(root) });
  }
  if (tree.root() === undefined || size <= tree.size) return;
  const expected = `${String(size)} entries, as the checkpoint says`;
  findings.add('LS_AUDIT_TRUNCATED', home.end, { node, expected, found: `${String(tree.size)} entries` });
}

/** The checkpoint opened with the log key that the owner's epoch-start binds; undefined while there is none. */
function openOwn(home: HomeState, evidence: Evidence): Result<Checkpoint, Fault> | undefined {
  const { bundle, crypto, logKeys } = evidence;
  const { checkpoint, owner } = home;
  if (checkpoint === undefined) return undefined;
  if (home.claimed === undefined) return err(fault('LS_LEDGER_CHECKPOINT', 'it is no checkpoint note'));
  const { origin } = home.claimed;
  if (ownerIn(origin, bundle.trustDomain) === undefined) {
    return err(fault('LS_LEDGER_CHECKPOINT', `its origin ${origin} is no log of ${bundle.trustDomain}`));
  }
  const key = owner === undefined ? undefined : logKeys.get(owner);
  if (owner === undefined || key === undefined) return undefined;
  return openCheckpoint(checkpoint.bytes, logOrigin(bundle.trustDomain, owner), key, crypto);
}

function placeOfCheckpoint(home: HomeState, { file }: SourceFile): Place {
  return { home: home.home, file, offset: null, index: null };
}

/** Revocations can't be ruled out for certificates of a CA of which there is no CRL at all. */
function checkCoverage(homes: readonly HomeState[], { certificates, revocations, findings }: Evidence): void {
  const [home] = homes;
  if (home === undefined) return;
  for (const certificate of certificates.nodes) {
    if (revocations.covers(certificate)) continue;
    const found = `no CRL of the issuer of certificate ${certificate.certificate.serialHex}`;
    findings.add('LS_AUDIT_NO_CRL', wholeLog(home.source, home.home), { node: certificate.name, found });
    return;
  }
}

function reportOf(homes: readonly HomeState[], { findings, history }: Evidence): AuditReport {
  const { faults, missing, unlisted } = findings;
  const complete = missing.length === 0;
  return {
    ok: faults.length === 0 && complete,
    complete,
    records: homes.reduce((sum, home) => sum + home.records, 0),
    signatures: homes.reduce((sum, home) => sum + home.signatures, 0),
    nodes: history.nodes,
    faults,
    missing,
    unlisted,
    homes: homes.map((home) => home.summary()),
  };
}
