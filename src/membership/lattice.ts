/** States of a member, strongest first: a stronger one hides a weaker one. Source: DESIGN "States". */
export const MEMBER_STATES = [
  'revoked',
  'expired',
  'removed',
  'left',
  'down',
  'suspect',
  'alive',
  'unknown',
] as const;

export type MemberState = (typeof MEMBER_STATES)[number];

/** Why a member is in its state: stable words that scripts may compare. */
export type StateReason =
  | 'identity-revoked'
  | 'certificate-revoked'
  | 'certificate-held'
  | 'certificate-expired'
  | 'removed-by-ca'
  | 'left'
  | 'down-certificate'
  | 'accused'
  | 'silent'
  | 'heard'
  | 'vouched-for'
  | 'never-heard'
  | 'not-active'
  | 'recovering'
  | 'inquorate'
  | 'view-stale'
  | 'stale-revocation'
  | 'certificate-invalid';

/** Everything that is known of one member for its present epoch. All of it verified before it gets here. */
export interface MemberEvidence {
  readonly roster: 'enrolled' | 'active' | 'revoked' | 'removed';
  /** The verdict on the certificate it signs with; `none` before its epoch-start is held. */
  readonly certificate: 'none' | 'good' | 'revoked' | 'held' | 'expired' | 'stale-revocation' | 'invalid';
  readonly left: boolean;
  readonly down: boolean;
  /** Unrebutted accusations by entitled observers for this epoch. */
  readonly accusations: number;
  /**
   * What our own ears say: never heard in this epoch, heard in time, or silent past the deadline. `by-others`: it is not
   * ours to observe, and its observers would have accused it.
   */
  readonly hearing: 'never' | 'fresh' | 'silent' | 'by-others';
  /** It was down and has come back with a new epoch, but not yet for long enough. */
  readonly recovering: boolean;
  /** We ourselves see too little of the roster to judge anyone we do not hear. */
  readonly inquorate: boolean;
  /** Too few neighbours have lately agreed with our view: an accusation may have passed us by. */
  readonly viewStale: boolean;
}

export interface StateVerdict {
  readonly state: MemberState;
  readonly reason: StateReason;
}

/**
 * The one precedence function: REVOKED > EXPIRED > REMOVED > LEFT > DOWN > SUSPECT > ALIVE > UNKNOWN.
 * Anything that is not positively known to be good is `unknown`, never `alive`.
 */
export function decideState(evidence: MemberEvidence): StateVerdict {
  return terminalState(evidence) ?? livingState(evidence);
}

function terminalState(evidence: MemberEvidence): StateVerdict | undefined {
  if (evidence.roster === 'revoked') return { state: 'revoked', reason: 'identity-revoked' };
  if (evidence.certificate === 'revoked') return { state: 'revoked', reason: 'certificate-revoked' };
  if (evidence.certificate === 'held') return { state: 'revoked', reason: 'certificate-held' };
  if (evidence.certificate === 'expired') return { state: 'expired', reason: 'certificate-expired' };
  if (evidence.roster === 'removed') return { state: 'removed', reason: 'removed-by-ca' };
  if (evidence.left) return { state: 'left', reason: 'left' };
  if (evidence.down) return { state: 'down', reason: 'down-certificate' };
  return undefined;
}

function livingState(evidence: MemberEvidence): StateVerdict {
  if (evidence.roster === 'enrolled') return { state: 'unknown', reason: 'not-active' };
  switch (evidence.certificate) {
    case 'stale-revocation':
      return { state: 'unknown', reason: 'stale-revocation' };
    case 'none':
      return { state: 'unknown', reason: 'never-heard' };
    case 'good':
      return heardState(evidence);
    // The stronger verdicts were decided above; naming them keeps the switch exhaustive.
    case 'invalid':
    case 'revoked':
    case 'held':
    case 'expired':
      return { state: 'unknown', reason: 'certificate-invalid' };
  }
}

function heardState(evidence: MemberEvidence): StateVerdict {
  const isUnheard = evidence.hearing === 'silent' || evidence.hearing === 'by-others';
  if (evidence.hearing === 'never') return { state: 'unknown', reason: 'never-heard' };
  if (isUnheard && evidence.inquorate) return { state: 'unknown', reason: 'inquorate' };
  if (evidence.hearing === 'by-others' && evidence.viewStale)
    return { state: 'unknown', reason: 'view-stale' };
  if (evidence.recovering) return { state: 'unknown', reason: 'recovering' };
  if (evidence.accusations > 0) return { state: 'suspect', reason: 'accused' };
  if (evidence.hearing === 'silent') return { state: 'suspect', reason: 'silent' };
  return { state: 'alive', reason: evidence.hearing === 'fresh' ? 'heard' : 'vouched-for' };
}

/** SUSPECT still counts as alive for every consumer: one bad observer must not be able to drain anyone. */
export function countsAsAlive(state: MemberState): boolean {
  return state === 'alive' || state === 'suspect';
}
