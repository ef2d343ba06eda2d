import { describe, expect, it } from 'vitest';
import { describeFinding, shrink, tryMany, tryOne, type Finding } from '../support/ca-model/run.ts';
import {
  losingCommits,
  stubbornResponder,
  withReads,
  withWrites,
  type Sabotage,
} from '../support/ca-model/sabotage.ts';

/** Schedules run by `npm test`; `npm run soak -- schedules` runs 10,000. */
const SCHEDULES = 40;
const FIRST_SEED = 20_000;
const TIME_LIMIT_MS = 120_000;
/** A planted bug has to be found among so many schedules. */
const MAX_SEEDS = 80;

/** Does it every `nth` time. */
function everyNth(nth: number): () => boolean {
  let count = 0;
  return () => ++count % nth === 0;
}

const doesNothing = (): Promise<void> => Promise.resolve();
const isDropped = everyNth(4);
const isForgotten = everyNth(9);

const PLANTED: readonly (readonly [string, Sabotage, RegExp])[] = [
  [
    'a revocation row that is lost',
    withWrites((tx) => ({
      insertRevocation: (row) =>
        row.reason === 'certificateHold' ? tx.insertRevocation(row) : doesNothing(),
    })),
    /"good".*expected "revoked"/,
  ],
  [
    'a CRL that is forgotten, and its number given to the next',
    withWrites((tx) => ({ insertCrl: (row) => (isDropped() ? doesNothing() : tx.insertCrl(row)) })),
    /CRL/,
  ],
  [
    'a release that changes nothing',
    withWrites(() => ({ deleteRevocation: doesNothing })),
    /"held", expected "good"|UNIQUE/,
  ],
  [
    'a release of which no record is kept',
    withWrites(() => ({ insertRelease: doesNothing })),
    /LS_CRL_OMITS_ENTRY|"held", expected "good"/,
  ],
  [
    'a token that can be spent twice',
    withWrites(() => ({ spendToken: () => Promise.resolve(true) })),
    /redemption|redeemed for|once more|the token|other key/,
  ],
  [
    'tokens that outlive the identity of their name',
    withWrites(() => ({ voidTokens: doesNothing })),
    /redemption .*LS_IDENTITY_|LS_NAME_TAKEN/,
  ],
  [
    'a ledger row that is missing',
    withWrites((tx) => ({
      appendLedger: (bodies) => tx.appendLedger(isForgotten() ? bodies.slice(1) : bodies),
    })),
    /what the audit finds: .*LS_AUDIT_/,
  ],
  ['a commit that is answered and lost', losingCommits(11), /./],
  [
    'an older certificate of a node that is overlooked',
    withReads((tx) => ({
      certificates: async (query) => {
        const rows = await tx.certificates(query);
        return query.nodeId === undefined ? rows : rows.slice(0, 1);
      },
    })),
    /the certificates that|"good", expected/,
  ],
  [
    'a member whose end is not written down',
    withWrites(() => ({ endNode: doesNothing })),
    /UNIQUE|on the roster|LS_|what the audit finds/,
  ],
  ['an OCSP responder that does not hear of revocations', stubbornResponder(), /OCSP/],
  [
    'a restored CA that nobody tells of what was revoked meanwhile',
    { restoresWithoutCrls: true },
    /LS_CRL_OMITS_ENTRY|expected "(revoked|held)"/,
  ],
];

async function firstFinding(sabotage: Sabotage): Promise<Finding | undefined> {
  for (let seed = 0; seed < MAX_SEEDS; seed++) {
    const finding = await tryOne({ seed, sabotage });
    if (finding !== undefined) return finding;
  }
  return undefined;
}

describe('any schedule of enrolling, renewing, revoking, holding, publishing, dying and restoring', () => {
  it(
    'keeps every promise of the CA',
    async () => {
      await tryMany(FIRST_SEED, SCHEDULES);
    },
    TIME_LIMIT_MS,
  );
});

describe('the model of the CA', () => {
  it.each(PLANTED)(
    'finds %s',
    async (_what, sabotage, expected) => {
      const finding = await firstFinding(sabotage);
      expect(finding?.what).toMatch(expected);
    },
    TIME_LIMIT_MS,
  );

  it(
    'says under which schedule it was found, shortened, and the same again for the same seed',
    async () => {
      const sabotage = withWrites(() => ({ spendToken: () => Promise.resolve(true) }));
      const finding = await firstFinding(sabotage);
      if (finding === undefined) throw new Error('nothing was found');
      const options = { seed: finding.seed, sabotage };
      const [one, other] = [await shrink(finding, options), await shrink(finding, options)];
      expect(other.schedule).toEqual(one.schedule);
      expect(one.schedule.length).toBeLessThan(finding.schedule.length);
      const lines = describeFinding(one).split('\n');
      expect(lines[0]).toMatch(new RegExp(`^seed ${finding.seed}: `));
      expect(lines.at(-1)).toMatch(/^ {2}\d+\. \S/);
    },
    TIME_LIMIT_MS,
  );
});
