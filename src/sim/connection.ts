import type { ConnectionId } from '../mesh/index.ts';
import type { SimNode } from './node.ts';

/** What travels: bytes, then one end. */
export type Item = Uint8Array | 'end';

/** One end of a connection. What a cut network holds back waits at the end that wrote it. */
export class ConnectionEnd {
  readonly id: ConnectionId;
  readonly owner: SimNode;
  open = true;
  /** When the last thing written will have arrived: nothing overtakes it. */
  clearAt = 0;
  held: Item[] = [];
  heldSince = 0;
  #other: ConnectionEnd | undefined;

  private constructor(id: ConnectionId, owner: SimNode) {
    this.id = id;
    this.owner = owner;
  }

  static pair(
    firstId: ConnectionId,
    first: SimNode,
    secondId: ConnectionId,
    second: SimNode,
  ): readonly [ConnectionEnd, ConnectionEnd] {
    const ends = [new ConnectionEnd(firstId, first), new ConnectionEnd(secondId, second)] as const;
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  get other(): ConnectionEnd {
    return this.#other ?? this;
  }
}
