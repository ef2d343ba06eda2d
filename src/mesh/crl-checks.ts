import { equalBytes, fault, type Fault, type NodeId, type Result } from '../std/index.ts';
import {
  finishCrlCheck,
  LARGE_CRL_BYTES,
  type BegunCheck,
  type CheckedCrl,
  type CrlFindings,
} from '../trust/index.ts';
import { parseCrlHeading } from '../x509/index.ts';
import type { NodeEvent, Token } from './events.ts';
import type { Outbox } from './outbox.ts';

/** CRLs of one source that wait for a large one before them: one of the root, a full one and a delta, and room. */
export const MAX_WAITING_CRLS_PER_SOURCE = 4;
/** CRLs of members that wait, from all of them together; those of the CA have their own room. */
export const MAX_WAITING_CRLS_OF_MEMBERS = 12;

/** Who delivered a CRL; undefined is the CA. */
type Source = NodeId | undefined;

/** What checks lead to. */
export interface CrlTaker {
  readonly begin: (der: Uint8Array) => Result<BegunCheck, Fault>;
  readonly take: (crl: Uint8Array | CheckedCrl, from: Source) => void;
  readonly refused: (reason: Fault, der: Uint8Array, from: Source) => void;
}

/**
 * Has large CRLs gone through outside of the core, one at a time, and takes each when that is done. What one source delivers is
 * taken in the order in which it came, so that a delta never overtakes its full CRL; the CA comes before members.
 * One that could not be checked is not taken.
 */
export class CrlChecks {
  readonly #out: Outbox;
  readonly #taker: CrlTaker;
  readonly #waiting = new Map<Source, Uint8Array[]>();
  #running: { readonly token: Token; readonly begun: BegunCheck; readonly from: Source } | undefined;

  constructor(out: Outbox, taker: CrlTaker) {
    this.#out = out;
    this.#taker = taker;
  }

  /** Takes the CRL now, or when it and those before it have been checked. */
  submit(der: Uint8Array, from: Source): void {
    const isBehind = this.#running !== undefined && (this.#running.from === from || this.#waiting.has(from));
    if (der.length <= LARGE_CRL_BYTES && !isBehind) {
      this.#taker.take(der, from);
      return;
    }
    this.#queue(der, from);
    this.#next();
  }

  /** Takes the answer to a check; an answer to nothing of ours is ignored. */
  answer({ token, findings }: Extract<NodeEvent, { readonly kind: 'crl-checked' }>): void {
    if (this.#running?.token !== token) return;
    const { begun, from } = this.#running;
    this.#running = undefined;
    this.#finish(begun, findings, from);
    this.#next();
  }

  #finish(begun: BegunCheck, findings: Result<CrlFindings, Fault>, from: Source): void {
    const checked = findings.ok ? finishCrlCheck(begun, findings.value) : findings;
    if (checked.ok) this.#taker.take(checked.value, from);
    else this.#taker.refused(checked.error, begun.check.der, from);
  }

  #queue(der: Uint8Array, from: Source): void {
    // A newer one of the same issuer and kind says all that the one before it said.
    const kept = (this.#waiting.get(from) ?? []).filter((other) => !isSameKind(other, der));
    const ofMembers = [...this.#waiting].reduce(
      (sum, [of, { length }]) => (of === undefined ? sum : sum + length),
      0,
    );
    const isFull = from !== undefined && ofMembers >= MAX_WAITING_CRLS_OF_MEMBERS;
    if (isFull || kept.length >= MAX_WAITING_CRLS_PER_SOURCE) {
      const detail = `${kept.length} CRLs of one source, ${ofMembers} of all members wait for a check`;
      this.#taker.refused(fault('LS_CRL_CHECK_BUSY', detail), der, from);
      return;
    }
    this.#waiting.set(from, [...kept, der]);
  }

  /** Goes on until a check is under way or nothing waits. */
  #next(): void {
    while (this.#running === undefined) {
      const from = this.#waiting.has(undefined) ? undefined : this.#waiting.keys().next().value;
      const [der, ...rest] = this.#waiting.get(from) ?? [];
      // Deleted and set again, it comes after all other members.
      this.#waiting.delete(from);
      if (der === undefined) return;
      if (rest.length > 0) this.#waiting.set(from, rest);
      this.#start(der, from);
    }
  }

  #start(der: Uint8Array, from: Source): void {
    if (der.length <= LARGE_CRL_BYTES) {
      this.#taker.take(der, from);
      return;
    }
    const begun = this.#taker.begin(der);
    if (!begun.ok) {
      this.#taker.refused(begun.error, der, from);
      return;
    }
    const token = this.#out.token();
    this.#running = { token, begun: begun.value, from };
    this.#out.emit({ kind: 'check-crl', token, check: begun.value.check });
  }
}

function isSameKind(a: Uint8Array, b: Uint8Array): boolean {
  const [one, other] = [parseCrlHeading(a), parseCrlHeading(b)];
  if (!one.ok || !other.ok) return false;
  const isDelta = (heading: typeof one): boolean => heading.value.extensions.deltaCrlIndicator !== undefined;
  return equalBytes(one.value.issuer, other.value.issuer) && isDelta(one) === isDelta(other);
}
