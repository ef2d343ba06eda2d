import { afterAll, describe, expect, it } from 'vitest';
import { MAX_SIGNATURE_CHECKS } from '../../src/x509/index.ts';
import { pkitsCases, type PkitsCase } from '../support/pkits/cases.ts';
import { judgeAsDeployed, judgePathAlone, NO_SUCH_INPUT, type PkitsVerdict } from '../support/pkits/judge.ts';
import { publishedPkits, rekeyedPkits } from '../support/pkits/rekey.ts';
import { textTable } from '../support/table.ts';

/** What came out for a family: right verdicts, and how many valid paths were refused by which code. */
interface Outcome {
  readonly accepted: number;
  readonly refused: number;
  readonly onPurpose: Readonly<Record<string, number>>;
}

const outcome = (accepted: number, refused: number, onPurpose: Outcome['onPurpose'] = {}): Outcome => ({
  accepted,
  refused,
  onPurpose,
});

/** As a lifesign relying party judges: path of at most three certificates, CRLs, freshness. */
const DEPLOYED: Readonly<Record<string, Outcome>> = {
  '01SignatureVerification': outcome(1, 3, { LS_TRUST_ALGORITHM: 2 }),
  '02ValidityPeriods': outcome(2, 5, { LS_DER_TIME: 1 }),
  '03VerifyingNameChaining': outcome(4, 2, { LS_TRUST_UNKNOWN_ISSUER: 5 }),
  '04BasicCertificateRevocationTests': outcome(5, 15, { LS_TRUST_NO_REVOCATION: 1 }),
  '05VerifyingPathswithSelfIssuedCertificates': outcome(1, 4, { LS_TRUST_NO_REVOCATION: 3 }),
  '06VerifyingBasicConstraints': outcome(3, 10, { LS_TRUST_CHAIN_LENGTH: 3, LS_TRUST_NO_REVOCATION: 1 }),
  '07KeyUsage': outcome(1, 4),
  '08CertificatePolicies': outcome(6, 12, {
    [NO_SUCH_INPUT]: 4,
    LS_TRUST_CHAIN_LENGTH: 2,
    LS_TRUST_CRITICAL_EXTENSION: 11,
  }),
  '09RequireExplicitPolicy': outcome(0, 4, { LS_TRUST_CHAIN_LENGTH: 3, LS_TRUST_CRITICAL_EXTENSION: 1 }),
  '10PolicyMappings': outcome(0, 12, { LS_TRUST_CHAIN_LENGTH: 1, LS_TRUST_CRITICAL_EXTENSION: 10 }),
  '11InhibitPolicyMapping': outcome(0, 8, { LS_TRUST_CHAIN_LENGTH: 2, LS_TRUST_CRITICAL_EXTENSION: 1 }),
  '12InhibitAnyPolicy': outcome(0, 7, { LS_TRUST_CHAIN_LENGTH: 2, LS_TRUST_CRITICAL_EXTENSION: 2 }),
  '13NameConstraints': outcome(4, 22, { LS_TRUST_CONSTRAINT: 12 }),
  '14DistributionPoints': outcome(2, 20, { LS_TRUST_NO_REVOCATION: 13 }),
  '15DeltaCRLs': outcome(3, 6, { LS_TRUST_HELD: 1 }),
  '16PrivateCertificateExtensions': outcome(1, 1),
};

/** The paths too long for us, by the rules alone. Status of none of them matters to its verdict. */
const LONG_PATHS: Readonly<Record<string, Outcome>> = {
  '06VerifyingBasicConstraints': outcome(3, 5),
  '08CertificatePolicies': outcome(0, 4, { LS_TRUST_CRITICAL_EXTENSION: 2 }),
  '09RequireExplicitPolicy': outcome(0, 4, { LS_TRUST_CRITICAL_EXTENSION: 3 }),
  '10PolicyMappings': outcome(0, 2, { LS_TRUST_CRITICAL_EXTENSION: 1 }),
  '11InhibitPolicyMapping': outcome(0, 7, { LS_TRUST_CRITICAL_EXTENSION: 2 }),
  '12InhibitAnyPolicy': outcome(0, 3, { LS_TRUST_CRITICAL_EXTENSION: 2 }),
};

/** Why we refuse valid paths, by family and code; every one that occurs must be here. */
const REASONS: Readonly<Record<string, string>> = {
  '01 LS_TRUST_ALGORITHM': 'DSA is not among our algorithms',
  '02 LS_DER_TIME': 'a date before 2050 as GeneralizedTime is not DER that RFC 5280 §4.1.2.5 lets a CA write',
  '03 LS_TRUST_UNKNOWN_ISSUER':
    'names are compared byte by byte, without folding case, spaces or string types',
  '04 LS_TRUST_NO_REVOCATION': 'a CA signs CRLs with the key it signs certificates with',
  '05 LS_TRUST_NO_REVOCATION': 'a CRL covers what its own key signed, not what an older key of the CA did',
  '06 LS_TRUST_CHAIN_LENGTH': 'a path is at most node, issuing CA and cross-signed root below the anchor',
  '06 LS_TRUST_NO_REVOCATION': 'a CRL covers what its own key signed, not what an older key of the CA did',
  [`08 ${NO_SUCH_INPUT}`]: 'policies are not processed, so nobody can ask for one',
  '08 LS_TRUST_CHAIN_LENGTH': 'as in 06',
  '08 LS_TRUST_CRITICAL_EXTENSION':
    'policies are not processed, so certificates that demand them are refused',
  '09 LS_TRUST_CHAIN_LENGTH': 'as in 06',
  '09 LS_TRUST_CRITICAL_EXTENSION': 'as in 08',
  '10 LS_TRUST_CHAIN_LENGTH': 'as in 06',
  '10 LS_TRUST_CRITICAL_EXTENSION': 'as in 08',
  '11 LS_TRUST_CHAIN_LENGTH': 'as in 06',
  '11 LS_TRUST_CRITICAL_EXTENSION': 'as in 08',
  '12 LS_TRUST_CHAIN_LENGTH': 'as in 06',
  '12 LS_TRUST_CRITICAL_EXTENSION': 'as in 08',
  '13 LS_TRUST_CONSTRAINT': 'constraints on directory and e-mail names are refused, for our names are others',
  '14 LS_TRUST_NO_REVOCATION':
    'CRLs that are indirect, partial or named relative to their issuer make nobody good',
  '15 LS_TRUST_HELD': 'a hold is released by a release record, not by a delta CRL alone',
};

/** One CRL offered costs at most the path of its issuer and its own signature; no case offers more than 40. */
const MAX_CHECKS_A_CASE = 40 * (MAX_SIGNATURE_CHECKS + 1);

const cases = pkitsCases();
const rekeyed = rekeyedPkits();
const deployed = cases.map((test) => [test, judgeAsDeployed(rekeyed, test)] as const);
const longPaths = cases
  .filter(({ certs }) => certs.length > 4)
  .map((test) => [test, judgePathAlone(rekeyed, test)] as const);

describe('PKITS, re-keyed to P-256,', () => {
  it('has all of its 249 cases', () => {
    expect(cases).toHaveLength(249);
    expect(cases.filter(({ shouldValidate }) => shouldValidate)).toHaveLength(114);
  });

  it('has no path accepted that must not be', () => {
    expect(falseAccepts(deployed)).toEqual([]);
    expect(falseAccepts(longPaths)).toEqual([]);
  });

  it('comes out as recorded, family by family', () => {
    expect(outcomes(deployed)).toEqual(DEPLOYED);
  });

  it('has its long paths judged by the rules as recorded, were they not too long', () => {
    expect(longPaths).toHaveLength(38);
    expect(outcomes(longPaths)).toEqual(LONG_PATHS);
  });

  it('is refused on purpose only for reasons that are written down, and every reason is met', () => {
    const met = deployed.flatMap(([test, { code }]) =>
      test.shouldValidate && code !== undefined ? [`${test.family.slice(0, 2)} ${code}`] : [],
    );
    expect([...new Set(met)].sort()).toEqual(Object.keys(REASONS).sort());
  });

  it('never makes us check more signatures than the budgets say', () => {
    expect(Math.max(...longPaths.map(([, verdict]) => verdict.signatureChecks))).toBeLessThanOrEqual(
      MAX_SIGNATURE_CHECKS,
    );
    const most = Math.max(...deployed.map(([, verdict]) => verdict.signatureChecks));
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(MAX_CHECKS_A_CASE);
  });
});

describe('PKITS as published', () => {
  it('is refused whole, before any signature is looked at: RSA and DSA are not among our algorithms', () => {
    const published = publishedPkits();
    const verdicts = cases.map((test) => judgeAsDeployed(published, test));
    expect([...new Set(verdicts.map(({ code }) => code))].sort()).toEqual([
      'LS_TRUST_ALGORITHM',
      NO_SUCH_INPUT,
    ]);
    expect(verdicts.every(({ signatureChecks }) => signatureChecks === 0)).toBe(true);
  });
});

afterAll(() => {
  const long = longPaths.length;
  console.log(
    `PKITS, as deployed\n${report(deployed)}\n\nPKITS, the ${long} paths too long for us, rules alone\n${report(longPaths)}`,
  );
});

type Judged = readonly (readonly [PkitsCase, PkitsVerdict])[];

function falseAccepts(judged: Judged): readonly string[] {
  return judged.flatMap(([test, { code }]) =>
    !test.shouldValidate && code === undefined ? [`${test.family} ${test.name}`] : [],
  );
}

function outcomes(judged: Judged): Readonly<Record<string, Outcome>> {
  const families = [...new Set(judged.map(([{ family }]) => family))];
  return Object.fromEntries(
    families.map((family) => [family, outcomeOf(judged.filter(([test]) => test.family === family))]),
  );
}

function outcomeOf(judged: Judged): Outcome {
  const onPurpose: Record<string, number> = {};
  for (const [test, { code }] of judged) {
    if (test.shouldValidate && code !== undefined) onPurpose[code] = (onPurpose[code] ?? 0) + 1;
  }
  const count = (valid: boolean, accepted: boolean): number =>
    judged.filter(([test, { code }]) => test.shouldValidate === valid && (code === undefined) === accepted)
      .length;
  return { accepted: count(true, true), refused: count(false, false), onPurpose };
}

function report(judged: Judged): string {
  const rows = Object.entries(outcomes(judged)).flatMap(([family, { accepted, refused, onPurpose }]) => {
    const tests = judged.filter(([test]) => test.family === family);
    const wrong = falseAccepts(tests).length;
    const purposes = Object.entries(onPurpose).map(([code, count]) => [
      count,
      code,
      REASONS[`${family.slice(0, 2)} ${code}`] ?? 'NOT WRITTEN DOWN',
    ]);
    const [first = [0], ...further] = purposes;
    return [
      [family, tests.length, accepted, refused, wrong, ...first],
      ...further.map((more) => ['', '', '', '', '', ...more]),
    ];
  });
  return textTable([
    [
      'family',
      'tests',
      'accepted right',
      'refused right',
      'false accepts',
      'refused on purpose',
      'by',
      'why',
    ],
    ...rows,
  ]);
}
