import { equalBytes, type SerialNumber, type UnixMs } from '../../std/index.ts';
import { judgePast } from '../../trust/index.ts';
import { parseCertificate, type Certificate } from '../../x509/index.ts';
import { reasonFor } from '../record-check.ts';
import { differs, numbersOf, outOfOrder, type Event } from './event.ts';
import { hasEnded, type IssuerOfCa } from './issuer.ts';
import { rootNamed } from './roots.ts';
import type { CaState } from './state.ts';

/** Issuing CAs that an audit follows: one in two years for longer than any root lives. */
export const MAX_AUDITED_ISSUERS = 64;

const OWN_ROLES: readonly string[] = ['ocsp', 'server'];

/** The one with this certificate. */
export function issuerWith({ issuers }: Pick<CaState, 'issuers'>, der: Uint8Array): IssuerOfCa | undefined {
  return issuers.find(({ certificate }) => equalBytes(certificate.der, der));
}

/** The one with this name, DER; names differ from one generation to the next. */
export function issuerNamed(
  { issuers }: Pick<CaState, 'issuers'>,
  subject: Uint8Array,
): IssuerOfCa | undefined {
  return issuers.find(({ certificate }) => equalBytes(certificate.subject, subject));
}

/** The root has certified the next issuing CA. */
export function issuingPrepared(state: CaState, event: Event): void {
  const at = state.issuers.length + 1;
  const named = numbersOf(state, event);
  if (named === undefined) return;
  const judged = judgePast(state.bundle, [event.der], 'issuer', event.at, state.crypto);
  if (!judged.ok) {
    state.findings.add('LS_AUDIT_CA_ISSUER', event.place, { node: 'CA', found: reasonFor(judged.error) });
    return;
  }
  state.signatures += 1;
  const { certificate, key } = judged.value;
  if (certificate.serialHex !== named.serial) {
    differs(state, event, `certificate ${named.serial}`, certificate.serialHex);
    return;
  }
  const used = state.issuers.find((each) => isLike(each.certificate, certificate));
  const pending = state.issuers.find((each) => each.state === 'prepared');
  if (named.generation !== at) outOfOrder(state, event, `generation ${String(at)}`, String(named.generation));
  else if (used !== undefined)
    differs(state, event, 'a name and a key of its own', `those of generation ${String(used.generation)}`);
  else if (pending !== undefined)
    outOfOrder(state, event, 'one at a time', `generation ${String(pending.generation)} is prepared`);
  else if (at > MAX_AUDITED_ISSUERS) state.findings.add('LS_AUDIT_LIMIT', event.place, { node: 'CA' });
  else {
    const { place } = event;
    const fresh = { newestCrl: undefined, newestFull: undefined };
    state.issuers.push({ generation: at, place, certificate, key, state: 'prepared', ...fresh });
  }
}

/** From here on it signs what is issued, and the rosters. */
export function issuingActivated(state: CaState, event: Event): void {
  const issuer = namedBy(state, event);
  if (issuer === undefined) return;
  if (issuer.state !== 'prepared') outOfOrder(state, event, 'a prepared issuing CA', issuer.state);
  else if (issuer.newestCrl === undefined) outOfOrder(state, event, 'a CRL of it before', 'none');
  const { active } = state;
  if (active.state === 'active') active.state = 'retiring';
  issuer.state = 'active';
  state.active = issuer;
}

/** Nothing below it is in date but what the CA has issued to its own servers and OCSP responders, which use it no more. */
export function issuingRetired(state: CaState, event: Event): void {
  const issuer = namedBy(state, event);
  if (issuer === undefined) return;
  if (issuer.state !== 'retiring') outOfOrder(state, event, 'an issuing CA that retires', issuer.state);
  const left = inDateBelow(state, issuer, event.at);
  if (left !== undefined) outOfOrder(state, event, 'nothing in date below it', `certificate ${left}`);
  issuer.state = 'retired';
}

/** The root revokes it: its next CRL says so. */
export function issuingRevoked(state: CaState, event: Event): void {
  const issuer = namedBy(state, event);
  if (issuer === undefined) return;
  if (hasEnded(issuer)) outOfOrder(state, event, 'an issuing CA in use', issuer.state);
  issuer.state = 'revoked';
  rootNamed(state, issuer.certificate.issuer)?.revokesNext.add(issuer.certificate.serialHex);
}

function inDateBelow(state: CaState, issuer: IssuerOfCa, at: UnixMs): SerialNumber | undefined {
  for (const [serial, { generation, role, notAfter }] of state.certificates) {
    if (generation !== issuer.generation || OWN_ROLES.includes(role) || notAfter < at) continue;
    if (!state.revocations.has(serial)) return serial;
  }
  return undefined;
}

function isLike(a: Certificate, b: Certificate): boolean {
  return equalBytes(a.subject, b.subject) || equalBytes(a.spki, b.spki);
}

function namedBy(state: CaState, event: Event): IssuerOfCa | undefined {
  const named = numbersOf(state, event);
  if (named === undefined) return undefined;
  const issuer = issuerWith(state, event.der);
  const { generation, serial } = named;
  if (issuer?.generation === generation && issuer.certificate.serialHex === serial) return issuer;
  const found = issuer === undefined ? 'no issuing CA of before' : `generation ${String(issuer.generation)}`;
  differs(state, event, `the certificate of generation ${String(generation)}`, found);
  return undefined;
}

/** That which has issued a certificate; undefined for one that names none of them. */
export function issuerOfCertificate(state: CaState, der: Uint8Array): IssuerOfCa | undefined {
  const parsed = parseCertificate(der);
  return parsed.ok ? issuerNamed(state, parsed.value.issuer) : undefined;
}
