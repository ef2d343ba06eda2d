import { equalBytes, parseSerialNumber, unixMs, type UnixMs } from '../../std/index.ts';
import { entryRetainedUntil, judgePastCrl, type PastCrl } from '../../trust/index.ts';
import { parseCrl } from '../../x509/index.ts';
import { reasonFor } from '../record-check.ts';
import type { Place } from '../report.ts';
import { hasEnded, type IssuerOfCa, type NewestCrl } from './issuer.ts';
import { issuerNamed } from './issuers.ts';
import { rootNamed } from './roots.ts';
import type { CaState, RevokedByCa } from './state.ts';

/** A CRL that the CA says it published: its signature, its number, and that it lists exactly what the entries revoke. */
export function checkCrl(state: CaState, place: Place, der: Uint8Array): void {
  const issuer = issuerOfCrl(state, der);
  const chain = issuer === undefined ? [] : [issuer.certificate.der];
  const judged = judgePastCrl(der, chain, state.bundle, state.crypto);
  if (!judged.ok) {
    state.findings.add('LS_AUDIT_CRL', place, { node: 'CA', found: reasonFor(judged.error) });
    return;
  }
  state.signatures += 1;
  const { list, crlNumber: number } = judged.value;
  const newest = { number, sha256: state.crypto.sha256(der), thisUpdate: unixMs(list.thisUpdate), place };
  if (issuer !== undefined) checkIssuingCrl(state, judged.value, issuer, newest);
  else checkRootCrl(state, judged.value, newest);
}

function issuerOfCrl(state: CaState, der: Uint8Array): IssuerOfCa | undefined {
  const list = parseCrl(der);
  return list.ok ? issuerNamed(state, list.value.issuer) : undefined;
}

/** The entry before says which CAs the root revokes, or how many where it is elsewhere. No revocation is ever taken back. */
function checkRootCrl(state: CaState, { list, crlNumber }: PastCrl, newest: NewestCrl): void {
  const root = rootNamed(state, list.issuer);
  if (root === undefined) {
    const { place } = newest;
    const expected = 'CRLs of roots that entries name';
    state.findings.add('LS_AUDIT_CA_ORDER', place, { node: 'CA', expected, found: 'that of another root' });
    return;
  }
  goesUp(state, root.newestCrl, newest);
  root.newestCrl = newest;
  const said = state.rootCrlSaid;
  state.rootCrlSaid = undefined;
  const listed = new Set<string>();
  for (const { serialHex } of list.entries) listed.add(serialHex);
  const gone = [...root.revoked].find((serial) => !listed.has(serial));
  const report = (expected: string, found: string): void =>
    state.findings.add('LS_AUDIT_CA_CRL_CONTENT', newest.place, { node: 'CA', expected, found });
  if (gone !== undefined) report(`CA ${gone} revoked, as before`, 'not listed');
  const due = [...root.revokesNext].find((serial) => !listed.has(serial));
  if (due !== undefined) report(`CA ${due} revoked`, 'not listed');
  const known = new Set([...root.revoked, ...root.revokesNext]).size;
  const entries = said?.number === crlNumber ? said.entries : known;
  if (listed.size !== entries) report(`${String(entries)} entries`, `${String(listed.size)} entries`);
  root.revoked = listed;
  root.revokesNext.clear();
  for (const each of state.issuers) {
    const { issuer, serialHex } = each.certificate;
    if (equalBytes(issuer, list.issuer) && listed.has(serialHex)) each.state = 'revoked';
  }
}

function checkIssuingCrl(state: CaState, crl: PastCrl, issuer: IssuerOfCa, newest: NewestCrl): void {
  const { number, place } = newest;
  const { generation } = issuer;
  if (hasEnded(issuer)) {
    const expected = 'CRLs of issuing CAs in use';
    const found = `of generation ${String(generation)}, which is ${issuer.state}`;
    state.findings.add('LS_AUDIT_CA_ORDER', place, { node: 'CA', expected, found });
  }
  goesUp(state, issuer.newestCrl, newest);
  countRound(state, issuer, newest);
  dropUnlisted(state, number);
  const base = crl.list.extensions.deltaCrlIndicator?.value;
  const isOwn = (entry: RevokedByCa): boolean => entry.generation === generation;
  const fresh = state.pending.filter(isOwn);
  for (const entry of fresh) entry.crlNumber = number;
  state.pending = state.pending.filter((entry) => !isOwn(entry));
  if (base === undefined) {
    compare(state, crl, place, expectedInFull(state, issuer));
    state.sinceFull = state.sinceFull.filter((entry) => !isOwn(entry));
    for (const [serial, of] of state.releasedSinceFull)
      if (of === generation) state.releasedSinceFull.delete(serial);
    issuer.newestFull = newest;
  } else {
    state.sinceFull.push(...fresh);
    const full = issuer.newestFull?.number;
    if (base !== full) {
      const expected = full === undefined ? 'a full CRL first' : `base ${String(full)}`;
      state.findings.add('LS_AUDIT_CA_CRL_NUMBER', place, {
        node: 'CA',
        expected,
        found: `base ${String(base)}`,
      });
    }
    compare(state, crl, place, state.sinceFull.filter(isOwn));
  }
  issuer.newestCrl = newest;
}

/** What an issuing CA that has ended had issued is revoked in no CRL: a number of the others says since when. */
function dropUnlisted(state: CaState, number: number): void {
  const isUnlisted = ({ generation }: RevokedByCa): boolean =>
    state.issuers.some((issuer) => issuer.generation === generation && hasEnded(issuer));
  for (const entry of state.pending) if (isUnlisted(entry)) entry.crlNumber = number;
  state.pending = state.pending.filter((entry) => !isUnlisted(entry));
}

/** One number is for all issuing CAs, and each that is in use has a CRL of it. */
function countRound(
  state: CaState,
  { generation, newestCrl }: IssuerOfCa,
  { number, place }: NewestCrl,
): void {
  // Told already.
  if (newestCrl !== undefined && number <= newestCrl.number) return;
  const { crlRound } = state;
  if (crlRound?.number === number) {
    crlRound.generations.add(generation);
    return;
  }
  endOfRound(state);
  if (crlRound !== undefined && number < crlRound.number) {
    const expected = `a number above ${String(crlRound.number)}`;
    state.findings.add('LS_AUDIT_CA_CRL_NUMBER', place, { node: 'CA', expected, found: String(number) });
    return;
  }
  state.crlRound = { number, place, generations: new Set([generation]) };
}

/** Call it at the end too. */
export function endOfRound({ crlRound, issuers, findings }: CaState): void {
  if (crlRound === undefined) return;
  const { number, place, generations } = crlRound;
  for (const issuer of issuers) {
    const since = issuer.newestCrl;
    if (since === undefined || hasEnded(issuer) || generations.has(issuer.generation)) continue;
    const expected = `CRL ${String(number)} of generation ${String(issuer.generation)} too`;
    findings.add('LS_AUDIT_CA_CRL_NUMBER', place, { node: 'CA', expected, found: 'none' });
  }
}

/** Entries leave a full CRL once one has listed them after their certificate has expired for sure. Source: RFC 5280 §3.3. */
function expectedInFull(
  { revocations }: CaState,
  { newestFull, generation }: IssuerOfCa,
): readonly RevokedByCa[] {
  const retentionMs = entryRetainedUntil(unixMs(0));
  const oldest: UnixMs = unixMs(newestFull === undefined ? 0 : newestFull.thisUpdate - retentionMs);
  return [...revocations.values()].filter(
    (entry) => entry.generation === generation && entry.revokedAt >= oldest,
  );
}

function compare(
  state: CaState,
  { list, crlNumber }: PastCrl,
  place: Place,
  expected: readonly RevokedByCa[],
): void {
  const report = (node: string, wanted: string, found: string): void =>
    state.findings.add('LS_AUDIT_CA_CRL_CONTENT', place, { node, expected: wanted, found });
  let agreeing = 0;
  for (const entry of expected) {
    const listed = list.entries.find(entry.serial);
    const wanted = `${entry.serial} revoked ${timeOf(entry.revokedAt)} (${entry.reason})`;
    if (listed === undefined) {
      report(
        entry.name,
        wanted,
        `not in CRL ${String(crlNumber)}; entry ${String(entry.place.index)} says it`,
      );
      continue;
    }
    agreeing += 1;
    if (listed.reason === entry.reason && listed.revokedAt === entry.revokedAt) continue;
    report(entry.name, wanted, `${timeOf(unixMs(listed.revokedAt))} (${listed.reason})`);
  }
  if (agreeing === list.entries.size) return;
  const wanted = new Set<string>(expected.map(({ serial }) => serial));
  for (const { serialHex, reason } of list.entries) {
    if (wanted.has(serialHex)) continue;
    const serial = parseSerialNumber(serialHex);
    if (reason === 'removeFromCRL' && serial !== undefined && state.releasedSinceFull.has(serial)) continue;
    const known = serial === undefined ? undefined : state.certificates.get(serial);
    const why = 'no entry revokes it';
    report(known?.name ?? 'CA', why, `CRL ${String(crlNumber)} lists ${serialHex}`);
  }
}

function goesUp(state: CaState, before: NewestCrl | undefined, { number, place }: NewestCrl): void {
  if (before === undefined || number > before.number) return;
  const expected = `a number above ${String(before.number)}`;
  state.findings.add('LS_AUDIT_CA_CRL_NUMBER', place, { node: 'CA', expected, found: String(number) });
}

function timeOf(ms: UnixMs): string {
  return `at ${String(ms)} ms`;
}
