import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import type { VerifiedPeer } from '../trust/index.ts';
import { checkAddress } from './address.ts';
import type { Publication } from './facts.ts';
import type { Group, Part } from './group.ts';
import { certificateEvent, journal } from './journal.ts';
import { nextRosterNumber } from './roster.ts';
import type { CertificateRow, NodeRow } from './rows.ts';
import type { StoreReader, StoreTransaction } from './store.ts';
import { endedFault, listedFault } from './token-policy.ts';
import type { AuthorityContext } from './standing.ts';

export type ActivatingPeer = Pick<VerifiedPeer, 'nodeId' | 'serial'>;

/** Errors: LS_ADDRESS_INVALID, LS_IDENTITY_UNKNOWN, LS_IDENTITY_REVOKED, LS_IDENTITY_REMOVED. */
export async function activate(
  group: Group,
  peer: ActivatingPeer,
  address: string | null,
  now: UnixMs,
): Promise<Result<{ readonly rosterNumber: number }, Fault>> {
  const checked = address === null ? ok(null) : checkAddress(address);
  if (!checked.ok) return checked;
  return group.commit(async ({ tx, common, context }) => {
    const at = await common.actingTime(now);
    const standing = await checkStanding(tx, peer);
    if (!standing.ok) return standing;
    const { node, current } = standing.value;
    await tx.confirmCertificate(current.serial, at);
    const seeds = await keepAddress({ tx, common }, node, checked.value, at);
    if (node.state !== 'enrolled') {
      return ok({ answer: { rosterNumber: (await tx.newestRoster())?.number ?? 0 }, publication: seeds });
    }
    await makeActive(context, tx, standing.value, at);
    return ok({
      answer: { rosterNumber: await nextRosterNumber(tx) },
      publication: seeds,
      changesRoster: true,
    });
  }, now);
}

/** The caller's identity is live and its certificate one of ours, judged by the rows and not by when it connected. */
export async function checkStanding(
  tx: StoreReader,
  peer: ActivatingPeer,
): Promise<Result<{ readonly node: NodeRow; readonly current: CertificateRow }, Fault>> {
  const current = await tx.certificate(peer.serial);
  const node = await tx.node(peer.nodeId);
  if (current === null || node === null || current.nodeId !== node.nodeId) {
    return err(
      fault('LS_IDENTITY_UNKNOWN', `certificate ${peer.serial} of node ${peer.nodeId} has no record`),
    );
  }
  if (node.state === 'revoked' || node.state === 'removed') return err(endedFault(node.state, node.name));
  if (current.revocation !== null) return err(listedFault(current.revocation.reason, node.name));
  return ok({ node, current });
}

async function keepAddress(
  { tx, common }: Pick<Part, 'tx' | 'common'>,
  { nodeId, name }: NodeRow,
  address: string | null,
  now: UnixMs,
): Promise<Pick<Publication, 'seeds'>> {
  const known = (await common.seeds()).find((row) => row.nodeId === nodeId);
  if (address === null || known?.address === address) return {};
  await tx.putAddress({ nodeId, name, address, updatedAt: now });
  common.addressesChanged();
  return { seeds: await common.seeds() };
}

async function makeActive(
  context: AuthorityContext,
  tx: StoreTransaction,
  { node, current }: { readonly node: NodeRow; readonly current: CertificateRow },
  now: UnixMs,
): Promise<void> {
  await tx.activateNode(node.nodeId, now);
  const event = certificateEvent(
    'activated',
    [node.name, node.nodeId],
    current.der ?? context.issuing.certificate.der,
  );
  await journal(tx, [event], now);
}
