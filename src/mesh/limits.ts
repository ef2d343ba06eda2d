/** Renewals within one epoch; the next one has to come with a new epoch. */
export const MAX_KEY_CHANGES_PER_EPOCH = 16;
