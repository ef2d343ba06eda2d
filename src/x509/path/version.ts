import { fault, type Fault } from '../../std/index.ts';
import type { Certificate } from '../certificate.ts';
import { labelOf } from './state.ts';

/** Only version 3 carries the extensions that every other rule here needs. Source: RFC 5280 §4.1.2.1, §6.1.4 (k). */
export function checkVersion(certificate: Certificate): Fault | undefined {
  if (certificate.version === 3) return undefined;
  return fault('LS_TRUST_VERSION', `${labelOf(certificate)} has version ${certificate.version}`);
}
