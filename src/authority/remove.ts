import { err, fault, ok, type Fault, type Result, type UnixMs } from '../std/index.ts';
import { commit } from './context.ts';
import { endIdentity } from './end.ts';
import type { RemovalFacts } from './facts.ts';
import { certificateEvent, journal } from './journal.ts';
import { quote } from './names.ts';
import { publishRoster } from './roster.ts';
import { liveSeeds } from './seeds.ts';
import { actingTime } from './time.ts';
import { endedFault } from './token-policy.ts';
import type { AuthorityBase } from './standing.ts';

/** Errors: LS_CA_UNKNOWN_SUBJECT; LS_IDENTITY_REVOKED, because a revocation outranks a removal. */
export async function remove(
  base: AuthorityBase,
  name: string,
  now: UnixMs,
): Promise<Result<RemovalFacts, Fault>> {
  return commit<RemovalFacts>(base, async (tx, context) => {
    const at = await actingTime(tx, now);
    const node = await tx.nodeByName(name);
    if (node === null) return err(fault('LS_CA_UNKNOWN_SUBJECT', `no node is named ${quote(name)}`));
    if (node.state === 'revoked') return err(endedFault('revoked', name));
    const { nodeId, endedAt, endRosterNumber } = node;
    if (endedAt !== null && endRosterNumber !== null) {
      return ok({
        answer: { name: node.name, nodeId, removedAt: endedAt, rosterNumber: endRosterNumber, fresh: false },
      });
    }
    const rosterNumber = await endIdentity(tx, node, 'removed', at);
    await tx.voidTokens(node.name, 'removed');
    await journal(tx, [certificateEvent('removed', [name, nodeId], context.issuing.certificate.der)], at);
    const roster = await publishRoster(context, tx, at);
    return ok({
      answer: { name: node.name, nodeId, removedAt: at, rosterNumber, fresh: true },
      publication: { roster, seeds: await liveSeeds(tx), endedNodes: [nodeId] },
    });
  });
}
