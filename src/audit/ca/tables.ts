import { equalBytes, unixMs, type UnixMs } from '../../std/index.ts';
import type { FaultCode } from '../../std/index.ts';
import type { Place } from '../report.ts';
import { hasEnded, type IssuerOfCa, type NewestCrl } from './issuer.ts';
import { compareRequests } from './requests.ts';
import type { CaTables, CertificateInStore, CrlInStore, CrlIssuerName, RevocationInStore } from './source.ts';
import type { CaState, IssuedByCa, NodeOfCa, RevokedByCa } from './state.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Everything in the store that the ledger speaks of, and nothing in it that the ledger does not. `whole`: the store's file. */
export async function compareTables(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  for (const page of pages(state)) {
    for (const row of await tables.certificates(page)) compareCertificate(state, row, whole);
  }
  for (const row of await tables.revocationsFrom(unixMs(0))) compareRevocation(state, row, whole);
  for (const [serial, { inStore, place, name }] of state.certificates) {
    if (!inStore)
      report(state, 'LS_AUDIT_CA_STORE_CERTIFICATE', place, name, `certificate ${serial}`, 'no such row');
  }
  for (const [serial, entry] of state.revocations) {
    if (!entry.inStore)
      report(
        state,
        'LS_AUDIT_CA_STORE_REVOCATION',
        entry.place,
        entry.name,
        say(entry),
        `${serial} is not revoked`,
      );
  }
  await compareNodes(state, tables, whole);
  for (const { tokenId, name } of await tables.tokens()) {
    if (state.tokens.get(tokenId) !== name)
      report(
        state,
        'LS_AUDIT_CA_STORE_TOKEN',
        whole,
        name,
        'an entry for each token',
        `${tokenId} without one`,
      );
  }
  await compareRequests(state, tables, whole);
  await compareRoots(state, tables, whole);
  await compareIssuers(state, tables, whole);
  await compareCrls(state, tables, whole);
  await compareRoster(state, tables, whole);
}

/** A day of expiry at a time, so that a page is what the CA issued in one. */
function* pages({ issuers }: CaState): Generator<{ notAfterFrom?: UnixMs; notAfterTo?: UnixMs }> {
  const notBefore = Math.min(...issuers.map(({ certificate }) => certificate.notBefore));
  const notAfter = Math.max(...issuers.map(({ certificate }) => certificate.notAfter));
  yield { notAfterTo: unixMs(notBefore - 1) };
  for (let from: number = notBefore; from <= notAfter; from += DAY_MS) {
    yield { notAfterFrom: unixMs(from), notAfterTo: unixMs(Math.min(from + DAY_MS - 1, notAfter)) };
  }
  yield { notAfterFrom: unixMs(notAfter + 1) };
}

function compareCertificate(state: CaState, row: CertificateInStore, whole: Place): void {
  const { serial, name, der } = row;
  const issued = state.certificates.get(serial);
  if (issued !== undefined) {
    issued.inStore = true;
    const found = differenceOf(state, row, issued);
    if (found !== undefined) {
      const expected = `certificate ${serial} of ${issued.name} as issued`;
      report(state, 'LS_AUDIT_CA_STORE_CERTIFICATE', issued.place, issued.name, expected, found);
    }
  } else if (der !== null) {
    report(
      state,
      'LS_AUDIT_CA_STORE_CERTIFICATE',
      whole,
      name,
      'an entry for each certificate',
      `${serial} without one`,
    );
  }
}

/** Also of certificates without a row: a restored CA takes over revocations of what was issued after its backup. */
function compareRevocation(state: CaState, row: RevocationInStore, whole: Place): void {
  const { serial, reason, revokedAt, crlNumber } = row;
  const entry = state.revocations.get(serial);
  if (entry === undefined) {
    const name = state.certificates.get(serial)?.name ?? 'CA';
    const expected = 'an entry for each revocation';
    report(state, 'LS_AUDIT_CA_STORE_REVOCATION', whole, name, expected, `${serial} without one`);
    return;
  }
  entry.inStore = true;
  if (reason === entry.reason && revokedAt === entry.revokedAt && crlNumber === entry.crlNumber) return;
  const found = say({ ...entry, reason, revokedAt, crlNumber });
  report(state, 'LS_AUDIT_CA_STORE_REVOCATION', entry.place, entry.name, say(entry), found);
}

function differenceOf(state: CaState, row: CertificateInStore, issued: IssuedByCa): string | undefined {
  if (row.der === null) return 'a certificate that was never signed';
  if (!equalBytes(state.crypto.sha256(row.der), issued.sha256)) return 'another certificate';
  if (row.name !== issued.name) return `of ${row.name}`;
  if (row.role !== issued.role) return `of a ${row.role}`;
  return row.nodeId === issued.nodeId ? undefined : `of node ${row.nodeId ?? 'none'}`;
}

async function compareNodes(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  const inStore = new Set<string>();
  for (const { nodeId, name, state: held } of await tables.rosterNodes(unixMs(0))) {
    inStore.add(nodeId);
    const node = state.nodes.get(nodeId);
    if (node === undefined) {
      report(state, 'LS_AUDIT_CA_STORE_NODE', whole, name, 'each identity in a roster', `${nodeId} in none`);
    } else if (node.name !== name || !isStateOf(node, held)) {
      const expected = `${node.name} is ${node.state}`;
      report(
        state,
        'LS_AUDIT_CA_STORE_NODE',
        placeOf(state, node.place),
        node.name,
        expected,
        `${name} is ${held}`,
      );
    }
  }
  for (const [nodeId, { place, name, state: said }] of state.nodes) {
    if (!inStore.has(nodeId))
      report(state, 'LS_AUDIT_CA_STORE_NODE', place, name, `${nodeId} is ${said}`, 'no such row');
  }
}

function isStateOf({ state }: NodeOfCa, held: string): boolean {
  return state === 'dropped' ? held === 'revoked' || held === 'removed' : held === state;
}

/** States are those of the newest roster. */
function placeOf(state: CaState, fallback: Place): Place {
  return state.roster?.place ?? fallback;
}

async function compareCrls(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  const compare = async (
    issuer: CrlIssuerName,
    held: CrlInStore | null,
    said: NewestCrl | undefined,
    generation: number,
  ) => {
    const expected = said === undefined ? 'none' : `${issuer} CRL ${String(said.number)}`;
    const place = said?.place ?? whole;
    const tell = (found: string) => report(state, 'LS_AUDIT_CA_STORE_CRL', place, 'CA', expected, found);
    if (held?.number !== said?.number) tell(held === null ? 'none' : `CRL ${String(held.number)}`);
    if (held === null || held.number !== said?.number) return;
    const der = await tables.crlBytes({ issuer, generation, number: held.number });
    const digests = [der === null ? new Uint8Array() : state.crypto.sha256(der)];
    if (held.generation === generation) digests.push(held.sha256);
    if (!digests.every((digest) => equalBytes(digest, said.sha256))) tell('another content');
  };
  const [newest, full] = [await tables.newestCrl(), await tables.newestFullCrl()];
  for (const { generation, newestCrl, newestFull } of inUse(state)) {
    await compare('issuing', newest, newestCrl, generation);
    await compare('issuing', full, newestFull, generation);
  }
  for (const { generation, newestCrl } of state.roots) {
    await compare('root', await tables.newestRootCrl(generation), newestCrl, generation);
  }
}

async function compareRoots(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  const rows = await tables.roots();
  const tell = (place: Place, expected: string, found: string) =>
    report(state, 'LS_AUDIT_CA_STORE_ISSUER', place, 'CA', expected, found);
  for (const { generation, place, certificate } of state.roots) {
    const row = rows.find((each) => each.generation === generation);
    if (row === undefined || !equalBytes(row.certificate, certificate.der))
      tell(place, `root ${String(generation)}`, 'another certificate or none');
  }
  const unsaid = rows.find(({ generation }) => generation > state.roots.length);
  if (unsaid !== undefined)
    tell(whole, 'an entry for each root', `root ${String(unsaid.generation)} without one`);
}

/** Those that sign CRLs; where all have ended, the last that was active. */
function inUse({ issuers, active }: CaState): readonly IssuerOfCa[] {
  const living = issuers.filter((each) => !hasEnded(each));
  return living.length > 0 ? living : [active];
}

async function compareIssuers(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  const rows = await tables.issuers();
  for (const { generation, place, certificate, state: said } of state.issuers) {
    const row = rows.find((each) => each.generation === generation);
    const isSame = row !== undefined && equalBytes(row.certificate, certificate.der);
    const found = isSame ? row.state : 'another certificate or none';
    if (found !== said)
      report(
        state,
        'LS_AUDIT_CA_STORE_ISSUER',
        place,
        'CA',
        `issuing CA ${String(generation)} is ${said}`,
        found,
      );
  }
  const unsaid = rows.find(({ generation }) => generation > state.issuers.length);
  if (unsaid !== undefined) {
    const found = `generation ${String(unsaid.generation)} without one`;
    report(state, 'LS_AUDIT_CA_STORE_ISSUER', whole, 'CA', 'an entry for each issuing CA', found);
  }
}

async function compareRoster(state: CaState, tables: CaTables, whole: Place): Promise<void> {
  const held = await tables.newestRoster();
  const said = state.roster;
  const expected = said === undefined ? 'none' : `roster ${String(said.number)}`;
  const tell = (found: string) =>
    report(state, 'LS_AUDIT_CA_STORE_ROSTER', said?.place ?? whole, 'CA', expected, found);
  if (held?.number !== said?.number) tell(held === null ? 'none' : `roster ${String(held.number)}`);
  if (held === null || said === undefined || held.number !== said.number) return;
  const record = await tables.rosterRecord(held.number);
  const isSame =
    record !== null &&
    state.rosterSha256 !== undefined &&
    equalBytes(state.crypto.sha256(record), state.rosterSha256);
  if (!isSame || !equalBytes(held.structureHash, said.structureHash)) tell('another content');
}

function say({
  serial,
  reason,
  revokedAt,
  crlNumber,
}: Pick<RevokedByCa, 'serial' | 'reason' | 'revokedAt' | 'crlNumber'>): string {
  return `${serial} revoked at ${String(revokedAt)} ms (${reason}), first in CRL ${String(crlNumber)}`;
}

function report(
  state: CaState,
  code: FaultCode,
  place: Place,
  node: string,
  expected: string,
  found: string,
): void {
  state.findings.add(code, place, { node, expected, found });
}
