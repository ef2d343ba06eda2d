import type { FaultKind } from './kind.ts';

const refused = (advice: string): FaultKind & { readonly exit: 3 } => ({
  cause: 'misconfiguration',
  stateChanged: false,
  exit: 3,
  http: 409,
  advice,
});

/** One issuing CA after another. */
export const rolloverFaults = {
  LS_ROLLOVER_NOT_EMPTY: refused(
    'wait until what it has issued has expired, or revoke that one by one; `lifesign pki rollover status` says until when',
  ),
  LS_ROLLOVER_NOT_PREPARED: refused('prepare the next issuing CA first: `lifesign pki rollover prepare`'),
  LS_ROLLOVER_ROOT_ABSENT: refused(
    'have the root do its part where its key is, then bring what it has signed with `lifesign pki import`',
  ),
  LS_ROLLOVER_PENDING: refused(
    'go on with the CA that is prepared already: see `lifesign pki rollover status`, `… rollover root status`',
  ),
  LS_ROLLOVER_NOT_ADOPTED: refused(
    'wait for the nodes that are named, or start them; --force goes on without them',
  ),
  LS_ROLLOVER_LIMIT: refused(
    'retire an issuing CA below which nothing is left first (`lifesign pki rollover status`); of roots there are no more',
  ),
  LS_ROLLOVER_STATE: refused('see `lifesign pki rollover status` for where each issuing CA stands'),
} as const satisfies Record<string, FaultKind>;
