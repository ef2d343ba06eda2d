import { err, fault, ok, unixMs } from '../std/index.ts';
import type { Fault, Result, UnixMs } from '../std/index.ts';
import type { Outcome } from './context.ts';
import { nextCrlNumber, publishDeltaCrl } from './crl.ts';
import type { RevocationFacts } from './facts.ts';
import { listCertificates } from './listing.ts';
import { quote } from './names.ts';
import type { CertificateRow, RevocationRow } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import { endedFault } from './token-policy.ts';
import type { AuthorityContext } from './standing.ts';

const SECOND_MS = 1_000;

export interface HeldCertificate extends CertificateRow {
  readonly revocation: RevocationRow;
}

export function isHeld(certificate: CertificateRow): certificate is HeldCertificate {
  return certificate.revocation?.reason === 'certificateHold';
}

/**
 * Puts all unexpired certificates of a node on hold. Its identity and its place on the roster stay, so that a release
 * brings it back as it was. Errors: LS_CA_UNKNOWN_SUBJECT, LS_IDENTITY_*, LS_CA_NOTHING_TO_HOLD.
 */
export async function holdIdentity(
  context: AuthorityContext,
  tx: StoreTransaction,
  name: string,
  now: UnixMs,
): Promise<Result<Outcome<RevocationFacts>, Fault>> {
  const node = await tx.nodeByName(name);
  if (node === null) return err(fault('LS_CA_UNKNOWN_SUBJECT', `no node is named ${quote(name)}`));
  const { nodeId, state } = node;
  if (state === 'revoked' || state === 'removed') return err(endedFault(state, name));
  const certificates = await tx.certificates({ nodeId, notAfterFrom: now });
  const free = certificates.filter(({ revocation }) => revocation === null);
  const facts = { name, nodeId, reason: 'certificateHold', rosterNumber: null } as const;
  if (free.length === 0) {
    const before = newestHold(certificates.filter(isHeld));
    return before === undefined
      ? err(fault('LS_CA_NOTHING_TO_HOLD', `${name} has no valid certificate`))
      : ok({ answer: { ...facts, ...before, fresh: false } });
  }
  const revokedAt = await holdDate(tx, free, now);
  const crlNumber = await nextCrlNumber(tx);
  await listCertificates(context, tx, free, { reason: 'certificateHold', revokedAt, crlNumber });
  const crl = await publishDeltaCrl(context, tx, now);
  const serials = free.map(({ serial }) => serial).sort();
  return ok({
    answer: { ...facts, serials, revokedAt, crlNumber, fresh: true },
    publication: { crl, revokedSerials: serials },
  });
}

/** Later than every hold of them that was released, or that release would end this one too. */
export async function holdDate(
  tx: StoreReader,
  certificates: readonly CertificateRow[],
  now: UnixMs,
): Promise<UnixMs> {
  let date: number = now;
  for (const { serial } of certificates) {
    const released = await tx.newestReleasedHold(serial);
    if (released !== null) date = Math.max(date, released + SECOND_MS);
  }
  return unixMs(date);
}

function newestHold(held: readonly HeldCertificate[]) {
  const crlNumber = Math.max(...held.map(({ revocation }) => revocation.crlNumber));
  const newest = held.filter(({ revocation }) => revocation.crlNumber === crlNumber);
  const [first] = newest;
  if (first === undefined) return undefined;
  const serials = newest.map(({ serial }) => serial).sort();
  return { serials, crlNumber, revokedAt: first.revocation.revokedAt };
}
