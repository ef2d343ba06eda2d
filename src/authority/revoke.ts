import { err, fault, ok, parseSerialNumber } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import type { CrlReason } from '../x509/index.ts';
import type { RevokeRequest } from './authority.ts';
import { commit, type Outcome } from './context.ts';
import { nextCrlNumber, publishDeltaCrl } from './crl.ts';
import { endIdentity } from './end.ts';
import type { RevocationFacts, RevocationReason } from './facts.ts';
import { holdDate, holdIdentity, isHeld } from './hold.ts';
import { listCertificates } from './listing.ts';
import { quote } from './names.ts';
import { publishRoster } from './roster.ts';
import type { CertificateRow, NodeRow, RevocationRow } from './rows.ts';
import { liveSeeds } from './seeds.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import { actingTime, wholeSecond } from './time.ts';
import type { AuthorityBase, AuthorityContext } from './standing.ts';

/** Every reason that {@link revoke} takes. Source: RFC 5280 §5.3.1. */
export const REVOCATION_REASONS: readonly RevocationReason[] = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
  'certificateHold',
];

type Revocation = Result<Outcome<RevocationFacts>, Fault>;

/**
 * `certificateHold` can be released; every other reason is for ever.
 * Errors: LS_CA_UNKNOWN_SUBJECT, those of holdIdentity, LS_CA_REQUEST for a reason that is none of REVOCATION_REASONS.
 */
export async function revoke(
  base: AuthorityBase,
  request: RevokeRequest,
  now: UnixMs,
): Promise<Result<RevocationFacts, Fault>> {
  const reason = request.reason ?? 'unspecified';
  if (!REVOCATION_REASONS.includes(reason)) {
    return err(fault('LS_CA_REQUEST', `${quote(reason)} is not one of ${REVOCATION_REASONS.join(', ')}`));
  }
  return commit(base, async (tx, context) => {
    const at = wholeSecond(await actingTime(tx, now));
    if (request.onlySerial === undefined && reason === 'certificateHold') {
      return holdIdentity(context, tx, request.name, at);
    }
    return request.onlySerial === undefined
      ? revokeIdentity(context, tx, { name: request.name, reason }, at)
      : revokeSerial(context, tx, { name: request.name, serial: request.onlySerial, reason }, at);
  });
}

async function revokeIdentity(
  context: AuthorityContext,
  tx: StoreTransaction,
  { name, reason }: { readonly name: string; readonly reason: CrlReason },
  now: UnixMs,
): Promise<Revocation> {
  const node = await tx.nodeByName(name);
  if (node === null) return err(fault('LS_CA_UNKNOWN_SUBJECT', `no node is named ${quote(name)}`));
  const before = await earlierFacts(tx, node);
  if (before !== null) return ok({ answer: before });

  const crlNumber = await nextCrlNumber(tx);
  const rosterNumber = await endIdentity(tx, node, { reason, crlNumber }, now);
  await tx.voidTokens(node.name, 'revoked');
  const certificates = await tx.certificates({ nodeId: node.nodeId });
  const doomed = certificates.filter(
    (row) => (row.revocation === null && row.notAfter >= now) || isHeld(row),
  );
  await listCertificates(context, tx, doomed, { reason, revokedAt: now, crlNumber });
  const crl = await publishDeltaCrl(context, tx, now);
  const roster = await publishRoster(context, tx, now);
  const serials = doomed.map(({ serial }) => serial).sort();
  const { nodeId } = node;
  return ok({
    answer: { name, nodeId, serials, reason, revokedAt: now, crlNumber, rosterNumber, fresh: true },
    publication: {
      crl,
      roster,
      seeds: await liveSeeds(tx),
      endedNodes: [nodeId],
      revokedSerials: serials,
    },
  });
}

/** What the revocation that is on record did; null while there is none. */
async function earlierFacts(tx: StoreReader, node: NodeRow): Promise<RevocationFacts | null> {
  const { name, nodeId, state, reason, endedAt, endCrlNumber, endRosterNumber } = node;
  if (state !== 'revoked' || reason === null || endedAt === null || endCrlNumber === null) return null;
  const certificates = await tx.certificates({ nodeId });
  const serials = certificates
    .filter(({ revocation }) => revocation?.crlNumber === endCrlNumber)
    .map(({ serial }) => serial)
    .sort();
  return {
    name,
    nodeId,
    serials,
    reason,
    revokedAt: endedAt,
    crlNumber: endCrlNumber,
    rosterNumber: endRosterNumber,
    fresh: false,
  };
}

async function revokeSerial(
  context: AuthorityContext,
  tx: StoreTransaction,
  { name, serial, reason }: { readonly name: string; readonly serial: string; readonly reason: CrlReason },
  now: UnixMs,
): Promise<Revocation> {
  const wanted = parseSerialNumber(serial);
  const certificate = wanted === undefined ? null : await tx.certificate(wanted);
  if (certificate?.name !== name) {
    return err(fault('LS_CA_UNKNOWN_SUBJECT', `${quote(name)} has no certificate ${quote(serial)}`));
  }
  if (certificate.revocation !== null && (reason === 'certificateHold' || !isHeld(certificate))) {
    return ok({ answer: serialFacts(certificate, certificate.revocation, false) });
  }
  const revokedAt = reason === 'certificateHold' ? await holdDate(tx, [certificate], now) : now;
  const { issuer } = certificate;
  const mark = { reason, revokedAt, crlNumber: await nextCrlNumber(tx), issuer };
  await listCertificates(context, tx, [certificate], mark);
  const crl = await publishDeltaCrl(context, tx, now);
  return ok({
    answer: serialFacts(certificate, mark, true),
    publication: { crl, revokedSerials: [certificate.serial] },
  });
}

function serialFacts(
  { name, nodeId, serial }: CertificateRow,
  { reason, revokedAt, crlNumber }: Omit<RevocationRow, 'serial'>,
  fresh: boolean,
): RevocationFacts {
  return { name, nodeId, serials: [serial], reason, revokedAt, crlNumber, rosterNumber: null, fresh };
}
