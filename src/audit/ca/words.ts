import {
  equalBytes,
  fault,
  err,
  parseNodeId,
  parseSerialNumber,
  toHex,
  unixMs,
  type Fault,
  type NodeId,
  type Result,
  type SerialNumber,
  type UnixMs,
} from '../../std/index.ts';
import { aboutNoCertificate, differs, outOfOrder, type Event } from './event.ts';
import { checkApproved, decided, requested } from './requests.ts';
import { judgePast, type PastCertificate, type Role } from '../../trust/index.ts';
import { parseCertificate } from '../../x509/index.ts';
import { reasonFor } from '../record-check.ts';
import type { Place } from '../report.ts';
import { hasEnded, type IssuerOfCa } from './issuer.ts';
import {
  issuerOfCertificate,
  issuingActivated,
  issuingPrepared,
  issuingRetired,
  issuingRevoked,
} from './issuers.ts';
import { isKeyNamed, keyIdOf } from './key-id.ts';
import { DECIMAL, held, released, revoked, revokedElsewhere } from './revocation-words.ts';
import { rootCrossCertified, rootPrepared } from './roots.ts';
import { keep, type CaState, type NodeOfCa } from './state.ts';
import { tokenCreated, tokenDeleted } from './token-words.ts';

type Check = (state: CaState, event: Event) => void;
interface Word {
  /** How many there are: exactly, or from the first to the second. */
  readonly values: number | readonly [number, number];
  readonly check: Check;
}

/** Every word that a CA writes. One that is not here contradicts the ledger. */
const WORDS: Readonly<Record<string, Word>> = {
  'token-created': { values: [2, 3], check: tokenCreated },
  'token-deleted': { values: 2, check: tokenDeleted },
  'enrollment-requested': { values: 3, check: requested },
  'enrollment-approved': { values: 4, check: (state, event) => decided(state, event, 'approved') },
  'enrollment-denied': { values: 4, check: (state, event) => decided(state, event, 'denied') },
  enrolled: { values: 2, check: enrolled },
  reenrolled: { values: 2, check: reenrolled },
  issued: { values: 2, check: issued },
  activated: { values: 2, check: activated },
  revoked: { values: 3, check: revoked },
  held: { values: 3, check: held },
  released: { values: 2, check: released },
  removed: { values: 2, check: removed },
  'key-destroyed': { values: 2, check: keyDestroyed },
  'key-reencrypted': { values: 2, check: aboutKey },
  'revoked-elsewhere': { values: 4, check: revokedElsewhere },
  'loss-accepted': { values: 10, check: aboutNoCertificate },
  configured: { values: 2, check: aboutNoCertificate },
  exported: { values: 2, check: exported },
  imported: { values: 1, check: imported },
  'root-crl': { values: 2, check: rootCrl },
  'root-cross-certified': { values: 2, check: rootCrossCertified },
  'root-prepared': { values: 2, check: rootPrepared },
  'issuing-prepared': { values: 2, check: issuingPrepared },
  'issuing-activated': { values: 2, check: issuingActivated },
  'issuing-retired': { values: 2, check: issuingRetired },
  'issuing-revoked': { values: 2, check: issuingRevoked },
};

/** What the CA says it did, against all that it said before. */
export function checkEvent(state: CaState, place: Place, text: string, der: Uint8Array, at: UnixMs): void {
  const [word = '', ...values] = text.split(' ');
  const known = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (known === undefined || !fits(known, values.length)) {
    const expected = `one of ${Object.keys(WORDS).join(', ')} and its values`;
    state.findings.add('LS_AUDIT_CA_WORD', place, { node: values[0] ?? null, expected, found: text });
    return;
  }
  known.check(state, { place, at, values, der });
}

/** The key of a certificate was put into a file, where the CA could see it. */
function exported(state: CaState, event: Event): void {
  const [name = '', text = ''] = event.values;
  const serial = parseSerialNumber(text);
  const known = serial === undefined ? undefined : state.certificates.get(serial);
  if (known?.name !== name) outOfOrder(state, event, `certificate ${text} of ${name} issued before`, null);
  else if (!equalBytes(known.sha256, state.crypto.sha256(event.der)))
    differs(state, event, `certificate ${text}, as issued`, 'another one');
}

/** The CA began with certificates of an offline root: this one, before there was any other CRL. */
function imported(state: CaState, event: Event): void {
  const [root = ''] = event.values;
  aboutNoCertificate(state, event);
  const pinned = state.bundle.anchors.map(({ der }) => toHex(state.crypto.sha256(der)));
  if (!pinned.includes(root)) differs(state, event, `root ${pinned.join(' or ')}`, root);
  if (state.roots.some(({ newestCrl }) => newestCrl !== undefined))
    outOfOrder(state, event, 'the first of all', 'a CRL before it');
}

function rootCrl(state: CaState, event: Event): void {
  const [number, entries] = event.values.map((text) => (DECIMAL.test(text) ? Number(text) : undefined));
  aboutNoCertificate(state, event);
  if (number !== undefined && entries !== undefined) state.rootCrlSaid = { number, entries };
  else outOfOrder(state, event, 'the number of a CRL, and of its entries', event.values.join(' '));
}

function fits({ values }: Word, count: number): boolean {
  const [least, most] = typeof values === 'number' ? [values, values] : values;
  return count >= least && count <= most;
}

function enrolled(state: CaState, event: Event): void {
  const issue = takeCertificate(state, event, ['node']);
  if (issue === undefined) return;
  const { node, nodeId, name, serial, spki } = issue;
  const credit = state.credit.get(name) ?? 0;
  keep(state.credit, name, credit - 1);
  if (credit < 1) outOfOrder(state, event, `a token for ${name} that was not used`, 'none');
  checkApproved(state, event, toHex(state.crypto.sha256(spki)));
  if (node === undefined) outOfOrder(state, event, `node ${nodeId ?? ''} in a roster before`, 'none');
  else if (node.serials.length > 0) outOfOrder(state, event, 'a new identity', `${name} has certificates`);
  node?.serials.push(serial);
}

function reenrolled(state: CaState, event: Event): void {
  const issue = takeCertificate(state, event, ['node']);
  if (issue === undefined) return;
  const { node, nodeId, name, serial, spki } = issue;
  if (node === undefined || node.serials.length === 0 || isEnded(node))
    outOfOrder(state, event, `${name} enrolled and not ended`, null);
  const successor = state.successors.get(toHex(state.crypto.sha256(spki)));
  const isOldKey = node?.serials.some((each) => hasKey(state, each, spki)) === true;
  if (nodeId === null || (successor !== nodeId && !isOldKey))
    outOfOrder(state, event, 'a successor statement for this key before it', 'none');
  node?.serials.push(serial);
}

/** A renewal by RFC 7030 keeps the key. */
function hasKey(state: CaState, serial: SerialNumber, spki: Uint8Array): boolean {
  const key = state.certificates.get(serial)?.key;
  return key !== undefined && key !== null && equalBytes(key.spki, spki);
}

function issued(state: CaState, event: Event): void {
  takeCertificate(state, event, ['operator', 'server', 'ocsp']);
}

function activated(state: CaState, event: Event): void {
  const node = nodeOf(state, event);
  if (node === undefined) return;
  if (node.activated || isEnded(node)) outOfOrder(state, event, 'a first start of a live node', null);
  const sha256 = state.crypto.sha256(event.der);
  const own = node.serials.some((serial) => {
    const certificate = state.certificates.get(serial);
    return certificate !== undefined && equalBytes(certificate.sha256, sha256);
  });
  if (!own) aboutNoCertificate(state, event);
  node.activated = true;
}

function removed(state: CaState, event: Event): void {
  aboutNoCertificate(state, event);
  const node = nodeOf(state, event);
  if (node === undefined) return;
  if (isEnded(node)) outOfOrder(state, event, 'a live node', `it is ${node.state}`);
  node.removed = true;
}

/** The key of an issuing CA signs for as long as that is in use, so it can't be gone. */
function keyDestroyed(state: CaState, event: Event): void {
  aboutKey(state, event);
  const [name = '', keyId = ''] = event.values;
  const issuer = state.issuers.find(({ certificate }) => keyId === keyIdOf(state, certificate.spki));
  if (issuer !== undefined && !hasEnded(issuer))
    outOfOrder(state, event, 'the issuing key in use', `${name} ${keyId} destroyed`);
}

function aboutKey(state: CaState, event: Event): void {
  aboutNoCertificate(state, event);
  const [name = '', keyId = ''] = event.values;
  if (isKeyNamed(state, name, keyId)) return;
  const expected = 'the name of a key and its id';
  state.findings.add('LS_AUDIT_CA_WORD', event.place, { node: name, expected, found: `${name} ${keyId}` });
}

interface Issue {
  readonly name: string;
  readonly serial: SerialNumber;
  readonly nodeId: NodeId | null;
  readonly node: NodeOfCa | undefined;
  readonly spki: Uint8Array;
}

type EndEntityRole = Exclude<Role, 'issuer'>;

/** Verifies the certificate of an event up to the pinned root and keeps it. */
function takeCertificate(state: CaState, event: Event, roles: readonly EndEntityRole[]): Issue | undefined {
  const { place, values, der } = event;
  const [name = '', serialText = ''] = values;
  const issuer = issuerOfCertificate(state, der) ?? state.active;
  const judged = judgeAs(state, event, roles, issuer.certificate.der);
  if (!judged.ok) {
    const found = reasonFor(judged.error);
    state.findings.add('LS_AUDIT_CA_CERTIFICATE', place, {
      node: name,
      expected: 'a certificate of this CA',
      found,
    });
    return undefined;
  }
  state.signatures += 1;
  const { certificate, identity, key } = judged.value;
  checkIssues(state, event, issuer, identity.role);
  const serial = parseSerialNumber(certificate.serialHex);
  const isNamed = !('name' in identity) || identity.name === name;
  if (serial === undefined || serial !== serialText || !isNamed) {
    const found = `${'name' in identity ? identity.name : name} ${certificate.serialHex}`;
    differs(state, event, `${name} ${serialText}`, found);
    return undefined;
  }
  if (state.certificates.has(serial)) {
    outOfOrder(state, event, 'a serial number of its own', `${serial} again`);
    return undefined;
  }
  const nodeId = identity.role === 'node' ? identity.nodeId : null;
  const recordKey = nodeId === null ? null : { ...key, nodeId };
  const { role } = identity;
  const { notAfter, spki } = certificate;
  const sha256 = state.crypto.sha256(der);
  keep(state.certificates, serial, {
    place,
    role,
    name,
    nodeId,
    sha256,
    notAfter,
    key: recordKey,
    generation: issuer.generation,
    inStore: false,
  });
  if (recordKey !== null) keep(state.keys, recordKey.certId, recordKey);
  return { name, serial, nodeId, node: nodeId === null ? undefined : state.nodes.get(nodeId), spki };
}

/** Only the active one issues; others only what answers OCSP for them. */
function checkIssues(state: CaState, event: Event, issuer: IssuerOfCa, role: EndEntityRole): void {
  if (issuer.state === 'active' || (role === 'ocsp' && !hasEnded(issuer))) return;
  outOfOrder(state, event, 'by the issuing CA that is active', `generation ${String(issuer.generation)}`);
}

function judgeAs(
  state: CaState,
  { der, at }: Event,
  roles: readonly EndEntityRole[],
  issuer: Uint8Array,
): Result<PastCertificate<EndEntityRole>, Fault> {
  const parsed = parseCertificate(der);
  if (!parsed.ok) return parsed;
  const { notBefore, notAfter } = parsed.value;
  const within = unixMs(Math.min(Math.max(at, notBefore), notAfter));
  let verdict: Result<PastCertificate<EndEntityRole>, Fault> = err(fault('LS_TRUST_WRONG_ROLE', 'no role'));
  for (const role of roles) {
    verdict = judgePast(state.bundle, [der, issuer], role, within, state.crypto);
    if (verdict.ok) return verdict;
  }
  return verdict;
}

function nodeOf(state: CaState, event: Event): NodeOfCa | undefined {
  const [name = '', id = ''] = event.values;
  const nodeId = parseNodeId(id);
  const node = nodeId === undefined ? undefined : state.nodes.get(nodeId);
  if (node?.name === name) return node;
  outOfOrder(state, event, `node ${id} named ${name} in a roster before`, node?.name ?? 'none');
  return undefined;
}

function isEnded({ state, removed: isRemoved }: NodeOfCa): boolean {
  return isRemoved || state === 'revoked' || state === 'removed' || state === 'dropped';
}
