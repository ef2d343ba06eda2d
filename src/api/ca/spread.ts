import type { Authority, RevocationFacts } from '../../authority/index.ts';
import { decodeRoster, type RosterMember } from '../../membership/index.ts';
import { LsError, type Fault, type Result } from '../../std/index.ts';
import type { CaApiContext } from './context.ts';

/** `mesh`: h active members enforce it. `local`: fewer said so in time. `none`: there is no active member to tell. */
export interface Spread {
  readonly spread: 'mesh' | 'local' | 'none';
  /** Names of the active members that have not said so yet, sorted; only with `wait`. */
  readonly pending?: readonly string[];
}

/** Waits until enough members, or with `wait` all of them, enforce the CRL and roster of a revocation. */
export async function awaitSpread(
  context: CaApiContext,
  revocation: Pick<RevocationFacts, 'crlNumber' | 'rosterNumber'>,
  wait: boolean,
): Promise<Spread> {
  const { h, members } = await activeMembers(context.authority);
  const names = new Map(members.map((member) => [member.nodeId, member.name]));
  const nodeIds = new Set(names.keys());
  const goal = { crlNumber: revocation.crlNumber, rosterNumber: revocation.rosterNumber ?? 0 };
  const need = wait ? nodeIds.size : Math.min(h, nodeIds.size);
  const times = context.spread;
  const reached = await context.acks.wait(goal, nodeIds, need, wait ? times.everyoneMs : times.enoughMs);
  const spread = nodeIds.size === 0 ? 'none' : reached.size >= Math.min(h, nodeIds.size) ? 'mesh' : 'local';
  if (!wait) return { spread };
  const pending = [...nodeIds].filter((id) => !reached.has(id)).map((id) => names.get(id) ?? id);
  return { spread, pending: pending.toSorted() };
}

/** Who has started once and was not ended, as the newest roster says. */
export async function activeMembers(
  authority: Authority,
): Promise<{ h: number; members: readonly RosterMember[] }> {
  const roster = valueOrThrow(await authority.currentRoster());
  const { body } = valueOrThrow(decodeRoster(roster.record));
  return { h: roster.h, members: body.members.filter((member) => member.state === 'active') };
}

/** The value, or the fault as the exception that the error handler answers. */
export function valueOrThrow<T>(result: Result<T, Fault>): T {
  if (result.ok) return result.value;
  throw new LsError(result.error);
}
