/** What a node can see of its roster. */
export interface RosterSight {
  /** Active, unrevoked members, ourselves included. */
  readonly members: number;
  /** Members other than ourselves that are down, accused without rebuttal, or silent to our own ears. */
  readonly lost: number;
}

/**
 * True when what we lost covers at least half of the roster: then it may be we who are cut off, so we sign no
 * accusations and conclude no DOWN. Two nodes can therefore never declare each other down.
 *
 * Source: DESIGN "Quorum".
 */
export function isInquorate({ members, lost }: RosterSight): boolean {
  return lost > 0 && 2 * lost >= members;
}
