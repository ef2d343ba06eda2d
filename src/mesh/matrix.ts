import { countsAsAlive, type MemberState } from '../membership/index.ts';
import type { NodeId, NodeName } from '../std/index.ts';
import type { Core } from './core.ts';
import type { Reachability } from './reachability.ts';
import { isTerminal, type StatusBoard } from './status-board.ts';

/** What is known of one observer and one of those that it observes. `unknown`: one of the two does not count. */
export type EdgeState = 'heard' | 'silent' | 'unknown';

/** Who observes whom, and who hears whom, as this node has been told. */
export interface Matrix {
  readonly rosterNumber: number;
  /** Active ones, by name. */
  readonly members: readonly {
    readonly name: NodeName;
    readonly nodeId: NodeId;
    readonly state: MemberState;
    readonly alive: boolean;
    /** Names of its observers, and what each says. */
    readonly observers: readonly {
      readonly name: NodeName;
      readonly hears: EdgeState;
      readonly silentForMs: number | null;
    }[];
  }[];
  /** Pairs of which one does not hear the other, though both are alive: parts of the mesh are cut off from each other. */
  readonly silentEdges: number;
}

/** Reads the core for people and programs. Changes nothing. */
export function matrixOf(core: Core, board: StatusBoard, reachability: Reachability): Matrix {
  const { own, table, now } = core;
  const silent = new Map(
    reachability.silentEdges().map(({ observer, subject, since }) => [`${observer} ${subject}`, since]),
  );
  const stateOf = (nodeId: NodeId): MemberState =>
    nodeId === own.nodeId ? 'alive' : board.verdict(nodeId).state;
  const hears = (observer: NodeId, subject: NodeId): EdgeState => {
    if (silent.has(`${observer} ${subject}`)) return 'silent';
    const isKnown = countsAsAlive(stateOf(observer)) && !isTerminal(stateOf(subject));
    return isKnown && stateOf(subject) !== 'unknown' ? 'heard' : 'unknown';
  };
  const members = (table.roster?.members ?? []).filter((member) => member.state === 'active');
  const names = new Map(members.map(({ nodeId, name }) => [nodeId, name]));
  return {
    rosterNumber: table.roster?.number ?? 0,
    members: members
      .map(({ nodeId, name }) => ({
        name,
        nodeId,
        state: stateOf(nodeId),
        alive: countsAsAlive(stateOf(nodeId)),
        observers: table.observersOf(nodeId).flatMap((observer) => {
          const observerName = names.get(observer);
          const since = silent.get(`${observer} ${nodeId}`);
          const silentForMs = since === undefined ? null : now.mono - since;
          return observerName === undefined
            ? []
            : [{ name: observerName, hears: hears(observer, nodeId), silentForMs }];
        }),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    silentEdges: silent.size,
  };
}
