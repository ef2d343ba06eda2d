import { describe, expect, it } from 'vitest';
import {
  countsAsAlive,
  decideState,
  MEMBER_STATES,
  type MemberEvidence,
} from '../../../src/membership/index.ts';

const heard: MemberEvidence = {
  roster: 'active',
  certificate: 'good',
  left: false,
  down: false,
  accusations: 0,
  hearing: 'fresh',
  recovering: false,
  inquorate: false,
  viewStale: false,
};

const everything: MemberEvidence = {
  roster: 'revoked',
  certificate: 'revoked',
  left: true,
  down: true,
  accusations: 3,
  hearing: 'silent',
  recovering: true,
  inquorate: true,
  viewStale: true,
};

describe('the precedence function', () => {
  it('calls a member alive only when everything about it is good', () => {
    expect(decideState(heard)).toEqual({ state: 'alive', reason: 'heard' });
  });

  it.each([
    ['revoked', 'identity-revoked', everything],
    ['revoked', 'certificate-revoked', { ...everything, roster: 'active' }],
    ['revoked', 'certificate-held', { ...everything, roster: 'active', certificate: 'held' }],
    ['expired', 'certificate-expired', { ...everything, roster: 'removed', certificate: 'expired' }],
    ['removed', 'removed-by-ca', { ...everything, roster: 'removed', certificate: 'good' }],
    ['left', 'left', { ...everything, roster: 'active', certificate: 'good' }],
    ['down', 'down-certificate', { ...everything, roster: 'active', certificate: 'good', left: false }],
  ] as const)('lets %s (%s) hide everything weaker', (state, reason, evidence) => {
    expect(decideState(evidence)).toEqual({ state, reason });
  });

  it.each([
    ['not-active', { roster: 'enrolled' }],
    ['stale-revocation', { certificate: 'stale-revocation' }],
    ['never-heard', { certificate: 'none' }],
    ['certificate-invalid', { certificate: 'invalid' }],
    ['never-heard', { hearing: 'never' }],
    ['never-heard', { hearing: 'never', accusations: 1 }],
    ['recovering', { recovering: true }],
    ['recovering', { recovering: true, accusations: 1 }],
    ['inquorate', { hearing: 'silent', inquorate: true }],
    ['inquorate', { hearing: 'by-others', inquorate: true, viewStale: true }],
    ['view-stale', { hearing: 'by-others', viewStale: true }],
    ['view-stale', { hearing: 'by-others', viewStale: true, accusations: 1 }],
  ] as const)('says unknown (%s) when something is missing: %o', (reason, missing) => {
    expect(decideState({ ...heard, ...missing })).toEqual({ state: 'unknown', reason });
  });

  it('goes by the word of observers only while its view is fresh', () => {
    expect(decideState({ ...heard, hearing: 'by-others' })).toEqual({
      state: 'alive',
      reason: 'vouched-for',
    });
    expect(decideState({ ...heard, viewStale: true })).toEqual({ state: 'alive', reason: 'heard' });
  });

  it.each([
    ['accused', { hearing: 'by-others', accusations: 1 }],
    ['accused', { accusations: 1 }],
    ['silent', { hearing: 'silent' }],
    ['accused', { hearing: 'silent', accusations: 2 }],
  ] as const)('suspects (%s) without ceasing to count: %o', (reason, doubt) => {
    const verdict = decideState({ ...heard, ...doubt });
    expect(verdict).toEqual({ state: 'suspect', reason });
    expect(countsAsAlive(verdict.state)).toBe(true);
  });

  it('never calls anyone alive over any combination of evidence that names a fault', () => {
    for (const roster of ['enrolled', 'active', 'revoked', 'removed'] as const)
      for (const certificate of [
        'none',
        'good',
        'revoked',
        'held',
        'expired',
        'stale-revocation',
        'invalid',
      ] as const)
        for (const hearing of ['never', 'fresh', 'silent', 'by-others'] as const)
          for (let bits = 0; bits < 32; bits++) {
            const evidence = {
              roster,
              certificate,
              hearing,
              left: (bits & 1) !== 0,
              down: (bits & 2) !== 0,
              recovering: (bits & 4) !== 0,
              inquorate: (bits & 8) !== 0,
              viewStale: (bits & 16) !== 0,
              accusations: 0,
            };
            const blind = hearing === 'by-others' && (bits & 24) !== 0;
            const sound =
              roster === 'active' &&
              certificate === 'good' &&
              hearing !== 'never' &&
              (bits & 7) === 0 &&
              !blind;
            const { state } = decideState(evidence);
            if (!sound) expect(countsAsAlive(state), JSON.stringify(evidence)).toBe(false);
          }
  });

  it('counts exactly alive and suspect as alive', () => {
    expect(MEMBER_STATES.filter((state) => countsAsAlive(state))).toEqual(['suspect', 'alive']);
  });
});
