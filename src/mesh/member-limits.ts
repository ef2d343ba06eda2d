import type { MonoMs, NodeId } from '../std/index.ts';
import { LINK_MESSAGES_BURST, LINK_MESSAGES_PER_SECOND } from './link.ts';
import { TokenBucket } from './token-bucket.ts';

/** Messages that one member may deliver at once over all its links: a link that is full and the one after it. */
export const MEMBER_MESSAGES_BURST = 2 * LINK_MESSAGES_BURST;
/** Members whose messages are counted: more than a roster can have. Beyond it the oldest starts anew. */
export const MAX_LIMITED_MEMBERS = 16_384;

/**
 * What each member has delivered lately, whichever link it came by: else one that is cut for a flood would come back
 * with nothing counted, and a member that dials without pause could flood without end.
 */
export class MemberLimits {
  readonly #buckets = new Map<NodeId, TokenBucket>();

  get size(): number {
    return this.#buckets.size;
  }

  /** Counts one message; false when the member has sent more than it may. */
  take(nodeId: NodeId, now: MonoMs): boolean {
    const known = this.#buckets.get(nodeId);
    if (known !== undefined) return known.take(now);
    if (this.#buckets.size >= MAX_LIMITED_MEMBERS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    const bucket = new TokenBucket(LINK_MESSAGES_PER_SECOND, MEMBER_MESSAGES_BURST, now);
    this.#buckets.set(nodeId, bucket);
    return bucket.take(now);
  }
}
