import { err, fault, ok, parseSerialNumber, unixMs } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import type { CertificateFilter } from './authority.ts';
import { readCurrentCrls } from './crl.ts';
import type {
  CertificateFacts,
  CertificateStatus,
  CurrentCrls,
  CurrentRoster,
  NodeFacts,
  Seed,
} from './facts.ts';
import { quote } from './names.ts';
import type { CertificateRow, NodeRow } from './rows.ts';
import { liveSeeds } from './seeds.ts';
import type { StoreReader } from './store.ts';
import { actingTime } from './time.ts';
import type { AuthorityBase } from './standing.ts';

/** Errors: LS_CA_REQUEST for a time that is none. */
export async function list(
  base: AuthorityBase,
  filter: CertificateFilter,
  now: UnixMs,
): Promise<Result<readonly CertificateFacts[], Fault>> {
  const { name, expiringMs } = filter;
  if (expiringMs !== undefined && !(Number.isSafeInteger(expiringMs) && expiringMs >= 0)) {
    return err(fault('LS_CA_REQUEST', `a certificate cannot expire within ${expiringMs} ms`));
  }
  return base.deps.store.read(async (tx) => {
    const at = await actingTime(tx, now);
    const expiry = expiringMs === undefined ? {} : { notAfterFrom: at, notAfterTo: unixMs(at + expiringMs) };
    const rows = await tx.certificates({ ...(name === undefined ? {} : { name }), ...expiry });
    const facts = rows.map((row) => certificateFacts(row, at));
    return ok(expiringMs === undefined ? facts : facts.filter(({ status }) => status === 'good'));
  });
}

/** Errors: LS_CA_UNKNOWN_SUBJECT. */
export async function show(
  base: AuthorityBase,
  nameOrSerial: string,
  now: UnixMs,
): Promise<Result<NodeFacts, Fault>> {
  return base.deps.store.read(async (tx) => {
    const at = await actingTime(tx, now);
    const node = await findNode(tx, nameOrSerial);
    if (node === null) {
      return err(fault('LS_CA_UNKNOWN_SUBJECT', `no node or certificate is called ${quote(nameOrSerial)}`));
    }
    return ok(await nodeFacts(tx, node, at));
  });
}

/** Errors: LS_CA_STORE_CORRUPT when there is none. */
export async function currentCrls(base: AuthorityBase): Promise<Result<CurrentCrls, Fault>> {
  return base.deps.store.read(async (tx) => {
    const crls = await readCurrentCrls(tx);
    return crls === null ? err(missing('CRL')) : ok(crls);
  });
}

/** Errors: LS_CA_STORE_CORRUPT when there is none. */
export async function currentRoster(base: AuthorityBase): Promise<Result<CurrentRoster, Fault>> {
  return base.deps.store.read(async (tx) => {
    const head = await tx.newestRoster();
    const record = head === null ? null : await tx.rosterRecord(head.number);
    if (head === null || record === null) return err(missing('roster'));
    return ok({ number: head.number, record, h: head.h, active: head.active });
  });
}

export async function readOnlySince(base: AuthorityBase): Promise<Result<UnixMs | null, Fault>> {
  return base.deps.store.read(async (tx) => ok(await tx.readOnlySince()));
}

export async function seeds(base: AuthorityBase): Promise<Result<readonly Seed[], Fault>> {
  return base.deps.store.read(async (tx) => ok(await liveSeeds(tx)));
}

export function certificateFacts(row: CertificateRow, now: UnixMs): CertificateFacts {
  const { name, nodeId, role, serial, notBefore, notAfter, issuer, revocation, der } = row;
  const facts = { name, nodeId, role, serial, notBefore, notAfter, issuer, der, status: statusOf(row, now) };
  return revocation === null
    ? facts
    : { ...facts, reason: revocation.reason, revokedAt: revocation.revokedAt };
}

/** A revoked certificate stays `revoked` after its expiry. */
function statusOf({ revocation, notAfter, der }: CertificateRow, now: UnixMs): CertificateStatus {
  if (revocation !== null) return 'revoked';
  if (now > notAfter) return 'expired';
  return der === null ? 'pending' : 'good';
}

async function findNode(tx: StoreReader, nameOrSerial: string): Promise<NodeRow | null> {
  const byName = await tx.nodeByName(nameOrSerial);
  const serial = parseSerialNumber(nameOrSerial);
  if (byName !== null || serial === undefined) return byName;
  const certificate = await tx.certificate(serial);
  return certificate === null || certificate.nodeId === null ? null : tx.node(certificate.nodeId);
}

async function nodeFacts(tx: StoreReader, node: NodeRow, now: UnixMs): Promise<NodeFacts> {
  const certificates = await tx.certificates({ nodeId: node.nodeId });
  const known = (await tx.addresses()).find(({ nodeId }) => nodeId === node.nodeId);
  const { name, nodeId, state, dns, ip, enrolledAt, activatedAt, endedAt, reason } = node;
  return {
    name,
    nodeId,
    state,
    dns,
    ip,
    address: known?.address ?? null,
    enrolledAt,
    activatedAt,
    endedAt,
    reason,
    certificates: certificates.map((row) => certificateFacts(row, now)),
  };
}

function missing(what: string): Fault {
  return fault('LS_CA_STORE_CORRUPT', `the CA store has no current ${what}`);
}
