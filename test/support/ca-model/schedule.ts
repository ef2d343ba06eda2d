import { REVOCATION_REASONS, type RevocationReason } from '../../../src/authority/index.ts';
import { SeededDice } from '../fuzz/mutate.ts';

export const NAMES = ['a', 'b'] as const;
export type Name = (typeof NAMES)[number];

/** What an administrator or a node asks of the CA. */
export type Request =
  | { readonly kind: 'token'; readonly name: Name; readonly replace: boolean }
  | { readonly kind: 'redeem' | 'redeem-again' | 'respend' | 'reenroll' | 'activate'; readonly name: Name }
  | { readonly kind: 'release'; readonly name: Name }
  | { readonly kind: 'remove'; readonly name: Name }
  | { readonly kind: 'hold'; readonly name: Name; readonly reason: 'certificateHold' }
  | { readonly kind: 'revoke'; readonly name: Name; readonly reason: RevocationReason }
  | {
      readonly kind: 'revoke-serial';
      readonly name: Name;
      readonly oldest: boolean;
      readonly reason: RevocationReason;
    }
  | { readonly kind: 'publish' | 'operator' };

/** The replica that serves a request dies at this point of its work; somebody asks the other one again, or nobody does. */
export interface Death {
  readonly point: number;
  readonly isAskedAgain: boolean;
}

export type Step =
  | { readonly kind: 'request'; readonly request: Request; readonly death?: Death }
  /** Two keys redeem one token at the same moment, at one replica each. */
  | { readonly kind: 'race'; readonly name: Name }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'switch' | 'restart' | 'follow' | 'follow-full' | 'restart-party' | 'backup' }
  /** `back`: how many backups ago. */
  | { readonly kind: 'restore'; readonly back: number };

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const MAX_STEPS = 40;
const MIN_STEPS = 8;
const MAX_DEATH_POINT = 14;

/** One schedule of the CA's life, the same for the same seed. */
export function scheduleOf(seed: number): readonly Step[] {
  const dice = new SeededDice(Math.imul(seed + 1, 0x9e3779b1));
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) dice.below(2);
  const steps = dice.below(8) === 0 ? [] : NAMES.flatMap((name) => enrollment(dice, name));
  const length = MIN_STEPS + dice.below(MAX_STEPS - MIN_STEPS);
  while (steps.length < length) steps.push(...someSteps(dice));
  return steps;
}

function someSteps(dice: SeededDice): readonly Step[] {
  const roll = dice.below(100);
  if (roll < 6) return enrollment(dice, dice.pick(NAMES));
  if (roll < 72) return [mortal(dice, anyRequest(dice))];
  if (roll < 74) return [tokenFor(dice, dice.pick(NAMES)), { kind: 'race', name: dice.pick(NAMES) }];
  if (roll < 82) return [{ kind: 'wait', ms: aWait(dice) }];
  if (roll < 86) return [{ kind: 'switch' }];
  if (roll < 87) return [{ kind: 'restart' }];
  if (roll < 93) return [{ kind: dice.pick(['follow', 'follow-full', 'restart-party']) }];
  if (roll < 97) return [{ kind: 'backup' }];
  return [{ kind: 'restore', back: dice.below(4) === 0 ? 1 : 0 }];
}

function enrollment(dice: SeededDice, name: Name): readonly Step[] {
  return [tokenFor(dice, name), mortal(dice, { kind: 'redeem', name })];
}

function tokenFor(dice: SeededDice, name: Name): Step {
  return mortal(dice, { kind: 'token', name, replace: dice.below(2) === 0 });
}

function mortal(dice: SeededDice, request: Request): Step {
  if (dice.below(6) > 0) return { kind: 'request', request };
  const death = { point: 1 + dice.below(MAX_DEATH_POINT), isAskedAgain: dice.below(2) === 0 };
  return { kind: 'request', request, death };
}

function anyRequest(dice: SeededDice): Request {
  const name = dice.pick(NAMES);
  const roll = dice.below(36);
  if (roll < 4) return { kind: 'token', name, replace: dice.below(2) === 0 };
  if (roll < 8) return { kind: 'redeem', name };
  if (roll < 15) return { kind: 'reenroll', name };
  if (roll < 18) return { kind: 'activate', name };
  if (roll < 20) return { kind: dice.pick(['redeem-again', 'respend']), name };
  if (roll < 24) return { kind: 'hold', name, reason: 'certificateHold' };
  if (roll < 28) return { kind: 'release', name };
  if (roll < 30) return { kind: 'revoke', name, reason: aReason(dice) };
  if (roll < 32) return { kind: 'revoke-serial', name, oldest: dice.below(2) === 0, reason: aReason(dice) };
  if (roll < 33) return { kind: 'remove', name };
  return { kind: roll < 35 ? 'publish' : 'operator' };
}

function aReason(dice: SeededDice): RevocationReason {
  return REVOCATION_REASONS[dice.below(REVOCATION_REASONS.length)] ?? 'unspecified';
}

/** Mostly seconds, at times hours, and now and then backwards. */
function aWait(dice: SeededDice): number {
  const roll = dice.below(8);
  if (roll === 0) return -(1 + dice.below(36)) * HOUR_MS;
  if (roll < 4) return (1 + dice.below(96)) * HOUR_MS;
  return dice.below(90 * SECOND_MS);
}

export function describeStep(step: Step): string {
  const { kind, ...rest } = step.kind === 'request' ? { ...step.request, death: step.death } : step;
  const said = Object.entries(rest).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [`${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`],
  );
  return [kind, ...said].join(' ');
}
