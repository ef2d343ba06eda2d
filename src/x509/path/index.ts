export { MAX_NAME_COMPARISONS, MAX_SIGNATURE_CHECKS, WorkBudget, type WorkLimits } from './budget.ts';
export { pointsAt } from './chaining.ts';
export { checkCriticalExtensions } from './critical.ts';
export { hostLabels } from './host-name.ts';
export { checkIsCa, checkMaySignCertificates, checkMaySignCrls } from './issuing.ts';
export { usesAlgorithmOf } from './signature.ts';
export { checkValidityAt } from './validity.ts';
export { MAX_PATH_CERTIFICATES, validatePath, type PathInput, type ValidatedPath } from './validate.ts';
