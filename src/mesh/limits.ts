/** Renewals within one epoch; the next one has to come with a new epoch. */
export const MAX_KEY_CHANGES_PER_EPOCH = 16;
/** Successor statements a node shows: a peer that has been away for longer than these needs the operator. */
export const MAX_OWN_SUCCESSION = 16;
