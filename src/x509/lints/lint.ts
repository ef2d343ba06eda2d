import type { Certificate } from '../certificate.ts';
import type { Issuer } from '../issuance/request.ts';
import type { Profile } from '../profiles/profile.ts';

/** What one rule looks at. `issuer` is undefined when only the certificate is at hand. */
export interface LintTarget {
  readonly profile: Profile;
  readonly certificate: Certificate;
  readonly issuer: Issuer | 'self' | undefined;
}

/** One rule of the house: what is wrong, or undefined. */
export interface Lint {
  readonly rule: string;
  readonly check: (target: LintTarget) => string | undefined;
}

export interface LintFinding {
  readonly rule: string;
  readonly detail: string;
}
