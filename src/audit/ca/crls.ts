import { equalBytes, parseSerialNumber, unixMs, type UnixMs } from '../../std/index.ts';
import { entryRetainedUntil, judgePastCrl, type PastCrl } from '../../trust/index.ts';
import { reasonFor } from '../record-check.ts';
import type { Place } from '../report.ts';
import type { CaState, NewestCrl, RevokedByCa } from './state.ts';

/** A CRL that the CA says it published: its signature, its number, and that it lists exactly what the entries revoke. */
export function checkCrl(state: CaState, place: Place, der: Uint8Array): void {
  const judged = judgePastCrl(der, [state.issuing.der], state.bundle, state.crypto);
  if (!judged.ok) {
    state.findings.add('LS_AUDIT_CRL', place, { node: 'CA', found: reasonFor(judged.error) });
    return;
  }
  state.signatures += 1;
  const { list, crlNumber: number, issuer } = judged.value;
  const newest = { number, sha256: state.crypto.sha256(der), thisUpdate: unixMs(list.thisUpdate), place };
  if (equalBytes(issuer.spki, state.issuing.spki)) checkIssuingCrl(state, judged.value, newest);
  else checkRootCrl(state, judged.value, newest);
}

/** Only a root that is elsewhere revokes CAs, and then the entry before says so. No revocation is ever taken back. */
function checkRootCrl(state: CaState, { list, crlNumber }: PastCrl, newest: NewestCrl): void {
  goesUp(state, state.newestRootCrl, newest);
  state.newestRootCrl = newest;
  const said = state.rootCrlSaid;
  state.rootCrlSaid = undefined;
  const listed = new Set<string>();
  for (const { serialHex } of list.entries) listed.add(serialHex);
  const gone = [...state.rootRevoked].find((serial) => !listed.has(serial));
  const report = (expected: string, found: string): void =>
    state.findings.add('LS_AUDIT_CA_CRL_CONTENT', newest.place, { node: 'CA', expected, found });
  if (gone !== undefined) report(`CA ${gone} revoked, as before`, 'not listed');
  const entries = said?.number === crlNumber ? said.entries : state.rootRevoked.size;
  if (listed.size !== entries) report(`${String(entries)} entries`, `${String(listed.size)} entries`);
  state.rootRevoked = listed;
}

function checkIssuingCrl(state: CaState, crl: PastCrl, newest: NewestCrl): void {
  goesUp(state, state.newestCrl, newest);
  const { number, place } = newest;
  const base = crl.list.extensions.deltaCrlIndicator?.value;
  const fresh = state.pending;
  for (const entry of fresh) entry.crlNumber = number;
  state.pending = [];
  if (base === undefined) {
    compare(state, crl, place, expectedInFull(state));
    state.sinceFull = [];
    state.releasedSinceFull.clear();
    state.newestFull = newest;
  } else {
    state.sinceFull.push(...fresh);
    const full = state.newestFull?.number;
    if (base !== full) {
      const expected = full === undefined ? 'a full CRL first' : `base ${String(full)}`;
      state.findings.add('LS_AUDIT_CA_CRL_NUMBER', place, {
        node: 'CA',
        expected,
        found: `base ${String(base)}`,
      });
    }
    compare(state, crl, place, state.sinceFull);
  }
  state.newestCrl = newest;
}

/** Entries leave a full CRL once one has listed them after their certificate has expired for sure. Source: RFC 5280 §3.3. */
function expectedInFull({ newestFull, revocations }: CaState): readonly RevokedByCa[] {
  const retentionMs = entryRetainedUntil(unixMs(0));
  const oldest: UnixMs = unixMs(newestFull === undefined ? 0 : newestFull.thisUpdate - retentionMs);
  return [...revocations.values()].filter(({ revokedAt }) => revokedAt >= oldest);
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
