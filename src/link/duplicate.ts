import type { NodeId } from '../std/index.ts';

export type LinkRole = 'dialer' | 'listener';

/**
 * Which of two live links of one pair is kept. Both sides come to the same answer without talking: the link that
 * the node with the lower id dialled, or, when one side dialled both, the second one (it would not have dialled
 * again had it not lost the first).
 *
 * `first` and `second` are the roles of `own` in the two links, older first.
 */
export function chooseDuplicate(
  own: NodeId,
  peer: NodeId,
  first: LinkRole,
  second: LinkRole,
): 'first' | 'second' {
  if (first === second) return 'second';
  const kept: LinkRole = own < peer ? 'dialer' : 'listener';
  return first === kept ? 'first' : 'second';
}
