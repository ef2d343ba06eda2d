import {
  err,
  fault,
  ok,
  type Brand,
  type CryptoPort,
  type Fault,
  type Result,
  type UnixMs,
} from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import { anchorsFor, withoutAnchor } from './anchors.ts';
import { WorkBudget } from './budget.ts';
import { checkKeyId, checkNameChaining } from './chaining.ts';
import { checkCriticalExtensions, checkNoPolicyDemanded } from './critical.ts';
import { checkIsCa, checkMaySignCertificates, checkPathLength, intermediatesBelow } from './issuing.ts';
import {
  checkConstraintForms,
  checkIntermediateNames,
  checkNameConstraints,
  checkOnlyCaConstrains,
} from './name-constraints.ts';
import { checkSignature } from './signature.ts';
import type { PathContext, PathRule, PathState } from './state.ts';
import { checkValidity } from './validity.ts';
import { checkVersion } from './version.ts';

/**
 * Certificates in a path, the anchor not counted: end entity, issuing CA, and one more while a new root is
 * cross-signed by the old one.
 */
export const MAX_PATH_CERTIFICATES = 3;

export interface PathInput {
  /** The certificate to judge first, then each one's issuer. The anchor itself may stand at the end. */
  readonly chain: readonly Certificate[];
  /** The pinned roots, trusted for name, key and whatever limits they set themselves. */
  readonly anchors: readonly Certificate[];
  readonly now: UnixMs;
  readonly crypto: CryptoPort;
  /** Default: a fresh one with the named maxima. */
  readonly budget?: WorkBudget;
  /** Default: {@link MAX_PATH_CERTIFICATES}. */
  readonly maxCertificates?: number;
}

/**
 * A chain in which every certificate was found good at one moment, revocation left out. Only
 * {@link validatePath} makes one.
 */
export type ValidatedPath = Brand<PathCertificates, 'ValidatedPath'>;

interface PathCertificates {
  readonly target: Certificate;
  /** Target first, each followed by its issuer, the anchor last. */
  readonly certificates: readonly [Certificate, Certificate, ...Certificate[]];
  readonly anchor: Certificate;
}

/**
 * The narrow path validation: exactly the chain given, bottom to top, ending at a pinned root; nothing is
 * searched for. It never looks at revocation, names of hosts or extended key usages: `trust` does.
 *
 * The anchor must be valid and allowed to issue like any other CA, and its own limits count.
 *
 * Errors: LS_TRUST_CHAIN_LENGTH, _UNKNOWN_ISSUER, _VERSION, _KEY_ID, _ALGORITHM, _SIGNATURE, _BUDGET,
 * _NOT_YET_VALID, _EXPIRED, _CRITICAL_EXTENSION, _CONSTRAINT, _NOT_A_CA, _KEY_USAGE, _PATH_LENGTH.
 * Source: RFC 5280 §6.1.
 */
export function validatePath(input: PathInput): Result<ValidatedPath, Fault> {
  const certificates = withoutAnchor(input.chain, input.anchors);
  const [target] = certificates;
  const topmost = certificates.at(-1);
  const longest = input.maxCertificates ?? MAX_PATH_CERTIFICATES;
  if (target === undefined || topmost === undefined || certificates.length > longest) {
    return err(
      fault('LS_TRUST_CHAIN_LENGTH', `${certificates.length} certificates; 1 to ${longest} make a path`),
    );
  }
  const anchors = anchorsFor(topmost, input.anchors);
  if (!anchors.ok) return anchors;

  const context = { now: input.now, crypto: input.crypto, budget: input.budget ?? new WorkBudget() };
  let refusal: Fault | undefined;
  for (const anchor of anchors.value) {
    refusal = walkDown(anchor, certificates, context);
    if (refusal === undefined) return ok(validated(target, certificates.slice(1), anchor));
  }
  return err(refusal ?? fault('LS_TRUST_UNKNOWN_ISSUER', 'no pinned root'));
}

/** Every certificate, whoever it belongs to. Signature before content: a forged date is no news. Source: RFC 5280 §6.1.3. */
const certificateRules: readonly PathRule[] = [
  checkVersion,
  checkNameChaining,
  checkKeyId,
  checkSignature,
  checkValidity,
  checkCriticalExtensions,
  checkNoPolicyDemanded,
];

/** The certificate the path is for. Source: RFC 5280 §6.1.5. */
const targetRules: readonly PathRule[] = [checkNameConstraints, checkOnlyCaConstrains, checkConstraintForms];

/** A certificate between anchor and target. Source: RFC 5280 §6.1.3 (b), (c), §6.1.4. */
const intermediateRules: readonly PathRule[] = [
  checkIntermediateNames,
  checkIsCa,
  checkMaySignCertificates,
  checkPathLength,
  checkConstraintForms,
];

/**
 * The pinned root as an issuer. Its signature is not asked for: being pinned replaces it. Its version is not
 * either: it was picked by its key identifier, which only version 3 has.
 */
const anchorRules: readonly PathRule[] = [
  checkValidity,
  checkCriticalExtensions,
  checkNoPolicyDemanded,
  checkIsCa,
  checkMaySignCertificates,
  checkConstraintForms,
];

function walkDown(
  anchor: Certificate,
  certificates: readonly Certificate[],
  context: PathContext,
): Fault | undefined {
  const atAnchor: PathState = { issuer: anchor, intermediatesLeft: Infinity, constraints: [] };
  const refusedAnchor = firstRefusal(anchorRules, anchor, atAnchor, context);
  if (refusedAnchor !== undefined) return refusedAnchor;

  let state = initialState(anchor);
  for (const [distance, certificate] of [...certificates.entries()].reverse()) {
    const roleRules = distance === 0 ? targetRules : intermediateRules;
    const refusal =
      firstRefusal(certificateRules, certificate, state, context) ??
      firstRefusal(roleRules, certificate, state, context);
    if (refusal !== undefined) return refusal;
    state = stateBelow(certificate, state);
  }
  return undefined;
}

function firstRefusal(
  rules: readonly PathRule[],
  certificate: Certificate,
  state: PathState,
  context: PathContext,
): Fault | undefined {
  for (const rule of rules) {
    const refusal = rule(certificate, state, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Source: RFC 5280 §6.1.2; the limits that the anchor's own certificate sets are taken over (RFC 5937 §2). */
function initialState(anchor: Certificate): PathState {
  const { basicConstraints, nameConstraints } = anchor.extensions;
  return {
    issuer: anchor,
    intermediatesLeft: basicConstraints?.value.pathLen ?? Infinity,
    constraints: nameConstraints === undefined ? [] : [nameConstraints.value],
  };
}

/** Source: RFC 5280 §6.1.4 (a) to (m). */
function stateBelow(certificate: Certificate, state: PathState): PathState {
  const { nameConstraints } = certificate.extensions;
  return {
    issuer: certificate,
    intermediatesLeft: intermediatesBelow(certificate, state),
    constraints:
      nameConstraints === undefined ? state.constraints : [...state.constraints, nameConstraints.value],
  };
}

function validated(
  target: Certificate,
  intermediates: readonly Certificate[],
  anchor: Certificate,
): ValidatedPath {
  const issuers: readonly Certificate[] = [...intermediates, anchor];
  const [issuer = anchor, ...above] = issuers;
  const path: PathCertificates = { target, certificates: [target, issuer, ...above], anchor };
  return path as ValidatedPath;
}
