import { equalBytes, toHex, type UnixMs } from '../../std/index.ts';
import { decodeSuccessor, verifyRecord } from '../../heartbeat/index.ts';
import { decodeLogKey, verifyLogKey } from '../../ledger/index.ts';
import { decodeRoster, verifyRoster, type Roster, type RosterMember } from '../../membership/index.ts';
import { reasonFor } from '../record-check.ts';
import type { Place } from '../report.ts';
import { keep, type CaState, type NodeOfCa } from './state.ts';

/** A roster by the issuing CA that continues the one before it and says of each member what the entries say. */
export function checkCaRoster(state: CaState, place: Place, bytes: Uint8Array): void {
  const { crypto, bundle, findings } = state;
  const decoded = decodeRoster(bytes);
  const verified = decoded.ok
    ? verifyRoster(crypto, bundle.domainId, decoded.value, state.active.key)
    : decoded;
  if (!verified.ok) {
    findings.add('LS_AUDIT_ROSTER', place, { node: 'CA', found: reasonFor(verified.error) });
    return;
  }
  state.signatures += 1;
  const { body, structureHash } = verified.value;
  checkChain(state, place, body);
  state.roster = { number: body.number, structureHash, place };
  state.rosterSha256 = crypto.sha256(bytes);
  state.salt ??= body.salt;
  if (!equalBytes(state.salt, body.salt))
    findings.add('LS_AUDIT_CA_ROSTER', place, {
      node: 'CA',
      expected: `salt ${toHex(state.salt)}`,
      found: toHex(body.salt),
    });
  checkMembers(state, place, body);
}

function checkChain(state: CaState, place: Place, { number, prev }: Roster): void {
  const before = state.roster;
  if (before === undefined) return;
  const continues = number !== before.number + 1 || equalBytes(prev, before.structureHash);
  if (number > before.number && continues) return;
  const expected = `a roster that follows number ${String(before.number)}`;
  const found = continues ? `number ${String(number)}` : `number ${String(number)} after another one`;
  state.findings.add('LS_AUDIT_CA_ROSTER_NUMBER', place, { node: 'CA', expected, found });
}

function checkMembers(state: CaState, place: Place, roster: Roster): void {
  const listed = new Set(roster.members.map(({ nodeId }) => nodeId));
  for (const member of roster.members) checkMember(state, place, roster, member);
  for (const [nodeId, node] of state.nodes) {
    if (listed.has(nodeId) || node.state === 'revoked') continue;
    if (hasExpired(state, node, roster.tMs)) node.state = 'dropped';
    else if (node.removed) node.state = 'removed';
    else memberDiffers(state, place, node.name, node.state, 'not listed');
  }
}

function hasExpired(state: CaState, { serials }: NodeOfCa, now: UnixMs): boolean {
  return serials.every((serial) => (state.certificates.get(serial)?.notAfter ?? 0) < now);
}

function checkMember(state: CaState, place: Place, roster: Roster, member: RosterMember): void {
  const { nodeId, name } = member;
  let node = state.nodes.get(nodeId);
  if (node === undefined) {
    node = { place, name, state: 'enrolled', activated: false, removed: false, serials: [] };
    keep(state.nodes, nodeId, node);
  }
  const expected = expectedState(node, member);
  if (node.name !== name) memberDiffers(state, place, node.name, `named ${node.name}`, `named ${name}`);
  else if (member.state !== expected) memberDiffers(state, place, name, expected, member.state);
  else if (expected === 'revoked') checkRevokedMember(state, place, roster, node);
  node.state = expected;
}

/**
 * A revocation of an identity has no entry but the roster itself, and those of its certificates; one that was removed
 * can still be revoked.
 */
function expectedState(node: NodeOfCa, member: RosterMember): RosterMember['state'] {
  if (node.state === 'revoked' || member.state === 'revoked') return 'revoked';
  if (node.removed || node.state === 'removed' || node.state === 'dropped') return 'removed';
  return node.activated ? 'active' : 'enrolled';
}

/** A revoked identity has no certificate that could still be used. */
function checkRevokedMember(state: CaState, place: Place, { tMs }: Roster, node: NodeOfCa): void {
  if (node.state === 'revoked') return;
  for (const serial of node.serials) {
    const certificate = state.certificates.get(serial);
    if (certificate === undefined || certificate.notAfter < tMs || state.revocations.has(serial)) continue;
    memberDiffers(state, place, node.name, 'every certificate of it revoked', `${serial} is not`);
  }
}

function memberDiffers(state: CaState, place: Place, node: string, expected: string, found: string): void {
  state.findings.add('LS_AUDIT_CA_ROSTER', place, { node, expected, found });
}

/** A node's statement, by its present key, for its next one. */
export function checkCaSuccessor(state: CaState, place: Place, bytes: Uint8Array): void {
  const decoded = decodeSuccessor(bytes);
  const key = decoded.ok ? state.keys.get(decoded.value.body.certId) : undefined;
  if (!decoded.ok || key === undefined) {
    const found = decoded.ok ? `certificate ${decoded.value.body.certId}` : reasonFor(decoded.error);
    state.findings.add('LS_AUDIT_CA_SUCCESSOR', place, { expected: 'by a key that the CA certified', found });
    return;
  }
  const verified = verifyRecord(state.crypto, state.bundle.domainId, decoded.value, key);
  const { nodeId, newSpki, oldSpkiHash } = decoded.value.body;
  const fits = nodeId === key.nodeId && equalBytes(oldSpkiHash, state.crypto.sha256(key.spki));
  if (!verified.ok || !fits) {
    const found = verified.ok ? 'another node or key in it' : reasonFor(verified.error);
    const node = state.nodes.get(key.nodeId)?.name ?? key.nodeId;
    state.findings.add('LS_AUDIT_CA_SUCCESSOR', place, { node, expected: 'by the key before', found });
    return;
  }
  state.signatures += 1;
  keep(state.successors, toHex(state.crypto.sha256(newSpki)), nodeId);
}

/** Which key signs the checkpoints from here on. */
export function checkLogKey(state: CaState, place: Place, bytes: Uint8Array): void {
  const decoded = decodeLogKey(bytes);
  const verified = decoded.ok
    ? verifyLogKey(state.crypto, state.bundle.domainId, decoded.value, state.active.key)
    : decoded;
  if (!verified.ok) {
    state.findings.add('LS_AUDIT_CA_LOG_KEY', place, { node: 'CA', found: reasonFor(verified.error) });
    return;
  }
  state.signatures += 1;
  state.logKey = verified.value.body.logKey;
}
