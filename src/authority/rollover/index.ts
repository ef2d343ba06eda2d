import { activateIssuing } from './activate.ts';
import type { Rollover } from './interface.ts';
import { listIssuing } from './list.ts';
import { prepareIssuing } from './prepare.ts';
import { retireIssuing } from './retire.ts';
import { revokeIssuing } from './revoke-issuing.ts';
import { listRoots, prepareRoot } from './root.ts';
import type { AuthorityBase } from '../standing.ts';

export function rolloverOf(base: AuthorityBase): Rollover {
  return {
    list: (now) => listIssuing(base, now),
    prepare: (request, now) => prepareIssuing(base, request, now),
    activate: (generation, now, renewWithinMs) => activateIssuing(base, generation, now, renewWithinMs),
    retire: (generation, now) => retireIssuing(base, generation, now),
    revokeIssuing: (generation, now) => revokeIssuing(base, generation, now),
    roots: () => listRoots(base),
    prepareRoot: (request, now) => prepareRoot(base, request, now),
  };
}
