import { auditCa, type AuditReport, type CaSource } from '../../../src/audit/index.ts';
import {
  ledgerBatches,
  MAX_LIVE_CERTIFICATES_PER_NODE,
  type AuthorityStore,
  type CertificateFacts,
  type CertificateQuery,
  type StoreReader,
} from '../../../src/authority/index.ts';
import type { Roster } from '../../../src/membership/index.ts';
import { ok, type UnixMs } from '../../../src/std/index.ts';
import { makeTrustBundle } from '../../../src/trust/index.ts';
import { valueOf } from '../result.ts';
import type { RelyingParty } from './relying-party.ts';
import type { Replica } from './replica.ts';
import { isEnded, statusOf, type KnownCertificate, type View } from './view.ts';
import { demand, demandSame } from './violation.ts';
import { modelCrypto } from './world.ts';

/** The CA lists what was issued, each as it stands, and gives no identity more than it may have. */
export function checkCertificates(view: View, listed: readonly CertificateFacts[]): void {
  const found = new Map(listed.map((facts) => [facts.serial as string, facts]));
  const good = new Map<string, number>();
  for (const certificate of view.certificates.values()) {
    const { serial, name, nodeId } = certificate;
    const facts = found.get(serial);
    demandSame(
      facts && [facts.name, facts.nodeId, standingOf(facts)],
      [name, nodeId, expectedStanding(certificate)],
      `certificate ${serial}`,
    );
    found.delete(serial);
    if (facts?.status === 'good' && nodeId !== null) good.set(nodeId, (good.get(nodeId) ?? 0) + 1);
  }
  const [stranger] = [...found.values()].filter(({ role }) => role === 'node' || role === 'operator');
  demand(stranger === undefined, `certificate ${stranger?.serial ?? ''} was issued to nobody`);
  for (const count of good.values())
    demand(count <= MAX_LIVE_CERTIFICATES_PER_NODE, `${count} valid certificates of one identity`);
}

/** Each identity is on the roster as it stands; an ended one at least not otherwise. */
export function checkRoster(view: View, { members }: Roster): void {
  const onRoster = new Map(members.map(({ nodeId, state }) => [nodeId as string, state]));
  for (const identity of view.identities.values()) {
    const { nodeId, state, name } = identity;
    const shown = onRoster.get(nodeId);
    if (shown !== undefined || !isEnded(identity)) demandSame(shown, state, `${name} on the roster`);
    onRoster.delete(nodeId);
  }
  demandSame([...onRoster.keys()], [], 'members that nobody enrolled');
}

/** The relying party takes for revoked what is revoked, for held what is on hold, and nothing else. */
export function checkParty(view: View, party: RelyingParty, who: string, now: UnixMs): void {
  for (const { serial, status, notAfter } of view.certificates.values()) {
    if (notAfter < now) continue;
    demandSame(statusOf(party.reasonFor(serial)), status, `${serial} for ${who}`);
  }
  for (const [serial, status] of view.foreign)
    demandSame(statusOf(party.reasonFor(serial)), status, `${serial}, which a lost CA issued, for ${who}`);
}

/** OCSP says what the CA has acknowledged, of every certificate that it lists. */
export async function checkOcsp(
  view: View,
  replica: Replica,
  listed: readonly CertificateFacts[],
  now: UnixMs,
  isTimely: boolean,
): Promise<void> {
  for (const { serial, der } of listed) {
    const certificate = view.certificates.get(serial);
    if (der === null || certificate === undefined) continue;
    const said = await replica.ocspStatus(der, now, isTimely);
    const found = said?.status === 'revoked' ? statusOf(said.reason) : said?.status;
    demandSame(found, certificate.status, `${serial} in OCSP`);
  }
}

/** Ledger, store and CRLs tell one story. */
export async function checkLedger(
  replica: Pick<Replica, 'authority'> & { readonly store: Pick<AuthorityStore, 'read'> },
): Promise<AuditReport> {
  const { roots, trustDomain } = replica.authority.bundle();
  const bundle = valueOf(makeTrustBundle(trustDomain, roots, modelCrypto));
  const report = valueOf(
    await replica.store.read(async (tx) => {
      const source = await sourceOf(tx);
      return ok((await auditCa(source, { bundle, crypto: modelCrypto, home: 0 })).report);
    }),
  );
  demandSame(report.faults, [], 'what the audit finds');
  return report;
}

/** The audit asks for certificates by the day of their expiry, which is much reading for a few. */
async function sourceOf(tx: StoreReader): Promise<CaSource> {
  const all = await tx.certificates({});
  const certificates = ({ notAfterFrom, notAfterTo }: CertificateQuery) =>
    Promise.resolve(
      all.filter(
        ({ notAfter }) =>
          (notAfterFrom === undefined || notAfter >= notAfterFrom) &&
          (notAfterTo === undefined || notAfter <= notAfterTo),
      ),
    );
  return {
    name: 'ca',
    place: 'store.sqlite',
    checkpoint: undefined,
    tile: () => Promise.resolve(undefined),
    rows: () => ledgerBatches((from, limit) => tx.ledger(from, limit), 0),
    tables: { ...tx, certificates },
  };
}

function expectedStanding({ status, isSigned }: KnownCertificate): string {
  return `${status}${isSigned ? '' : ', not signed'}`;
}

function standingOf({ status, reason, der }: CertificateFacts): string {
  const standing = status === 'revoked' ? statusOf(reason) : 'good';
  return `${standing}${der === null ? ', not signed' : ''}`;
}
