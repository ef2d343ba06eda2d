/** Signature checks one judgement may spend: a full chain, its CRL issuer's, and two anchors of equal name each. */
export const MAX_SIGNATURE_CHECKS = 8;
/** Comparisons of one name with one constraint that a judgement may spend; ours need under a hundred. */
export const MAX_NAME_COMPARISONS = 100_000;

export interface WorkLimits {
  readonly signatureChecks: number;
  readonly nameComparisons: number;
}

/**
 * The work a judgement may still do. Paths come from strangers, so what they can make us compute is bounded by
 * count, not by hope. One budget may be shared by several calls; it only ever shrinks.
 */
export class WorkBudget {
  #signatureChecks: number;
  #nameComparisons: number;

  constructor(limits?: Partial<WorkLimits>) {
    this.#signatureChecks = limits?.signatureChecks ?? MAX_SIGNATURE_CHECKS;
    this.#nameComparisons = limits?.nameComparisons ?? MAX_NAME_COMPARISONS;
  }

  /** Takes one signature check; false when none is left. */
  takeSignatureCheck(): boolean {
    this.#signatureChecks -= 1;
    return this.#signatureChecks >= 0;
  }

  /** Takes `count` name comparisons; false when fewer were left. */
  takeNameComparisons(count: number): boolean {
    this.#nameComparisons -= count;
    return this.#nameComparisons >= 0;
  }
}
