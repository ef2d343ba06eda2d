import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  auditVerify,
  type AuditedHome,
  type AuditFinding,
  type AuditReport,
  type LedgerSource,
} from '../audit/index.ts';
import { nodeCrypto } from '../io/crypto/index.ts';
import { readFileCapped } from '../io/files/index.ts';
import { LedgerDirectory } from '../io/ledger/index.ts';
import { parseCheckpoint, parseNote } from '../ledger/index.ts';
import { equalBytes, fault, LsError } from '../std/index.ts';
import { makeTrustBundle, type TrustBundle } from '../trust/index.ts';
import { auditCaHome, caLedger, isCaHome, type AuditedCa } from './audit-ca.ts';
import { refuseAwaiting } from './ca/awaiting.ts';
import { caHome } from './ca/home.ts';
import { nodeHome } from './node-home.ts';
import { readCertificatesPem } from './pem-file.ts';

const MAX_CRL_FILE_BYTES = 64 * 1024 * 1024;
const MAX_ROSTER_FILE_BYTES = 4 * 1024 * 1024;
const ORIGIN = /^lifesign\/([^/]+)\/(?:[0-9a-f]{32}|ca)$/;

export interface AuditRequest {
  /** Homes of nodes or CAs, or directories that hold a ledger. */
  readonly homes: readonly string[];
  /** PEM file with the pinned root; default the root.pem that the homes agree on. */
  readonly root?: string;
}

/** The answer of `audit verify`, as `--json` prints it. */
export interface AuditJson extends Omit<AuditReport, 'homes'> {
  readonly homes: readonly AuditedHomeJson[];
}

export interface AuditedHomeJson extends Omit<AuditedHome, 'firstMs' | 'lastMs'> {
  /** RFC 3339 of the first and last entry. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
}

export type AuditFindingJson = AuditFinding;

/**
 * Audits the ledgers of these homes against each other. Nothing is written, and running nodes are not disturbed.
 * Throws LS_AUDIT_NO_ROOT, LS_AUDIT_ROOTS_DIFFER, LS_TRUST_BUNDLE, LS_FILE_* and LS_LEDGER_IO; what the logs say is
 * in the report.
 */
export async function auditHomes(request: AuditRequest): Promise<AuditJson> {
  const homes = request.homes.map((home) => resolve(home));
  for (const home of homes.filter(isCaHome)) await refuseAwaiting(caHome(home));
  const roots = request.root === undefined ? await rootsOf(homes) : await readCertificatesPem(request.root);
  const cas = homes.filter(isCaHome);
  const nodes = homes.filter((home) => !cas.includes(home));
  const sources = nodes.map((home) => new LedgerDirectory(ledgerOf(home), basename(home)));
  const domain = await trustDomainOf([...cas.map(caLedger), ...sources]);
  const bundle = makeTrustBundle(domain, roots, nodeCrypto);
  if (!bundle.ok) throw new LsError(bundle.error);
  const audited: AuditedCa[] = [];
  for (const [number, home] of cas.entries()) audited.push(await auditCaHome(home, number, bundle.value));
  const ofNodes =
    nodes.length === 0 ? [] : [await audit(sources, nodes, widest(bundle.value, audited), audited)];
  const report = together([...audited.map((ca) => ca.report), ...ofNodes]);
  return { ...report, homes: report.homes.map(homeJson) };
}

/** With the roots that came after those that are pinned, if the ledger of a CA shows that they were vouched for. */
function widest(pinned: TrustBundle, cas: readonly AuditedCa[]): TrustBundle {
  const bundles = [pinned, ...cas.map((ca) => ca.bundle)];
  return bundles.reduce((most, next) => (next.anchors.length > most.anchors.length ? next : most));
}

/** CAs first: what they signed is what the nodes are judged by. */
function together(reports: readonly AuditReport[]): AuditReport {
  const sum = (of: (report: AuditReport) => number): number =>
    reports.reduce((total, one) => total + of(one), 0);
  return {
    ok: reports.every(({ ok }) => ok),
    complete: reports.every(({ complete }) => complete),
    records: sum(({ records }) => records),
    signatures: sum(({ signatures }) => signatures),
    nodes: sum(({ nodes }) => nodes),
    faults: reports.flatMap(({ faults }) => faults),
    missing: reports.flatMap(({ missing }) => missing),
    unlisted: sum(({ unlisted }) => unlisted),
    homes: reports.flatMap(({ homes }) => homes),
  };
}

async function audit(
  sources: readonly LedgerSource[],
  homes: readonly string[],
  bundle: TrustBundle,
  cas: readonly AuditedCa[],
): Promise<AuditReport> {
  const crls = (await Promise.all(homes.map(crlsOf))).flat();
  const rosters = (await Promise.all(homes.map(rosterOf))).flat();
  const fromCas = { crls: cas.flatMap((ca) => ca.crls), rosters: cas.flatMap((ca) => ca.rosters) };
  return auditVerify(sources, {
    bundle,
    crypto: nodeCrypto,
    crls: [...crls, ...fromCas.crls],
    rosters: [...rosters, ...fromCas.rosters],
  });
}

function ledgerOf(home: string): string {
  return existsSync(join(home, 'segments')) ? home : nodeHome(home).ledger;
}

/** The roots in the homes' own root.pem: good for finding accidents; against the homes' owners, name one you trust. */
async function rootsOf(homes: readonly string[]): Promise<readonly Uint8Array[]> {
  const files = homes.map((home) => nodeHome(home).root).filter((file) => existsSync(file));
  const [first, ...others] = files;
  if (first === undefined) {
    throw new LsError(fault('LS_AUDIT_NO_ROOT', `no root.pem in ${homes.join(', ')}`));
  }
  let roots = await readCertificatesPem(first);
  for (const file of others) {
    const beside = await readCertificatesPem(file);
    const [shorter, longer] = beside.length > roots.length ? [roots, beside] : [beside, roots];
    if (!isStartOf(shorter, longer)) {
      throw new LsError(fault('LS_AUDIT_ROOTS_DIFFER', `${first} and ${file} hold different roots`));
    }
    roots = longer;
  }
  return roots;
}

/** A home that was away when a later root was pinned holds fewer. */
function isStartOf(shorter: readonly Uint8Array[], longer: readonly Uint8Array[]): boolean {
  return shorter.length > 0 && shorter.every((der, i) => equalBytes(der, longer[i] ?? new Uint8Array(0)));
}

/**
 * The trust domain that the first readable checkpoint names. Unverified, which does no harm: certificates must be of
 * this domain and lead to the pinned root.
 */
async function trustDomainOf(sources: readonly Pick<LedgerSource, 'checkpoint'>[]): Promise<string> {
  for (const source of sources) {
    const checkpoint = await source.checkpoint();
    const note = checkpoint === undefined ? undefined : parseNote(checkpoint.bytes);
    const head = note?.ok === true ? parseCheckpoint(note.value.text) : undefined;
    const domain = head?.ok === true ? ORIGIN.exec(head.value.origin)?.[1] : undefined;
    if (domain !== undefined) return domain;
  }
  return 'unknown.invalid';
}

/** A node that starts with CRLs and a roster from disk does not write them into its log again. */
async function crlsOf(home: string): Promise<readonly Uint8Array[]> {
  const { crlDir } = nodeHome(home);
  const names = existsSync(crlDir) ? await readdir(crlDir) : [];
  const files = names.filter((name) => name.endsWith('.crl'));
  return Promise.all(files.map((name) => readFileCapped(join(crlDir, name), MAX_CRL_FILE_BYTES)));
}

async function rosterOf(home: string): Promise<readonly Uint8Array[]> {
  const { roster } = nodeHome(home);
  return existsSync(roster) ? [await readFileCapped(roster, MAX_ROSTER_FILE_BYTES)] : [];
}

function homeJson({ firstMs, lastMs, ...home }: AuditedHome): AuditedHomeJson {
  return { ...home, firstAt: timeOf(firstMs), lastAt: timeOf(lastMs) };
}

/** Null also for a time that no calendar has. */
function timeOf(ms: number | null): string | null {
  if (ms === null || Number.isNaN(new Date(ms).getTime())) return null;
  return new Date(ms).toISOString();
}
