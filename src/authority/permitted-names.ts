import { fault, type Fault } from '../std/index.ts';
import type { Certificate } from '../x509/index.ts';
import type { GrantedNames } from './names.ts';

/**
 * LS_SAN_NOT_PERMITTED for a DNS name outside the issuing CA's name constraints. Addresses are all permitted.
 * Source: RFC 5280 §4.2.1.10.
 */
export function checkPermitted(issuing: Certificate, names: GrantedNames): Fault | undefined {
  const permitted = (issuing.extensions.nameConstraints?.value.permitted ?? []).flatMap((base) =>
    base.kind === 'dns' ? [base.value.toLowerCase()] : [],
  );
  if (permitted.length === 0) return undefined;
  const forbidden = names.dns.find((name) => !permitted.some((base) => isWithin(name, base)));
  return forbidden === undefined
    ? undefined
    : fault('LS_SAN_NOT_PERMITTED', `${forbidden} is not under ${permitted.join(' or ')}`);
}

/** Labels are added on the left only; the base itself is within. */
function isWithin(name: string, base: string): boolean {
  return name === base || name.endsWith(`.${base}`);
}
