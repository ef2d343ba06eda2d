import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import { labelOf, type PathContext, type PathState } from './state.ts';

/** notBefore ≤ now ≤ notAfter, both inclusive, to the millisecond. Source: RFC 5280 §4.1.2.5, §6.1.3 (a)(2). */
export function checkValidity(
  certificate: Certificate,
  _state: PathState,
  { now }: Pick<PathContext, 'now'>,
): Fault | undefined {
  return checkValidityAt(certificate, now);
}

/** {@link checkValidity} for a caller that has already walked the path and only asks again later. */
export function checkValidityAt(certificate: Certificate, now: number): Fault | undefined {
  if (now < certificate.notBefore) {
    return fault(
      'LS_TRUST_NOT_YET_VALID',
      `${labelOf(certificate)} is ${certificate.notBefore - now} ms early`,
    );
  }
  if (now > certificate.notAfter) {
    return fault('LS_TRUST_EXPIRED', `${labelOf(certificate)} expired ${now - certificate.notAfter} ms ago`);
  }
  return undefined;
}
