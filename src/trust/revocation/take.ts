import { equalBytes, err, fault, ok, type Fault, type Result } from '../../std/index.ts';
import type { CertificateList } from '../../x509/index.ts';
import { sameScope } from './coverage.ts';
import {
  checkDeltaKeepsAll,
  checkFullKeepsAll,
  checkNothingNew,
  releasedByDelta,
  type RetentionRule,
} from './continuity.ts';
import { tooLarge, type ProfiledCrl } from './crl-form.ts';
import type { HeldLists } from './state.ts';

/**
 * What is held after a verified CRL; the very `held` when the CRL says nothing new.
 * Requires: the number of `crl` is not below that of `held`.
 * Errors: LS_CRL_CONFLICT, LS_CRL_OMITS_ENTRY, LS_CRL_RELEASE, LS_CRL_DELTA_BASE, LS_CRL_SCOPE, LS_CRL_TOO_LARGE.
 */
export function takeCrl(
  held: HeldLists | undefined,
  crl: ProfiledCrl,
  retention: RetentionRule,
): Result<HeldLists, Fault> {
  return crl.baseNumber === undefined
    ? takeFull(held, crl, retention)
    : takeDelta(held, crl, crl.baseNumber, retention);
}

const NONE: ReadonlySet<string> = new Set();

/** A full CRL replaces all that was held. */
function takeFull(
  held: HeldLists | undefined,
  crl: ProfiledCrl,
  retention: RetentionRule,
): Result<HeldLists, Fault> {
  const next = {
    full: crl.list,
    fullNumber: crl.crlNumber,
    delta: undefined,
    released: NONE,
    ...datesOf(crl),
  };
  if (held === undefined) return ok(next);
  if (crl.crlNumber === held.fullNumber) return sameOrConflict(held, held.full, crl.list);
  const omitted = checkFullKeepsAll(held, crl.list, retention);
  if (omitted !== undefined) return err(omitted);
  const contradiction = crl.crlNumber === held.crlNumber ? checkNothingNew(held, crl.list) : undefined;
  return contradiction === undefined ? ok(next) : err(contradiction);
}

/** A delta stands on the full CRL held and replaces the delta held. Source: RFC 5280 §5.2.4, §6.3.3 (c). */
function takeDelta(
  held: HeldLists | undefined,
  crl: ProfiledCrl,
  baseNumber: number,
  retention: RetentionRule,
): Result<HeldLists, Fault> {
  if (held === undefined) return err(fault('LS_CRL_DELTA_BASE', 'no full CRL of this issuer is held'));
  if (baseNumber > held.fullNumber || baseNumber >= crl.crlNumber) {
    const detail = `delta ${crl.crlNumber} stands on ${baseNumber}; full CRL ${held.fullNumber} is held`;
    return err(fault('LS_CRL_DELTA_BASE', detail));
  }
  const refusal = checkSameScope(held, crl.list) ?? tooLarge(held.full.entries.size + crl.list.entries.size);
  if (refusal !== undefined) return err(refusal);
  if (crl.crlNumber === held.crlNumber && held.delta !== undefined) {
    return sameOrConflict(held, held.delta, crl.list);
  }
  const omitted = checkDeltaKeepsAll(held, crl.list, retention);
  if (omitted !== undefined) return err(omitted);
  if (crl.crlNumber === held.crlNumber) {
    const contradiction = checkNothingNew(held, crl.list);
    return contradiction === undefined ? ok(held) : err(contradiction);
  }
  const released = releasedByDelta(held.full, crl.list, retention.releases);
  return ok({ ...held, delta: crl.list, released, ...datesOf(crl) });
}

/** One number names one set of signed bytes; only the signature over them may have been made twice. */
function sameOrConflict(
  held: HeldLists,
  known: CertificateList,
  list: CertificateList,
): Result<HeldLists, Fault> {
  if (equalBytes(known.tbs, list.tbs)) return ok(held);
  return err(fault('LS_CRL_CONFLICT', `number ${held.crlNumber} was given to two different CRLs`));
}

function checkSameScope(held: HeldLists, list: CertificateList): Fault | undefined {
  if (sameScope(held.full, list)) return undefined;
  return fault('LS_CRL_SCOPE', 'the delta CRL has another scope than the full CRL it stands on');
}

function datesOf({
  crlNumber,
  list,
  nextUpdate,
}: ProfiledCrl): Pick<HeldLists, 'crlNumber' | 'thisUpdate' | 'nextUpdate'> {
  return { crlNumber, thisUpdate: list.thisUpdate, nextUpdate };
}
