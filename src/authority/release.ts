import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { signRelease } from '../trust/index.ts';
import { MAX_RELEASES } from '../x509/index.ts';
import { commit } from './context.ts';
import { nextCrlNumber, oldestListed, publishDeltaCrl } from './crl.ts';
import type { ReleaseFacts } from './facts.ts';
import { isHeld, type HeldCertificate } from './hold.ts';
import type { LivingCa } from './issuing-ca.ts';
import { certificateEvent, journal } from './journal.ts';
import { quote } from './names.ts';
import type { StoreTransaction } from './store.ts';
import { actingTime } from './time.ts';
import { livingCa, type AuthorityBase } from './standing.ts';

/**
 * Ends the holds of a name, each with a release record that every CRL carries from now on, until no relying party
 * can know of the hold any more. Errors: LS_CA_UNKNOWN_SUBJECT, LS_CA_NOT_HELD, LS_CA_RELEASES_FULL.
 */
export async function release(
  base: AuthorityBase,
  name: string,
  now: UnixMs,
): Promise<Result<ReleaseFacts, Fault>> {
  return commit<ReleaseFacts>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const certificates = await tx.certificates({ name });
    if (certificates.length === 0) {
      return err(fault('LS_CA_UNKNOWN_SUBJECT', `there is no certificate for ${quote(name)}`));
    }
    const held = certificates.filter(isHeld).flatMap((certificate) => {
      const ca = livingCa(context, certificate.issuer);
      return ca === undefined ? [] : [{ certificate, ca }];
    });
    const [first] = held;
    if (first === undefined) return err(fault('LS_CA_NOT_HELD', `no certificate of ${name} is on hold`));
    const full = await checkRoom(tx, held.length);
    if (full !== undefined) return err(full);

    const crlNumber = await nextCrlNumber(tx);
    for (const each of held) await releaseOne(context, tx, each, crlNumber, at);
    const crl = await publishDeltaCrl(context, tx, at);
    const serials = held.map(({ certificate }) => certificate.serial).sort();
    return ok({
      answer: { name, nodeId: first.certificate.nodeId, serials, releasedAt: at, crlNumber },
      publication: { crl, revokedSerials: serials },
    });
  });
}

async function releaseOne(
  { trust }: AuthorityBase,
  tx: StoreTransaction,
  { certificate, ca }: { readonly certificate: HeldCertificate; readonly ca: LivingCa },
  crlNumber: number,
  at: UnixMs,
): Promise<void> {
  const { name, serial, der, issuer, revocation } = certificate;
  const { certId } = ca;
  const { revokedAt: heldAt, crlNumber: holdNumber } = revocation;
  const body = { certId, tMs: at, serial, heldAtMs: heldAt, holdNumber, crlNumber, ext: new Map() };
  const record = signRelease(body, ca.signer, trust.domainId);
  await tx.deleteRevocation(serial);
  await tx.insertRelease({ serial, heldAt, crlNumber, issuer, record });
  await journal(tx, [certificateEvent('released', [name, serial], der ?? ca.certificate.der)], at);
}

/** A CRL carries a bounded number of release records. */
async function checkRoom(tx: StoreTransaction, more: number): Promise<Fault | undefined> {
  const carried = await tx.releasesFrom(oldestListed(await tx.newestFullCrl()));
  if (carried.length + more <= MAX_RELEASES) return undefined;
  const detail = `the CRL carries ${carried.length} release records; at most ${MAX_RELEASES} fit`;
  return fault('LS_CA_RELEASES_FULL', detail);
}
