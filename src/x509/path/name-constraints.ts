import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import type { NameConstraints } from '../extensions.ts';
import type { GeneralName, NameConstraintBase } from '../general-name.ts';
import type { WorkBudget } from './budget.ts';
import { formOfConstraint, matchSubtree } from './name-forms.ts';
import { isSelfIssued, labelOf, type PathContext, type PathState } from './state.ts';

/**
 * Every name of the certificate is inside the permitted and outside the excluded subtrees of every CA above it.
 * A self-issued intermediate is exempt; the target never is. What cannot be judged is refused.
 * Source: RFC 5280 §6.1.3 (b), (c).
 */
export function checkNameConstraints(
  certificate: Certificate,
  { constraints }: PathState,
  { budget }: Pick<PathContext, 'budget'>,
): Fault | undefined {
  const names = certificate.extensions.subjectAltName?.value ?? [];
  for (const name of names) {
    for (const constraint of constraints) {
      const refusal = refusalOf(name, constraint, budget);
      if (refusal === 'budget') return fault('LS_TRUST_BUDGET', `too many names in ${labelOf(certificate)}`);
      if (refusal !== undefined) {
        return fault('LS_TRUST_CONSTRAINT', `a ${name.kind} name of ${labelOf(certificate)} is ${refusal}`);
      }
    }
  }
  return undefined;
}

/** {@link checkNameConstraints} for an intermediate. Source: RFC 5280 §6.1.3 (b), first sentence. */
export function checkIntermediateNames(
  certificate: Certificate,
  state: PathState,
  context: Pick<PathContext, 'budget'>,
): Fault | undefined {
  return isSelfIssued(certificate) ? undefined : checkNameConstraints(certificate, state, context);
}

/**
 * Refuses constraints of forms that are not processed, since ignoring them would widen what the CA may certify.
 * Source: RFC 5280 §4.2.1.10 ("MUST either process the constraint or reject the certificate").
 */
export function checkConstraintForms(certificate: Certificate): Fault | undefined {
  const constraints = certificate.extensions.nameConstraints?.value;
  if (constraints === undefined) return undefined;
  const unknown = [...constraints.permitted, ...constraints.excluded].find(
    (base) => formOfConstraint(base) === undefined,
  );
  if (unknown === undefined) return undefined;
  return fault('LS_TRUST_CONSTRAINT', `${labelOf(certificate)} constrains ${unknown.kind} names`);
}

/** Name constraints belong in CA certificates only. Source: RFC 5280 §4.2.1.10. */
export function checkOnlyCaConstrains(certificate: Certificate): Fault | undefined {
  const { nameConstraints, basicConstraints } = certificate.extensions;
  if (nameConstraints === undefined || basicConstraints?.value.ca === true) return undefined;
  return fault('LS_TRUST_CONSTRAINT', `${labelOf(certificate)} is no CA and carries nameConstraints`);
}

type Refusal = 'budget' | 'not permitted' | 'excluded' | 'not comparable with a constraint';

function refusalOf(name: GeneralName, constraints: NameConstraints, budget: WorkBudget): Refusal | undefined {
  const sameForm = (base: NameConstraintBase): boolean => formOfConstraint(base) === name.kind;
  const permitted = constraints.permitted.filter(sameForm);
  const excluded = constraints.excluded.filter(sameForm);
  const compared = constraints.permitted.length + constraints.excluded.length;
  if (!budget.takeNameComparisons(compared)) return 'budget';

  const permits = permitted.map((base) => matchSubtree(name, base));
  const excludes = excluded.map((base) => matchSubtree(name, base));
  if (permits.includes('unsure') || excludes.includes('unsure')) return 'not comparable with a constraint';
  if (excludes.includes('inside')) return 'excluded';
  if (permitted.length > 0 && !permits.includes('inside')) return 'not permitted';
  return undefined;
}
